"""One checkpoint of a run -> the text of a baseline file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import PurePath
from typing import Any

from chateval.codec import digest
from chateval.compare.aggregate import SampleMean, SampleMeans, sample_means
from chateval.compare.pick import pick
from chateval.compare.targets import digest_in
from chateval.findings import Finding, TemplateReport
from chateval.records import Run, Sample

KEY = "chateval_baseline"
"""The first key of the file; its value is the number of the format."""
FORMAT = 2
CHECKSUM = "checksum"
_DIGITS = 16
"""Of the checksum."""
_KEPT = ("format", "python", "platform", "libraries", "limit", "n_demos", "system", "overflow", "notes")
"""What is kept of a manifest, beside the checkpoint's own entry."""


def baseline_text(run: Run, checkpoint: str, *, accepted: date, note: str = "") -> str:
    """Return the text of a baseline file: a line for each sample, sorted, so that a diff shows what moved."""
    one = pick(run, {checkpoint: checkpoint})
    [summary] = one.checkpoints
    head = {
        KEY: FORMAT,
        "accepted": accepted.isoformat(),
        "note": note,
        "run": run.name,
        "harness": run.harness,
        "checkpoint": asdict(replace(summary, template=_brief(summary.template))),
        "tasks": [asdict(task) for task in run.tasks],
        "audits": [asdict(found) for found in one.audits],
        "figures": [asdict(found) for found in one.figures],
        "noise": [asdict(found) for found in one.noise],
        "manifest": _brief_manifest(one.manifest),
    }
    text = json.dumps(head, indent=1, ensure_ascii=True, allow_nan=False)
    body = f'{text.removesuffix("}").rstrip()},\n "values": {{\n{_values_text(one)}\n }}'
    return f'{body},\n "{CHECKSUM}": "{checksum(json.loads(body + "}"))}"\n}}\n'


def checksum(content: Mapping[str, Any]) -> str:
    """Return the checksum of all else in a file: of its JSON in one spelling, so that blanks do not count."""
    return digest({key: value for key, value in content.items() if key != CHECKSUM})[:_DIGITS]


def _values_text(run: Run) -> str:
    means = sample_means(run.scores)
    parts = []
    for task in run.tasks:
        columns: dict[str, SampleMeans] = {
            scorer: means.get((run.baseline, task.name, scorer), {}) for scorer in task.scorers
        }
        ids = sorted({sample_id for column in columns.values() for sample_id in column})
        samples = run.samples.get(task.name, {})
        lines = [
            _line(
                sample_id,
                (column.get(sample_id) for column in columns.values()),
                digest_in(run, task.name, samples[sample_id]) if sample_id in samples else "",
            )
            for sample_id in ids
        ]
        rows = "{\n" + ",\n".join(lines) + "\n   }" if lines else "{}"
        clusters = _dump(_clusters(samples, ids))
        parts.append(
            f"  {_dump(task.name)}: {{\n"
            f'   "scorers": {_dump(list(task.scorers))},\n'
            f'   "clusters": {clusters},\n'
            f'   "samples": {rows}\n'
            "  }"
        )
    return ",\n".join(parts)


def _line(sample_id: str, means: Iterable[SampleMean], wanted: str) -> str:
    """Return the line of a sample: its values, and last the digest of what it wants, where that is known."""
    row: list[Any] = [_short(found) for found in means]
    return f"    {_dump(sample_id)}: {_dump([*row, wanted] if wanted else row)}"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _short(found: SampleMean) -> float | int | list[float] | None:
    """Return a value in its shortest exact spelling."""
    if found is None:
        return None
    value, weight = found
    short = int(value) if value in (0, 1) else value
    return short if weight == 1 else [value, weight]


def _clusters(samples: Mapping[str, Sample], ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for sample_id in ids:
        sample = samples.get(sample_id)
        if sample is not None and sample.cluster is not None:
            found.setdefault(sample.cluster, []).append(sample_id)
    return dict(sorted(found.items()))


def _brief(report: TemplateReport | None) -> TemplateReport | None:
    """Return a template report without its evidence."""
    if report is None:
        return None
    findings = tuple(Finding(one.code, one.severity, one.message, found=one.found) for one in report.findings)
    return replace(report, findings=findings, notes=(), skipped=())


def _brief_manifest(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a comparison reads of a manifest: no folders of the machine that made the run."""
    kept = {key: manifest[key] for key in _KEPT if key in manifest}
    if entries := _mappings(manifest.get("checkpoints")):
        kept["checkpoints"] = [
            {key: _without_folders(value) for key, value in entry.items() if key != "template_report"}
            for entry in entries
        ]
    if entries := _mappings(manifest.get("tasks")):
        kept["tasks"] = [_without_folders(entry) for entry in entries]
    return kept


def _mappings(entries: Any) -> list[Mapping[str, Any]]:
    """Return a list as chateval writes it into a manifest; empty for what another harness put there."""
    is_own = isinstance(entries, list) and all(isinstance(entry, Mapping) for entry in entries)
    return entries if is_own else []


def _without_folders(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        key: PurePath(text).name if isinstance(text, str) and PurePath(text).is_absolute() else text
        for key, text in value.items()
    }

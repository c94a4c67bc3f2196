"""A baseline file <-> Run: one checkpoint of a run with its values and no texts, small enough for a repository."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from math import isfinite
from pathlib import Path, PurePath
from typing import Any

from chateval.codec import decode, read_text
from chateval.compare.aggregate import SampleMean, SampleMeans, sample_means
from chateval.compare.pick import pick
from chateval.errors import DataError
from chateval.findings import Finding, TemplateReport
from chateval.records import CheckpointSummary, Estimate, Figure, Run, Sample, Score, TaskSummary
from chateval.store.run import write_file

KEY = "chateval_baseline"
"""The first key of the file; its value is the number of the format."""
FORMAT = 1
_PEEKED = 64
"""Bytes in which the key stands."""
_KEPT = ("format", "python", "platform", "libraries", "limit", "n_demos", "system", "overflow", "notes")
"""What is kept of a manifest, beside the checkpoint's own entry."""

Value = float | None | tuple[float, float]
"""The mean over the repeats of a sample, in [0, 1]; None unscored; with its weight where that is not 1."""


@dataclass(frozen=True, slots=True)
class Values:
    """What the samples of one task are worth."""

    scorers: tuple[str, ...]
    samples: Mapping[str, tuple[Value, ...]]
    """Sample id -> its value for each scorer."""
    clusters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Cluster -> sample ids, where the task has clusters."""


@dataclass(frozen=True, slots=True)
class _File:
    """The whole file."""

    chateval_baseline: int
    accepted: str
    """Day on which it was accepted, as YYYY-MM-DD."""
    note: str
    run: str
    harness: str
    checkpoint: CheckpointSummary
    tasks: tuple[TaskSummary, ...]
    audits: tuple[Estimate, ...]
    figures: tuple[Figure, ...]
    manifest: Mapping[str, Any]
    values: Mapping[str, Values]


def is_baseline(path: Path) -> bool:
    """Return whether a path is a baseline file, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return f'"{KEY}"'.encode() in file.read(_PEEKED)


def write_baseline(path: Path, run: Run, checkpoint: str, *, accepted: date, note: str = "") -> None:
    """Write one checkpoint of a run as a baseline file; equal runs make equal files.

    Args:
        path: The file, replaced whole.
        run: Of any harness.
        checkpoint: Name of the checkpoint in the run.
        accepted: The day that is written into the file.
        note: Who accepted it, and why.

    Raises:
        GateError: If the run has no such checkpoint.
        StoreError: If it cannot be written.
    """
    write_file(path, baseline_text(run, checkpoint, accepted=accepted, note=note))


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
        "manifest": _brief_manifest(one.manifest),
    }
    text = json.dumps(head, indent=1, ensure_ascii=True, allow_nan=False)
    return f'{text.removesuffix("}").rstrip()},\n "values": {{\n{_values_text(one)}\n }}\n}}\n'


def _values_text(run: Run) -> str:
    means = sample_means(run.scores)
    parts = []
    for task in run.tasks:
        columns: dict[str, SampleMeans] = {
            scorer: means.get((run.baseline, task.name, scorer), {}) for scorer in task.scorers
        }
        ids = sorted({sample_id for column in columns.values() for sample_id in column})
        lines = [
            f"    {_dump(sample_id)}: {_dump([_short(column.get(sample_id)) for column in columns.values()])}"
            for sample_id in ids
        ]
        samples = "{\n" + ",\n".join(lines) + "\n   }" if lines else "{}"
        clusters = _dump(_clusters(run.samples.get(task.name, {}), ids))
        parts.append(
            f"  {_dump(task.name)}: {{\n"
            f'   "scorers": {_dump(list(task.scorers))},\n'
            f'   "clusters": {clusters},\n'
            f'   "samples": {samples}\n'
            "  }"
        )
    return ",\n".join(parts)


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


def read_baseline(path: Path) -> Run:
    """Read a baseline file as a run of one checkpoint; its samples have ids and clusters, and no texts.

    `manifest["baseline"]` has `accepted` and `note`.

    Raises:
        DataError: If it is not a baseline file, or one of a newer format.
    """
    text = read_text(path)
    found = decode(_File, text, where=str(path))
    if found.chateval_baseline != FORMAT:
        raise DataError(f"{path}: format {found.chateval_baseline}; this chateval reads {FORMAT}: accept it again")
    try:
        date.fromisoformat(found.accepted)
    except ValueError as error:
        raise DataError(f"{path}: accepted: {found.accepted!r} is not a day such as 2026-01-31") from error
    name = found.checkpoint.name
    return Run(
        name=path.stem,
        path=str(path),
        harness=found.harness,
        baseline=name,
        checkpoints=(found.checkpoint,),
        tasks=found.tasks,
        samples={task: dict(_samples(values)) for task, values in found.values.items()},
        scores=tuple(_scores(path, name, found.values)),
        manifest={**found.manifest, "baseline": {"accepted": found.accepted, "note": found.note, "run": found.run}},
        audits=found.audits,
        figures=found.figures,
    )


def _samples(values: Values) -> Iterator[tuple[str, Sample]]:
    clusters = {sample_id: cluster for cluster, ids in values.clusters.items() for sample_id in ids}
    for sample_id in values.samples:
        yield sample_id, Sample(sample_id, inputs={}, cluster=clusters.get(sample_id))


def _scores(path: Path, checkpoint: str, tasks: Mapping[str, Values]) -> Iterator[Score]:
    for task, values in tasks.items():
        for sample_id, row in values.samples.items():
            if len(row) != len(values.scorers):
                raise DataError(f"{path}: values.{task}.samples.{sample_id}: say {len(values.scorers)} values")
            for scorer, entry in zip(values.scorers, row, strict=True):
                value, weight = entry if isinstance(entry, tuple) else (entry, 1.0)
                if value is not None and not (0 <= value <= 1 and isfinite(weight) and weight >= 0):
                    raise DataError(f"{path}: values.{task}.samples.{sample_id}: {value:g} is not in [0, 1]")
                reason = "" if value is not None else "unscored when the baseline was accepted"
                yield Score(checkpoint, task, scorer, sample_id, value, reason=reason, weight=weight)

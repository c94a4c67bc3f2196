"""Where a run is shared to, and what of its report goes there: numbers by name, settings, tables, files."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from chateval.errors import ConfigError
from chateval.records import CheckpointSummary, Report, Run
from chateval.report import OUTPUTS, PAGE, write_page

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Destination:
    """What the user said of where the results go."""

    project: str = "chateval"
    out: Path | None = None
    """Folder that is written instead of the usual one."""
    name: str | None = None
    """Of the one line of results that all points go to; None is one for each checkpoint."""
    checkpoints: tuple[str, ...] = ()
    """Those that are shared; empty is all."""
    options: Mapping[str, str] = field(default_factory=dict)
    """For the tracker itself."""
    push: str | None = None
    """Hub id that the model card's results are uploaded to."""

    def option(self, name: str, default: str) -> str:
        """Return an option or its default."""
        return self.options.get(name, default)

    def check_options(self, *known: str) -> None:
        """Raise ConfigError if there is an option that the tracker does not have."""
        for name in self.options:
            if name not in known:
                raise ConfigError(f"--option {name}: not known here; known: {', '.join(sorted(known)) or 'none'}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is shared of one checkpoint."""

    name: str
    """What the tracker calls it."""
    checkpoint: str
    step: int
    """Optimizer step of the training; 0 where nothing says."""
    metrics: Mapping[str, float]
    config: Mapping[str, Value]


def entries(run: Run, report: Report, destination: Destination) -> list[Entry]:
    """Return what is shared of each chosen checkpoint, by step.

    Raises:
        ConfigError: If a checkpoint is not in the run, or two would be the same point under one name.
    """
    found = [
        Entry(
            name=destination.name or f"{run.name}/{checkpoint.name}",
            checkpoint=checkpoint.name,
            step=checkpoint.step or 0,
            metrics=metrics(report, checkpoint.name),
            config=config(run, report, checkpoint),
        )
        for checkpoint in chosen(report, destination.checkpoints)
    ]
    found.sort(key=lambda entry: entry.step)
    for one, two in pairwise(found):
        if one.name == two.name and one.step == two.step:
            raise ConfigError(
                f"--name {destination.name}: {one.checkpoint} and {two.checkpoint} are both at step {one.step}; "
                "name one of them with --checkpoint"
            )
    return found


def chosen(report: Report, names: tuple[str, ...]) -> list[CheckpointSummary]:
    """Return the checkpoints of these names, or all.

    Raises:
        ConfigError: If there is none of a name, or no model answered as one.
    """
    known = {checkpoint.name: checkpoint for checkpoint in report.checkpoints}
    for name in names:
        if name not in known:
            raise ConfigError(f"--checkpoint {name}: the run has {', '.join(known)}")
    found = [known[name] for name in names or known]
    if fake := [checkpoint.name for checkpoint in found if checkpoint.is_fake]:
        raise ConfigError(f"{fake[0]}: the fake engine answered, no model, so there is no result to share")
    return found


def metrics(report: Report, checkpoint: str) -> dict[str, float]:
    """Return all numbers of a checkpoint: means with interval and n, differences, audits, measures, the gate.

    A number that could not be had is absent; none is NaN.
    """
    found: dict[str, float | None] = {}
    for estimate in (*report.estimates, *report.audits):
        if estimate.checkpoint == checkpoint:
            place = f"{_task(estimate.task)}/{estimate.scorer}"
            found[place] = estimate.mean
            for name in ("low", "high", "n", "n_unscored"):
                found[f"{place}/{name}"] = getattr(estimate, name)
    for comparison in (*report.comparisons, *report.behaviour):
        if comparison.candidate == checkpoint:
            place = f"{_task(comparison.task)}/{comparison.scorer}/delta"
            found[place] = comparison.delta
            for name in ("low", "high", "p_adjusted", "q", "wins", "losses", "n_pairs"):
                found[f"{place}/{name}"] = getattr(comparison, name)
    for figure in report.figures:
        if figure.checkpoint == checkpoint:
            place = f"{figure.task}/{figure.measure}"
            found |= {place: figure.value, f"{place}/low": figure.low, f"{place}/high": figure.high}
    outcomes = [verdict.outcome for verdict in report.verdicts if verdict.checkpoint == checkpoint]
    for outcome in ("pass", "fail", "inconclusive") if outcomes else ():
        found[f"gate/{outcome}"] = outcomes.count(outcome)
    return {name: value for name, value in found.items() if value is not None}


def _task(name: str) -> str:
    """Return the name of a task; `*` stands for all of them in a report and is no name elsewhere."""
    return "prompts and answers" if name == "*" else name


_MANIFEST = ("python", "platform", "limit", "n_demos", "system", "overflow")
_CHECKPOINT = (
    "kind",
    "dtype",
    "step",
    "n_parameters",
    "weights_digest",
    "adapter_digest",
    "tokenizer_digest",
    "template_digest",
    "template_source",
)


def config(run: Run, report: Report, checkpoint: CheckpointSummary) -> dict[str, Value]:
    """Return what decided the numbers of a checkpoint, flat: versions, digests, settings of each task."""
    found: dict[str, Value] = {
        "run": run.name,
        "harness": run.harness,
        "checkpoint": checkpoint.name,
        "baseline": report.baseline,
        "template_verdict": checkpoint.template.verdict if checkpoint.template else "not checked",
    }
    found |= {name: getattr(checkpoint, name) for name in _CHECKPOINT}
    found |= {name: _scalar(run.manifest[name]) for name in _MANIFEST if name in run.manifest}
    libraries = run.manifest.get("libraries")
    if isinstance(libraries, Mapping):
        found |= {f"library/{name}": _scalar(version) for name, version in libraries.items()}
    for task in report.tasks:
        said: dict[str, Value] = {"n_samples": task.n_samples, "n_available": task.n_available, "digest": task.digest}
        if task.prompt_digest:  # otherwise another harness ran it, and the rest would be defaults of ours
            said |= {
                "version": task.version,
                "n_demos": task.n_demos,
                "max_new_tokens": task.decoding.max_new_tokens,
                "temperature": task.decoding.temperature,
                "prompt_digest": task.prompt_digest,
            }
        found |= {f"{task.name}/{name}": value for name, value in said.items()}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _scalar(value: Any) -> Value:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def tables(report: Report, checkpoint: str) -> dict[str, list[dict[str, Value]]]:
    """Return the comparisons, verdicts and flips of a checkpoint as rows; a table without rows is absent."""
    found = {
        "comparisons": [asdict(c) for c in report.comparisons if c.candidate == checkpoint],
        "verdicts": [asdict(v) for v in report.verdicts if v.checkpoint == checkpoint],
        "flips": [asdict(f) for f in report.flips if f.candidate == checkpoint],
    }
    return {name: rows for name, rows in found.items() if rows}


def write_files(run: Run, report: Report, folder: Path) -> list[Path]:
    """Write report.json, report.md and report.html into a folder and return their paths.

    The page of a run folder is taken as it is: it has the answers, which a report alone has not.
    """
    paths = []
    for name, output in OUTPUTS.items():
        paths.append(folder / name)
        paths[-1].write_text(output(report), encoding="utf-8")
    paths.append(folder / PAGE)
    page = Path(run.path) / PAGE
    if page.is_file():
        shutil.copyfile(page, paths[-1])
    else:
        write_page(paths[-1], report, [run])
    return paths

"""A baseline file <-> Run: one checkpoint of a run with its values and no texts, small enough for a repository."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

from chateval.codec import decode, parse_json, read_text
from chateval.errors import DataError
from chateval.records import CheckpointSummary, Estimate, Figure, Noise, Run, Sample, Score, TaskSummary
from chateval.store.baseline_text import FORMAT, KEY, baseline_text, checksum
from chateval.store.run import write_file

READ = (1, FORMAT)
"""Formats that are read; 1 had neither the targets' digests nor a checksum."""
_PEEKED = 64
"""Bytes in which the key stands."""

Value = float | None | tuple[float, float]
"""The mean over the repeats of a sample, in [0, 1]; None unscored; with its weight where that is not 1."""

Row = tuple[Value | str, ...]
"""The values of a sample, one for each scorer, and last the digest of its target and choices, if that is known."""


@dataclass(frozen=True, slots=True)
class Values:
    """What the samples of one task are worth."""

    scorers: tuple[str, ...]
    samples: Mapping[str, Row]
    """By id."""
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
    checksum: str = ""
    """Of all else, as JSON in its one spelling, so that blanks and line ends do not count."""
    noise: tuple[Noise, ...] = ()


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


def read_baseline(path: Path) -> Run:
    """Read a baseline file as a run of one checkpoint; its samples have ids and clusters, and no texts.

    `manifest["baseline"]` has `accepted` and `note`.

    Raises:
        DataError: If it is not a baseline file, one of a newer format, or not as it was written.
    """
    text = read_text(path)
    found = decode(_File, text, where=str(path))
    if found.chateval_baseline not in READ:
        raise DataError(f"{path}: format {found.chateval_baseline}; this chateval reads {FORMAT}: accept it again")
    try:
        date.fromisoformat(found.accepted)
    except ValueError as error:
        raise DataError(f"{path}: accepted: {found.accepted!r} is not a day such as 2026-01-31") from error
    _check_tasks(path, found)
    name = found.checkpoint.name
    run = Run(
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
        noise=found.noise,
        target_digests={
            task: {sample_id: _parts(row)[1] for sample_id, row in values.samples.items()}
            for task, values in found.values.items()
        },
    )
    if found.chateval_baseline != 1 and checksum(parse_json(text, where=str(path))) != found.checksum:
        raise DataError(f"{path}: not as it was written, but edited by hand: remove it and accept the run again")
    return run


def _check_tasks(path: Path, found: _File) -> None:
    """Raise DataError where the values are not those of the tasks, or where a task does not say what it asked."""
    if [task.name for task in found.tasks] != list(found.values):
        raise DataError(f"{path}: values: {', '.join(found.values)}; tasks: {', '.join(t.name for t in found.tasks)}")
    for task in found.tasks:
        scorers = found.values[task.name].scorers
        if scorers != task.scorers:
            raise DataError(f"{path}: values.{task.name}.scorers: {scorers}, but the task has {task.scorers}")
        if is_chateval(found.harness) and not says_what_it_asks(task):
            raise DataError(
                f"{path}: tasks: {task.name}: no digest of what is asked, or of a scorer: "
                "remove the file and accept the run again"
            )


def is_chateval(harness: str) -> bool:
    """Return whether a run was made by chateval, which always writes down what it asks."""
    return harness.split(" ")[0] == "chateval"


def says_what_it_asks(task: TaskSummary) -> bool:
    """Return whether a task has a digest of its prompts and of each scorer."""
    return bool(task.prompt_digest) and len(task.scorer_digests) == len(task.scorers) and all(task.scorer_digests)


def _parts(row: Row) -> tuple[tuple[Value | str, ...], str]:
    """Return the values of a row, and the digest of what its sample wants; empty where that is not known."""
    return (row[:-1], row[-1]) if row and isinstance(row[-1], str) else (row, "")


def _samples(values: Values) -> Iterator[tuple[str, Sample]]:
    clusters = {sample_id: cluster for cluster, ids in values.clusters.items() for sample_id in ids}
    for sample_id in values.samples:
        yield sample_id, Sample(sample_id, inputs={}, cluster=clusters.get(sample_id))


def _scores(path: Path, checkpoint: str, tasks: Mapping[str, Values]) -> Iterator[Score]:
    for task, values in tasks.items():
        for sample_id, row in values.samples.items():
            entries = [entry for entry in _parts(row)[0] if not isinstance(entry, str)]
            if len(entries) != len(values.scorers):
                raise DataError(f"{path}: values.{task}.samples.{sample_id}: say {len(values.scorers)} values")
            for scorer, entry in zip(values.scorers, entries, strict=True):
                value, weight = entry if isinstance(entry, tuple) else (entry, 1.0)
                if value is not None and not (0 <= value <= 1 and isfinite(weight) and weight >= 0):
                    raise DataError(f"{path}: values.{task}.samples.{sample_id}: {value:g} is not in [0, 1]")
                reason = "" if value is not None else "unscored when the baseline was accepted"
                yield Score(checkpoint, task, scorer, sample_id, value, reason=reason, weight=weight)

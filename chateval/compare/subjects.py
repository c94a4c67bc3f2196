"""The checkpoints of several runs under names of their own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chateval.errors import DataError
from chateval.records import CheckpointSummary, Run


@dataclass(frozen=True, slots=True)
class Subject:
    """A checkpoint of one of the runs."""

    name: str
    """Among all runs: its own, or `RUN/CHECKPOINT` where another run has one of that name."""
    place: int
    """Of its run among the runs."""
    run: Run
    summary: CheckpointSummary
    """As its run has it, under its own name."""


def find_subjects(runs: Sequence[Run]) -> list[Subject]:
    """Return the checkpoints of runs with names that differ, in their order, each under a name that no other one has.

    Where a later run has the very checkpoint that is the first run's baseline (equal digests, and equal scores as far
    as both have them, one having all that the other has) beside others, the two are shown once, as the one that has
    more scores.
    """
    found = [Subject(summary.name, 0, runs[0], summary) for summary in runs[0].checkpoints]
    home = next((i for i, subject in enumerate(found) if subject.summary.name == runs[0].baseline), None)
    for place, run in enumerate(runs[1:], start=1):
        for summary in run.checkpoints:
            subject = Subject(summary.name, place, run, summary)
            if home is not None and len(run.checkpoints) > 1 and (wider := _wider(found[home], subject)):
                found[home] = wider
            else:
                found.append(subject)
    counts = Counter(subject.name for subject in found)
    return [_qualified(subject) if counts[subject.name] > 1 else subject for subject in found]


def named_apart(runs: Sequence[Run]) -> list[Run]:
    """Return the runs with names that differ: the second `sft` is `sft#2`."""
    seen: Counter[str] = Counter()
    found = []
    for run in runs:
        seen[run.name] += 1
        found.append(run if seen[run.name] == 1 else replace(run, name=f"{run.name}#{seen[run.name]}"))
    return found


def find_baseline(subjects: Sequence[Subject], runs: Sequence[Run], wanted: str | None) -> Subject:
    """Return the subject that the others are compared with: the one named, or else the first run's baseline.

    Raises:
        DataError: If no subject has that name; the message lists those that exist.
    """
    for subject in subjects:
        if wanted in (subject.name, f"{subject.run.name}/{subject.summary.name}"):
            return subject
    if wanted is not None:
        raise DataError(f"baseline {wanted}: no such checkpoint; known: {', '.join(s.name for s in subjects)}")
    return next((s for s in subjects if s.summary.name == runs[0].baseline), subjects[0])


def _qualified(subject: Subject) -> Subject:
    return replace(subject, name=f"{subject.run.name}/{subject.name}")


def _wider(one: Subject, other: Subject) -> Subject | None:
    """Return the one of two equal checkpoints that has all scores of the other; None if they are not equal."""
    if one.summary.name != other.summary.name or not one.summary.weights_digest:
        return None
    if _identity(one.summary) != _identity(other.summary):
        return None
    mine, theirs = _values(one), _values(other)
    if theirs.items() <= mine.items():
        return one
    return other if mine.items() <= theirs.items() else None


def _identity(summary: CheckpointSummary) -> tuple[str | None, ...]:
    return (
        summary.weights_digest,
        summary.adapter_digest,
        summary.tokenizer_digest,
        summary.template_digest,
        summary.dtype,
        summary.engine if summary.is_fake else None,
    )


def _values(subject: Subject) -> Mapping[Any, Any]:
    tasks = {
        task.name: (task.prompt_digest, task.version, task.scorers, task.scorer_digests) for task in subject.run.tasks
    }
    return {
        (score.task, tasks.get(score.task), score.scorer, score.sample_id, score.repeat): (score.value, score.weight)
        for score in subject.run.scores
        if score.checkpoint == subject.summary.name
    }

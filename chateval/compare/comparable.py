"""Two runs -> what of them may not be compared, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from chateval.compare.match import Matched, said_in
from chateval.compare.subjects import Subject
from chateval.compare.textless import is_textless
from chateval.records import Decoding, Sample, TaskSummary

Refused = tuple[str, str, str]
"""(task, scorer or `*` for all of them, why)"""


def refuse(before: Subject, after: Subject, matched: Matched) -> list[Refused]:
    """Return what of the run of `after` may not be compared with that of `before`; nothing within one run."""
    if before.place == after.place:
        return []
    known = {task.name: task for task in before.run.tasks}
    found: list[Refused] = []
    for task in after.run.tasks:
        if task.name not in known:
            found.append((task.name, "*", f"run {before.run.name} does not have this task"))
        elif reasons := [*_asked_otherwise(known[task.name], task), *_unlike(before, after, task.name, matched)]:
            found.append((task.name, "*", "; ".join(reasons)))
        else:
            found += _scored_otherwise(known[task.name], task)
    theirs = {task.name for task in after.run.tasks}
    found += [(name, "*", f"run {after.run.name} does not have this task") for name in known if name not in theirs]
    return found


@dataclass(frozen=True, slots=True)
class Pairing:
    """How the samples of a task in one run meet those in another."""

    n_before: int
    n_after: int
    n_paired: int
    n_reworded: int
    """Pairs whose messages are not the same text."""


def compare_samples(before: Subject, after: Subject, matched: Matched) -> dict[str, Pairing]:
    """Return for each task of both runs how many samples pair."""
    found = {}
    for task in before.run.samples.keys() & after.run.samples.keys():
        mine, theirs = _common(before, task, matched), _common(after, task, matched)
        shared = mine.keys() & theirs.keys()
        told = [name for name in shared if mine[name].messages and theirs[name].messages]
        reworded = sum(said_in(mine[name]) != said_in(theirs[name]) for name in told)
        found[task] = Pairing(len(mine), len(theirs), len(shared), reworded)
    return found


def decoding_changes(before: Decoding, after: Decoding) -> Iterator[tuple[str, str, str]]:
    """Yield (field, before, after) for each setting that is not equal."""
    for field in fields(Decoding):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            yield field.name, _plain(old), _plain(new)


def _plain(value: object) -> str:
    return repr(list(value)) if isinstance(value, tuple) else str(value)


def has_digests(*tasks: TaskSummary) -> bool:
    """Return whether it is written down what each of the tasks asks."""
    return all(task.prompt_digest for task in tasks)


def _asked_otherwise(before: TaskSummary, after: TaskSummary) -> Iterator[str]:
    if before.output != after.output:
        yield f"answers are had otherwise: {before.output} -> {after.output}"
    if not has_digests(before, after):
        return
    if before.version != after.version:
        yield f"another version of the task: {before.version} -> {after.version}"
    if before.prompt_digest == after.prompt_digest:
        return
    settings = [f"{name} {old} -> {new}" for name, old, new in decoding_changes(before.decoding, after.decoding)]
    if settings:
        yield f"decoded otherwise: {', '.join(settings)}"
    if before.n_demos != after.n_demos:
        yield f"demos: {before.n_demos} -> {after.n_demos}"
    elif not settings:
        yield f"asked otherwise: prompt digest {before.prompt_digest[:12]} -> {after.prompt_digest[:12]}"


def _unlike(before: Subject, after: Subject, task: str, matched: Matched) -> Iterator[str]:
    mine, theirs = _common(before, task, matched), _common(after, task, matched)
    shared = mine.keys() & theirs.keys()
    if mine and theirs and not shared:
        yield f"no sample of the {len(theirs)} has the content of one of the {len(mine)}"
    told = [name for name in mine if name in shared and not (is_textless(mine[name]) or is_textless(theirs[name]))]
    others = [name for name in told if mine[name].targets != theirs[name].targets]
    if others:
        old, new = mine[others[0]].target[:40], theirs[others[0]].target[:40]
        yield f"another target for {len(others)} of {len(shared)} samples, such as {others[0]}: {old!r} -> {new!r}"


def _common(subject: Subject, task: str, matched: Matched) -> Mapping[str, Sample]:
    found = subject.run.samples.get(task, {})
    return {matched.common(subject.place, task, name): sample for name, sample in found.items()}


def _scored_otherwise(before: TaskSummary, after: TaskSummary) -> Iterator[Refused]:
    if not set(before.scorers) & set(after.scorers):
        reason = f"no scorer in common: {', '.join(before.scorers)} -> {', '.join(after.scorers)}"
        yield after.name, "*", reason
        return
    mine, theirs = (_digests(task) for task in (before, after))
    for name in dict.fromkeys((*before.scorers, *after.scorers)):
        if name not in mine or name not in theirs:
            yield after.name, name, "only one of the runs has this scorer"
        elif mine[name] and theirs[name] and mine[name] != theirs[name]:
            yield (
                after.name,
                name,
                "scored otherwise: other options of the scorer, or other files that it reads",
            )


def _digests(task: TaskSummary) -> dict[str, str]:
    known = task.scorer_digests or ("",) * len(task.scorers)
    return dict(zip(task.scorers, known, strict=True))

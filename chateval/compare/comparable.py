"""Two runs -> what of them may not be compared, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chateval.compare.match import Matched, is_said, said_in
from chateval.compare.resting import rests_apart
from chateval.compare.subjects import Subject
from chateval.compare.targets import count_untold, other_targets
from chateval.compare.textless import is_textless
from chateval.compare.written import Asking, is_apart, settings_apart
from chateval.records import Sample, TaskSummary

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
        elif reasons := [
            *_asked_otherwise(_asking(before, known[task.name]), _asking(after, task)),
            *_unlike(before, after, task.name, matched),
        ]:
            found.append((task.name, "*", "; ".join(reasons)))
        else:
            found += _scored_otherwise(known[task.name], task)
            found += ((task.name, *apart) for apart in rests_apart(before.run, after.run, task.name))
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
    n_untold: int = 0
    """Pairs of which one side did not write down what was wanted."""
    is_misnamed: bool = False
    """Whether equal ids stand for other questions, so that samples pair by their content only."""


def compare_samples(before: Subject, after: Subject, matched: Matched) -> dict[str, Pairing]:
    """Return for each task of both runs how many samples pair."""
    found = {}
    for task in before.run.samples.keys() & after.run.samples.keys():
        mine, theirs = _common(before, task, matched), _common(after, task, matched)
        shared = mine.keys() & theirs.keys()
        told = [name for name in shared if mine[name].messages and theirs[name].messages]
        reworded = sum(said_in(mine[name]) != said_in(theirs[name]) for name in told)
        n_untold = count_untold(task, (before.run, mine), (after.run, theirs))
        by_content = is_misnamed(before, after, task, matched)
        found[task] = Pairing(len(mine), len(theirs), len(shared), reworded, n_untold, by_content)
    return found


def has_digests(*tasks: TaskSummary) -> bool:
    """Return whether it is written down what each of the tasks asks."""
    return all(task.prompt_digest for task in tasks)


def _asking(subject: Subject, task: TaskSummary) -> Asking:
    return Asking(task, subject.run.manifest, subject.run.harness)


def _asked_otherwise(before: Asking, after: Asking) -> Iterator[str]:
    old, new = before.task, after.task
    if old.output != new.output:
        yield f"answers are had otherwise: {old.output} -> {new.output}"
    apart = {
        name: f"{mine} -> {theirs}"
        for name, mine, theirs in settings_apart(before, after)
        if is_apart(name, before, after)
    }
    if "version" in apart:
        yield f"another version of the task: {apart.pop('version')}"
    is_told = has_digests(old, new)
    if is_told and old.prompt_digest == new.prompt_digest:
        return
    demos = apart.pop("n_demos", "")
    if apart:
        yield f"decoded otherwise: {', '.join(f'{name} {values}' for name, values in apart.items())}"
    if demos:
        yield f"demos: {demos}"
    elif is_told and not apart:
        yield f"asked otherwise: prompt digest {old.prompt_digest[:12]} -> {new.prompt_digest[:12]}"


def _unlike(before: Subject, after: Subject, task: str, matched: Matched) -> Iterator[str]:
    mine, theirs = _common(before, task, matched), _common(after, task, matched)
    shared = mine.keys() & theirs.keys()
    if mine and theirs and not shared:
        yield _unpaired(mine, theirs, is_misnamed=is_misnamed(before, after, task, matched))
    told = [name for name in mine if name in shared and not (is_textless(mine[name]) or is_textless(theirs[name]))]
    others = [name for name in told if mine[name].targets != theirs[name].targets]
    if others:
        old, new = mine[others[0]].target[:40], theirs[others[0]].target[:40]
        yield f"another target for {len(others)} of {len(shared)} samples, such as {others[0]}: {old!r} -> {new!r}"
    elif unseen := list(other_targets(task, (before.run, mine), (after.run, theirs))):
        yield f"another target or other choices for {len(unseen)} of {len(shared)} samples, such as {unseen[0]}"


def is_misnamed(before: Subject, after: Subject, task: str, matched: Matched) -> bool:
    """Return whether ids of one run stand for other questions than in the other, so that they do not count."""
    return not {(before.place, task), (after.place, task)}.isdisjoint(matched.misnamed)


def _unpaired(mine: Mapping[str, Sample], theirs: Mapping[str, Sample], *, is_misnamed: bool) -> str:
    """Return why samples have no pair."""
    if is_misnamed:
        ids = "equal ids stand for other questions in the two runs, and "
        return f"{ids}no sample of the {len(theirs)} has the content of one of the {len(mine)}"
    if not all(any(map(is_said, samples.values())) for samples in (mine, theirs)):
        return f"no sample of the {len(theirs)} has the id of one of the {len(mine)}; without messages only ids pair"
    return f"no sample of the {len(theirs)} has the content of one of the {len(mine)}"


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

"""Runs -> the tasks and samples on which their checkpoints can be ranked, and what is left out, with why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chateval.compare.aggregate import Address, SampleMeans, sample_means
from chateval.compare.comparable import refuse
from chateval.compare.gather import Gatherer
from chateval.compare.match import Matched, match_samples
from chateval.compare.subjects import Subject, find_baseline, find_subjects, named_apart
from chateval.errors import DataError
from chateval.records import JUDGED, Run
from chateval.records.leaderboard import LeftOut
from chateval.stats import Floats

HEADLINE = "headline"


@dataclass(frozen=True, slots=True)
class Bout:
    """One task as it is ranked."""

    task: str
    scorer: str
    sample_ids: tuple[str, ...]
    """Those that all entrants have a value of."""
    n_left_out: int
    clusters: tuple[str, ...]
    """Of each sample; its own id where it has none."""
    judges: tuple[str, ...] = ()
    """Whose judgements the scorer reads; empty where it reads none."""


@dataclass(slots=True)
class Entrants:
    """Who is ranked on what."""

    sound: list[Subject]
    """With a template that is not BROKEN."""
    broken: list[Subject]
    means: Mapping[Address, SampleMeans]
    bouts: list[Bout] = field(default_factory=list)
    tasks_left_out: list[LeftOut] = field(default_factory=list)
    unranked: list[LeftOut] = field(default_factory=list)
    note: str = ""
    """Why the tasks are not those that all have; empty where they are."""

    def columns(self, bout: Bout, subjects: Sequence[Subject]) -> tuple[Floats, Floats]:
        """Return (values, weights), shape [n_samples, n_subjects] each; NaN and 0 where a sample has no value."""
        shape = (len(bout.sample_ids), len(subjects))
        values: Floats = np.full(shape, np.nan)
        weights: Floats = np.zeros(shape)
        for column, subject in enumerate(subjects):
            found = self.means[subject.name, bout.task, bout.scorer]
            for row, sample_id in enumerate(bout.sample_ids):
                pair = found.get(sample_id)
                if pair is not None:
                    values[row, column], weights[row, column] = pair
        return values, weights


def is_broken(subject: Subject) -> bool:
    """Return whether the checks found the chat template of a checkpoint BROKEN."""
    return subject.summary.template is not None and subject.summary.template.verdict == "BROKEN"


def find_entrants(runs: Sequence[Run], tasks: Sequence[str] = (), scorer: str = HEADLINE) -> Entrants:
    """Find what the checkpoints of all runs can be ranked on.

    Args:
        runs: At least one.
        tasks: Those that count: a checkpoint that lacks one of them is not ranked. Empty is the tasks that all have;
            where there is none, those of the largest group of checkpoints that have one in common.
        scorer: `headline` is the first of each task; else the name of one.

    Raises:
        DataError: If a task or scorer is in no run, or nothing is left to rank on.
    """
    if not runs:
        raise DataError("no run to rank")
    named = named_apart(runs)
    subjects = find_subjects(named)
    home = find_baseline(subjects, named, None)
    matched = match_samples(named)
    means = sample_means(Gatherer(named, subjects, matched).scores())
    scorers = _scorers((home.run, *named), tasks, scorer)
    judged = _judged((home.run, *named), scorers)
    opinions = {} if tasks or len(judged) == len(scorers) else judged
    scorers = {task: scorer for task, scorer in scorers.items() if task not in opinions}
    lacks = _Lacks(means, scorers, _refused([home, *subjects], matched))
    real = [s for s in subjects if not s.summary.is_fake]
    found = Entrants([s for s in real if not is_broken(s)], [s for s in real if is_broken(s)], means)
    found.unranked += [LeftOut(s.name, "the fake engine answered, no model") for s in subjects if s.summary.is_fake]
    chosen = list(dict.fromkeys(tasks)) or _common_tasks(found, lacks)
    found.unranked += lacks.leave_out(found.sound, chosen) + lacks.leave_out(found.broken, chosen)
    clusters = {address: sample.cluster for address, sample in matched.samples.items() if sample.cluster is not None}
    _keep_to_shared(found, [(task, scorers[task]) for task in chosen], clusters)
    found.bouts[:] = [replace(bout, judges=judged.get(bout.task, ())) for bout in found.bouts]
    found.tasks_left_out += [
        LeftOut(task, f"an opinion of {', '.join(judges)}, which is no mean with exact scores; --task {task} ranks it")
        for task, judges in opinions.items()
    ]
    return found


def _judged(runs: Sequence[Run], scorers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the tasks whose scorer reads judgements, with the judges.

    A mean over tasks does not mix what was computed with what judges say: such tasks are ranked where they are named,
    or where there are no others.
    """
    found: dict[str, tuple[str, ...]] = {}
    for run in runs:
        for task in run.tasks:
            if scorers.get(task.name) not in task.scorers:
                continue
            place = task.scorers.index(scorers[task.name])
            names = task.judges[place] if task.judges else ()
            if names or (task.families and task.families[place] == JUDGED):
                known = found.get(task.name, ())
                found[task.name] = (*known, *(name for name in names if name not in known))
    return {task: names or ("a judge",) for task, names in found.items()}


def _scorers(runs: Sequence[Run], tasks: Sequence[str], scorer: str) -> dict[str, str]:
    """Return the scorer of each task that has it, as the first run that knows the task says."""
    found: dict[str, str] = {}
    known: dict[str, None] = {}
    for run in runs:
        for task in run.tasks:
            known.setdefault(task.name)
            if task.scorers and scorer in (HEADLINE, *task.scorers):
                found.setdefault(task.name, task.scorers[0] if scorer == HEADLINE else scorer)
    if unknown := [task for task in tasks if task not in known]:
        raise DataError(f"task {unknown[0]}: in no run; known: {', '.join(known)}")
    without = [task for task in tasks if task not in found]
    if without or not found:
        where = f"task {without[0]}" if without else "any task"
        names = dict.fromkeys(name for run in runs for task in run.tasks for name in task.scorers)
        raise DataError(f"scorer {scorer}: not a scorer of {where}; known: {HEADLINE}, {', '.join(names)}")
    return found


def _refused(subjects: Sequence[Subject], matched: Matched) -> dict[tuple[str, str], dict[str, str]]:
    """Return (checkpoint, task) -> scorer or `*` -> why it may not be compared with the first one that has the task."""
    homes: dict[str, Subject] = {}
    for subject in subjects:
        for task in subject.run.tasks:
            homes.setdefault(task.name, subject)
    of_places = {
        (home.place, subject.place): refuse(home, subject, matched)
        for home in {home.place: home for home in homes.values()}.values()
        for subject in subjects
    }
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name, home in homes.items():
        for subject in subjects:
            for refused_task, scorer, reason in of_places[home.place, subject.place]:
                if refused_task == name:
                    found.setdefault((subject.name, name), {})[scorer] = reason
    return found


@dataclass(frozen=True, slots=True)
class _Lacks:
    """What each checkpoint lacks."""

    means: Mapping[Address, SampleMeans]
    scorers: Mapping[str, str]
    refused: Mapping[tuple[str, str], Mapping[str, str]]

    def why(self, subject: Subject, task: str) -> str | None:
        """Return why a checkpoint does not count on a task; None where it does."""
        if task not in {one.name for one in subject.run.tasks}:
            return f"run {subject.run.name} does not have {task}"
        scorer = self.scorers[task]
        refused = self.refused.get((subject.name, task), {})
        if reason := refused.get("*") or refused.get(scorer):
            return f"{task}: {reason}"
        found = self.means.get((subject.name, task, scorer), {})
        return None if any(value is not None for value in found.values()) else f"{task}: no value of {scorer}"

    def leave_out(self, subjects: list[Subject], tasks: Sequence[str]) -> list[LeftOut]:
        """Take those that lack a task out of the list, and return them with all their reasons."""
        found = []
        for subject in list(subjects):
            reasons = [reason for task in tasks if (reason := self.why(subject, task))]
            if reasons:
                subjects.remove(subject)
                found.append(LeftOut(subject.name, "; ".join(reasons)))
        return found


def _common_tasks(entrants: Entrants, lacks: _Lacks) -> list[str]:
    """Return the tasks that all sound entrants have; the others are left out, with who lacks them."""
    kept = []
    for task in lacks.scorers:
        everyone = entrants.sound or entrants.broken
        reasons = {subject.name: reason for subject in everyone if (reason := lacks.why(subject, task))}
        if not reasons:
            kept.append(task)
            continue
        shown = [f"{name} ({reason})" for name, reason in list(reasons.items())[:2]]
        more = f" and {len(reasons) - 2} more" if len(reasons) > 2 else ""
        entrants.tasks_left_out.append(LeftOut(task, f"not for {', '.join(shown)}{more}"))
    return kept or _most_common_tasks(entrants, lacks)


def _most_common_tasks(entrants: Entrants, lacks: _Lacks) -> list[str]:
    """Return the task that most have, with the others that all of these have; the rest is left out, with how many.

    Of tasks that as many have, the first counts.
    """
    everyone = entrants.sound or entrants.broken
    who = {task: [one.name for one in everyone if not lacks.why(one, task)] for task in lacks.scorers}
    most = max(who, key=lambda task: len(who[task]))
    if len(who[most]) < 2:
        raise DataError(f"no two of the {len(everyone)} checkpoints have a task in common; known: {', '.join(who)}")
    kept = [task for task, names in who.items() if set(names) >= set(who[most])]
    entrants.tasks_left_out[:] = [
        LeftOut(task, f"{len(names)} of {len(everyone)} checkpoints have it")
        for task, names in who.items()
        if task not in kept
    ]
    entrants.note = (
        f"no task counts for all {len(everyone)} checkpoints: ranked are the {len(who[most])} that have "
        f"{', '.join(kept)}; --task NAME ranks those that have another one"
    )
    return kept


def _keep_to_shared(
    entrants: Entrants, chosen: Sequence[tuple[str, str]], clusters: Mapping[tuple[str, str], str]
) -> None:
    """Find the samples that all entrants share; who shares none with those before is taken out."""
    if not entrants.sound and not entrants.broken:
        reasons = "; ".join(f"{found.name}: {found.reason}" for found in entrants.unranked)
        raise DataError(f"no checkpoint to rank: {reasons}")
    shared: dict[str, dict[str, None]] = {}
    for subject in list(entrants.sound) or entrants.broken[:1]:
        mine = {
            task: {key: None for key, value in entrants.means[subject.name, task, scorer].items() if value is not None}
            for task, scorer in chosen
        }
        both = {task: {key: None for key in shared.get(task, mine[task]) if key in mine[task]} for task, _ in chosen}
        if empty := [task for task, _ in chosen if not both[task]]:
            entrants.sound.remove(subject)
            entrants.unranked.append(LeftOut(subject.name, f"shares no scored sample of {empty[0]} with the others"))
        else:
            shared = both
    for task, scorer in chosen:
        everyone = entrants.sound or entrants.broken
        known = {key for subject in everyone for key in entrants.means[subject.name, task, scorer]}
        kept = tuple(shared[task])
        labels = tuple(f"c {label}" if (label := clusters.get((task, key))) else f"s {key}" for key in kept)
        entrants.bouts.append(Bout(task, scorer, kept, len(known) - len(kept), labels))

"""Runs of different times and places -> one Report: what changed, what may be compared, and how it went."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from chateval.compare.aggregate import Address, SampleMeans, estimate, sample_means
from chateval.compare.anytime import with_anytime
from chateval.compare.changes import Side, find_changes
from chateval.compare.comparable import Refused, compare_samples, refuse
from chateval.compare.crossed import find_crossings
from chateval.compare.flips import evidence_of, find_flips, flipped
from chateval.compare.gather import Gatherer
from chateval.compare.match import Matched, match_samples
from chateval.compare.noise import with_noise
from chateval.compare.pairs import compare_all
from chateval.compare.reasons import Reasons
from chateval.compare.slices import SampleFacts, find_slices
from chateval.compare.subjects import Subject, find_baseline, find_subjects, named_apart
from chateval.compare.tagged import only_tagged
from chateval.compare.textless import with_texts
from chateval.compare.unasked import with_unasked
from chateval.compare.written import helpers_of
from chateval.errors import DataError
from chateval.records import Change, DialogueCount, Estimate, Figure, Refusal, Report, Run, TaskSummary

R = TypeVar("R", Estimate, Figure, DialogueCount)


def compare_runs(runs: Sequence[Run], baseline: str | None = None, *, tag: str | None = None) -> Report:
    """Compare the checkpoints of several runs on the samples that they share.

    Args:
        runs: At least one; the first one's tasks, sample ids and baseline come before the others'.
        baseline: Name of a checkpoint among those of all runs, `RUN/CHECKPOINT` where two have one name; None is the
            baseline of the first run.
        tag: Samples without it are left out; the checkpoints are called as they are with all samples.

    Returns:
        A report as of one run. What may not be compared has estimates, and stands in its `refusals`.

    Raises:
        DataError: If there is no run, or no checkpoint called `baseline`.
    """
    if not runs:
        raise DataError("no run to compare")
    named = named_apart(with_texts(runs))
    subjects = find_subjects(named)
    if tag is not None:
        named = only_tagged(named, tag)
        subjects = [replace(subject, run=named[subject.place]) for subject in subjects]
    home = find_baseline(subjects, named, baseline)
    matched = match_samples(named)
    gatherer = Gatherer(named, subjects, matched)
    verdicts = Reasons()
    means = sample_means(verdicts.passing(gatherer.scores()))
    refusals = _refusals(home, subjects, matched)
    allowed = _allowed(means, refusals)
    clusters = {address: sample.cluster for address, sample in matched.samples.items() if sample.cluster is not None}
    gathered = gatherer.gather(flipped(allowed, home.name), home.name)
    tasks = _tasks(home, named)
    of_task: dict[str, dict[str, str | None]] = defaultdict(dict)
    for (task, sample_id), cluster in clusters.items():
        of_task[task][sample_id] = cluster
    checkpoints = tuple(replace(subject.summary, name=subject.name) for subject in subjects)
    evidence = evidence_of(checkpoints, tasks, matched.samples)
    evidence = replace(evidence, seen=gathered.seen, wrong=gathered.wrong, reasons=gathered.reasons)
    report = Report(
        baseline=home.name,
        checkpoints=checkpoints,
        tasks=tasks,
        estimates=tuple(estimate(address, found, of_task[address[1]]) for address, found in means.items()),
        audits=tuple(_renamed(subjects, lambda run: run.audits)),
        comparisons=tuple(with_unasked(compare_all(allowed, home.name, clusters), allowed, subjects)),
        flips=tuple(find_flips(allowed, home.name, evidence)),
        figures=tuple(_figures(subjects, refusals)),
        changes=tuple(_changes(home, subjects, matched)),
        refusals=tuple(refusals),
        slices=tuple(find_slices(allowed, home.name, SampleFacts(matched.samples, gathered.lengths))),
        crossings=tuple(find_crossings(allowed, home.name, checkpoints)),
        dialogues=tuple(_renamed(subjects, lambda run: run.dialogues)),
        reasons=tuple(verdicts.found()),
        helpers=tuple(dict.fromkeys(helper for run in named for helper in helpers_of(run.manifest))),
    )
    if any(run.manifest.get("is_anytime") for run in named):
        report = with_anytime(report, means, clusters)
    noise = home.run.noise if home.summary.name == home.run.baseline else ()
    return with_noise(report, noise) if tag is None else replace(report, noise=noise)


def _renamed(subjects: Sequence[Subject], records_of: Callable[[Run], Iterable[R]]) -> Iterator[R]:
    """Yield the records of the subjects under their common names."""
    for subject in subjects:
        for found in records_of(subject.run):
            if found.checkpoint == subject.summary.name:
                yield replace(found, checkpoint=subject.name)


def _figures(subjects: Sequence[Subject], refusals: Sequence[Refusal]) -> Iterator[Figure]:
    """Yield the figures without those of measures that rest on another model than the baseline's."""
    refused = {(found.candidate, found.task, found.scorer) for found in refusals}
    for figure in _renamed(subjects, lambda run: run.figures):
        if (figure.checkpoint, figure.task, figure.measure) not in refused:
            yield figure


def check_comparable(report: Report, runs: Sequence[Run] = ()) -> None:
    """Raise DataError, with the reasons, where nothing was compared: of several runs, nothing of two of them.

    Args:
        report: What `compare_runs` made of the runs.
        runs: The same ones. Pairs within one of several runs compare no runs.
    """
    if len(report.checkpoints) == 1:
        raise DataError(f"{report.baseline}: the only checkpoint; name a second run to compare it with")
    places = {subject.name: subject.place for subject in find_subjects(named_apart(runs))} if len(runs) > 1 else {}
    home = places.get(report.baseline)
    compared = [found.candidate for found in report.comparisons if found.delta is not None]
    if any(not places or places[name] != home for name in compared):
        return
    reasons = dict.fromkeys(f"{found.task}: {found.reason}" for found in report.refusals)
    raise DataError(f"nothing can be compared with {report.baseline}: {' | '.join(reasons) or 'no score has a pair'}")


def _changes(home: Subject, subjects: Sequence[Subject], matched: Matched) -> Iterator[Change]:
    before, *sides = (Side(s.name, s.summary, s.run.tasks, s.run.manifest, s.run.harness) for s in (home, *subjects))
    for subject, after in zip(subjects, sides, strict=True):
        if subject is not home:
            paired = compare_samples(home, subject, matched) if home.place != subject.place else {}
            yield from find_changes(before, after, paired=paired)


def _refusals(home: Subject, subjects: Sequence[Subject], matched: Matched) -> list[Refusal]:
    known: dict[int, list[Refused]] = {}
    for subject in subjects:
        if subject.place not in known:
            known[subject.place] = refuse(home, subject, matched)
    return [
        Refusal(home.name, subject.name, task, scorer, reason)
        for subject in subjects
        if subject is not home
        for task, scorer, reason in known[subject.place]
    ]


def _allowed(means: Mapping[Address, SampleMeans], refusals: Sequence[Refusal]) -> dict[Address, SampleMeans]:
    """Return the means without those of candidates that may not be compared."""
    refused = {(found.candidate, found.task, found.scorer) for found in refusals}
    return {
        (checkpoint, task, scorer): samples
        for (checkpoint, task, scorer), samples in means.items()
        if not {(checkpoint, task, "*"), (checkpoint, task, scorer)} & refused
    }


def _tasks(home: Subject, runs: Sequence[Run]) -> tuple[TaskSummary, ...]:
    """Return the tasks of all runs, each as the baseline's run has it or else the first one, with all scorers."""
    found: dict[str, TaskSummary] = {}
    for run in (home.run, *runs):
        for task in run.tasks:
            found[task.name] = _with_scorers(found[task.name], task) if task.name in found else task
    return tuple(found.values())


def _with_scorers(task: TaskSummary, other: TaskSummary) -> TaskSummary:
    new = [index for index, scorer in enumerate(other.scorers) if scorer not in task.scorers]
    if not new:
        return task
    return replace(
        task,
        scorers=(*task.scorers, *(other.scorers[index] for index in new)),
        families=(*_filled(task, task.families), *(_filled(other, other.families)[index] for index in new)),
        scorer_digests=(
            *_filled(task, task.scorer_digests),
            *(_filled(other, other.scorer_digests)[index] for index in new),
        ),
        judges=_all_judges(task, other, new),
    )


def _all_judges(task: TaskSummary, other: TaskSummary, new: Sequence[int]) -> tuple[tuple[str, ...], ...]:
    if not task.judges and not other.judges:
        return ()
    mine = task.judges or ((),) * len(task.scorers)
    theirs = other.judges or ((),) * len(other.scorers)
    return (*mine, *(theirs[index] for index in new))


def _filled(task: TaskSummary, values: Sequence[str]) -> Sequence[str]:
    return values or ("",) * len(task.scorers)

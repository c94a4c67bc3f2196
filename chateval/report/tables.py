"""Looking things up in a report, for the outputs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chateval.records import Comparison, DialogueCount, Estimate, Figure, Flip, Report, TaskSummary
from chateval.records.judgement import JUDGED


@dataclass(frozen=True, slots=True)
class Line:
    """One scorer of one task, for every checkpoint in the report's order."""

    task: TaskSummary
    scorer: str
    is_headline: bool
    cells: tuple[tuple[Estimate | None, Comparison | None], ...]
    judges: tuple[str, ...] = ()
    """Whose judgements the scorer reads; empty where it reads none."""


def lines(report: Report) -> Iterator[Line]:
    """Yield the lines of the comparative table, tasks and scorers in their own order."""
    estimates = {(e.checkpoint, e.task, e.scorer): e for e in report.estimates}
    comparisons = {(c.candidate, c.task, c.scorer): c for c in report.comparisons}
    judged = judges_by(report)
    for task in report.tasks:
        for index, scorer in enumerate(task.scorers):
            cells = tuple(
                (
                    estimates.get((checkpoint.name, task.name, scorer)),
                    comparisons.get((checkpoint.name, task.name, scorer)),
                )
                for checkpoint in report.checkpoints
            )
            yield Line(task, scorer, index == 0, cells, judged.get((task.name, scorer), ()))


def judges_by(report: Report) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (task, scorer) -> names of its judges, of scorers that read judgements."""
    found = {}
    for task in report.tasks:
        n = len(task.scorers)
        families = task.families if len(task.families) == n else ("",) * n
        of_each = task.judges if len(task.judges) == n else ((),) * n
        for scorer, family, judges in zip(task.scorers, families, of_each, strict=True):
            if judges or family == JUDGED:
                found[task.name, scorer] = judges or ("a judge",)
    return found


@dataclass(frozen=True, slots=True)
class Block:
    """The lines that one kind of evidence stands behind."""

    judges: tuple[str, ...]
    """Whose opinion they are; empty for what was computed from the answers alone."""
    lines: tuple[Line, ...]


def blocks(report: Report) -> list[Block]:
    """Return the lines with what judges said apart, a block for each set of judges; the first of a task heads it."""
    found: dict[tuple[str, ...], list[Line]] = {(): []}
    for line in lines(report):
        block = found.setdefault(line.judges, [])
        is_first = not block or block[-1].task is not line.task
        block.append(replace(line, is_headline=is_first))
    return [Block(judges, tuple(shown)) for judges, shown in found.items() if shown]


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """How often one scorer gave each of its verdicts."""

    task: str
    scorer: str
    verdicts: tuple[str, ...]
    """The most frequent first, `right` before and `other` behind all."""
    counts: tuple[tuple[int, ...], ...]
    """By checkpoint in the report's order, of each verdict; empty for one that was not asked."""


def reason_lines(report: Report) -> Iterator[ReasonLine]:
    """Yield the scorers that give verdicts, tasks and scorers in their own order."""
    known: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for one in report.reasons:
        known.setdefault((one.task, one.scorer), {}).setdefault(one.checkpoint, {})[one.words] = one.n
    for task in report.tasks:
        for scorer in task.scorers:
            found = known.get((task.name, scorer))
            if not found:
                continue
            totals: dict[str, int] = {}
            for counts in found.values():
                for words, n in counts.items():
                    totals[words] = totals.get(words, 0) + n
            order = {"right": -1, "other": 1}
            verdicts = tuple(sorted(totals, key=lambda one: (order.get(one, 0), -totals[one], one)))
            cells = tuple(
                tuple(found[checkpoint.name].get(one, 0) for one in verdicts) if checkpoint.name in found else ()
                for checkpoint in report.checkpoints
            )
            yield ReasonLine(task.name, scorer, verdicts, cells)


def dialogue_lines(report: Report) -> Iterator[tuple[str, tuple[DialogueCount | None, ...]]]:
    """Yield each task that is a dialogue, with the counts of every checkpoint."""
    found = {(one.checkpoint, one.task): one for one in report.dialogues}
    for task in dict.fromkeys(one.task for one in report.dialogues):
        yield task, tuple(found.get((checkpoint.name, task)) for checkpoint in report.checkpoints)


AuditCell = tuple[Estimate | None, Comparison | None]


def audit_lines(report: Report) -> Iterator[tuple[str, tuple[AuditCell, ...]]]:
    """Yield each template scorer with its estimate for every checkpoint and the difference from the baseline."""
    found = {(e.checkpoint, e.scorer): e for e in report.audits}
    against = {(c.candidate, c.scorer): c for c in report.behaviour}
    for scorer in dict.fromkeys(estimate.scorer for estimate in report.audits):
        yield (
            scorer,
            tuple(
                (found.get((checkpoint.name, scorer)), against.get((checkpoint.name, scorer)))
                for checkpoint in report.checkpoints
            ),
        )


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One measure of one task, for every checkpoint in the report's order."""

    task: TaskSummary
    measure: str
    unit: str
    is_less_better: bool
    cells: tuple[Figure | None, ...]


def figure_lines(report: Report) -> Iterator[FigureLine]:
    """Yield the lines of the table of measures, tasks and measures in their own order."""
    found = {(f.checkpoint, f.task, f.measure): f for f in report.figures}
    firsts = {(f.task, f.measure): f for f in reversed(report.figures)}
    for task in report.tasks:
        for measure in dict.fromkeys(f.measure for f in report.figures if f.task == task.name):
            first = firsts[task.name, measure]
            cells = tuple(found.get((checkpoint.name, task.name, measure)) for checkpoint in report.checkpoints)
            yield FigureLine(task, measure, first.unit, first.is_less_better, cells)


@dataclass(frozen=True, slots=True)
class FlipGroup:
    """Flips of one candidate on one scorer in one direction."""

    task: str
    scorer: str
    candidate: str
    won: bool
    flips: tuple[Flip, ...]


def flip_groups(report: Report) -> list[FlipGroup]:
    """Return the flips, losses before wins, in the order of tasks and scorers."""
    groups: dict[tuple[str, str, str, bool], list[Flip]] = {}
    for flip in report.flips:
        groups.setdefault((flip.task, flip.scorer, flip.candidate, flip.won), []).append(flip)
    found = [FlipGroup(*key, flips=tuple(flips)) for key, flips in groups.items()]
    order = {(task.name, scorer): i for i, task in enumerate(report.tasks) for scorer in task.scorers}
    return sorted(found, key=lambda group: (group.won, order[group.task, group.scorer]))

"""Scores of checkpoints in the order of their training -> ladders: each step against the one before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from chateval.compare.aggregate import Address, SampleMeans
from chateval.compare.pairs import compare_pair
from chateval.records import Comparison, Estimate, Figure, Ladder, Report, Rung
from chateval.stats import benjamini_hochberg, holm

Clusters = Mapping[tuple[str, str], str | None]
"""(task, sample id) -> cluster; samples without one are alone."""


def with_ladder(
    report: Report, means: Mapping[Address, SampleMeans], names: Sequence[str], clusters: Clusters
) -> Report:
    """Return the report with its ladders; p of all its comparisons is adjusted anew, over the steps as well.

    A step from or to the baseline is one of the report's comparisons already and counts once.

    Args:
        report: With the comparisons against the baseline.
        means: By address.
        names: Checkpoints, lowest rung first; those that the report has not are left out, none makes no ladder.
        clusters: Of the samples.
    """
    known = {checkpoint.name for checkpoint in report.checkpoints}
    rungs = [name for name in names if name in known]
    if len(rungs) < 2:
        return report
    found = [*_of_scorers(report, means, rungs, clusters), *_of_measures(report, rungs)]
    steps = [rung.step for ladder in found for rung in ladder.rungs if rung.step is not None]
    family = list({_key(one): one for one in (*report.comparisons, *steps)}.values())
    p_values = [one.p for one in family]
    adjusted = {
        _key(one): (p, q) for one, p, q in zip(family, holm(p_values), benjamini_hochberg(p_values), strict=True)
    }

    def settled(one: Comparison) -> Comparison:
        p, q = adjusted[_key(one)]
        return replace(one, p_adjusted=p, q=q)

    return replace(
        report,
        comparisons=tuple(map(settled, report.comparisons)),
        ladders=tuple(
            replace(
                ladder,
                rungs=tuple(replace(rung, step=settled(rung.step)) if rung.step else rung for rung in ladder.rungs),
            )
            for ladder in found
        ),
    )


def _key(one: Comparison) -> tuple[str, str, frozenset[str]]:
    """Return what one test is about; the other way round it is the same test."""
    return one.task, one.scorer, frozenset((one.baseline, one.candidate))


def _of_scorers(
    report: Report, means: Mapping[Address, SampleMeans], names: Sequence[str], clusters: Clusters
) -> Iterator[Ladder]:
    estimates = {(one.checkpoint, one.task, one.scorer): one for one in report.estimates}
    for task in report.tasks:
        for scorer in task.scorers:
            places = [(name, task.name, scorer) for name in names]
            if not all(place in means for place in places):
                continue
            steps = [
                compare_pair(means, (task.name, scorer), (before, after), clusters) for before, after in pairwise(names)
            ]
            rungs = (_rung(estimates[place], step) for place, step in zip(places, [None, *steps], strict=True))
            yield Ladder(task.name, scorer, tuple(rungs))


def _rung(found: Estimate, step: Comparison | None) -> Rung:
    return Rung(found.checkpoint, found.mean, found.low, found.high, found.n, step)


def _of_measures(report: Report, names: Sequence[str]) -> Iterator[Ladder]:
    """Yield the ladders of measures, which have no test and so no steps."""
    figures: dict[tuple[str, str], dict[str, Figure]] = {}
    for figure in report.figures:
        figures.setdefault((figure.task, figure.measure), {})[figure.checkpoint] = figure
    for (task, measure), of in figures.items():
        if all(name in of for name in names):
            shown = [of[name] for name in names]
            rungs = tuple(Rung(one.checkpoint, one.value, one.low, one.high, one.n) for one in shown)
            yield Ladder(task, measure, rungs, shown[0].unit, shown[0].is_less_better)

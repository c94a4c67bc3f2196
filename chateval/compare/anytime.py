"""Intervals that hold wherever a run stops, in place of those that hold at one look."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from chateval.compare.aggregate import Address, SampleMeans
from chateval.records import Comparison, Estimate, Ladder, Report, Rung
from chateval.stats import Floats, Interval, confidence_sequence

Clusters = Mapping[tuple[str, str], str | None]
"""(task, sample id) -> cluster; samples without one are alone."""


def with_anytime(
    report: Report, means: Mapping[Address, SampleMeans], clusters: Clusters, *, n_most: int | None = None
) -> Report:
    """Return the report with confidence sequences for intervals, and without tests: those hold at one look only.

    Samples that share clusters or weigh differently have no such sequence. They decide nothing while there are more of
    them to come; all of them are looked at once, so that the interval of one look holds.

    Args:
        report: Of one look.
        means: By address; the samples of each in the order in which they were drawn.
        clusters: Of the samples.
        n_most: Samples of a task at which the last look is; None for all that it has.
    """
    whole = {task.name for task in report.tasks if task.n_samples >= min(task.n_available, n_most or task.n_available)}
    return replace(
        report,
        is_anytime=True,
        estimates=tuple(_widened(one, means, clusters, is_whole=one.task in whole) for one in report.estimates),
        comparisons=tuple(_sequential(one, means, clusters, is_whole=one.task in whole) for one in report.comparisons),
        ladders=tuple(_climbed(one, means, clusters, is_whole=one.task in whole) for one in report.ladders),
    )


def _climbed(ladder: Ladder, means: Mapping[Address, SampleMeans], clusters: Clusters, *, is_whole: bool) -> Ladder:
    """Return a ladder with the same for its rungs and steps; measures have no such sequence."""
    if ladder.unit:
        return ladder

    def widened(rung: Rung) -> Rung:
        whole = Estimate(rung.checkpoint, ladder.task, ladder.scorer, rung.mean, rung.low, rung.high, rung.n, 0, 0)
        found = _widened(whole, means, clusters, is_whole=is_whole)
        step = rung.step and _sequential(rung.step, means, clusters, is_whole=is_whole)
        return replace(rung, low=found.low, high=found.high, step=step)

    return replace(ladder, rungs=tuple(map(widened, ladder.rungs)))


def _widened(
    estimate: Estimate, means: Mapping[Address, SampleMeans], clusters: Clusters, *, is_whole: bool
) -> Estimate:
    if estimate.mean is None:
        return estimate
    samples = means[estimate.checkpoint, estimate.task, estimate.scorer]
    scored = {key: mean for key, mean in samples.items() if mean is not None}
    interval = _sequence(scored, scored, estimate.task, clusters, lowest=0.0)
    if interval is None and is_whole:
        return estimate
    low, high = interval or (0.0, 1.0)
    return replace(estimate, low=low, high=high)


def _sequential(
    comparison: Comparison, means: Mapping[Address, SampleMeans], clusters: Clusters, *, is_whole: bool
) -> Comparison:
    untested = replace(comparison, p=None, p_adjusted=None, q=None, detectable=None, n_needed=None)
    if comparison.delta is None:
        return untested
    before = means[comparison.baseline, comparison.task, comparison.scorer]
    after = means[comparison.candidate, comparison.task, comparison.scorer]
    pairs = {key: (a, b) for key, a in before.items() if a is not None and (b := after.get(key)) is not None}
    differences = {key: (b[0] - a[0], a[1]) for key, (a, b) in pairs.items()}
    others = {key: b for key, (_, b) in pairs.items()}
    interval = _sequence(differences, others, comparison.task, clusters, lowest=-1.0)
    if interval is None and is_whole:
        return untested
    low, high = interval or (-1.0, 1.0)
    return replace(untested, low=low, high=high)


def _sequence(
    values: Mapping[str, tuple[float, float]],
    others: Mapping[str, tuple[float, float]],
    task: str,
    clusters: Clusters,
    *,
    lowest: float,
) -> Interval | None:
    """Return the confidence sequence of values that all weigh the same and share no cluster; None for others."""
    weights = {weight for side in (values, others) for _, weight in side.values()}
    labels = [found for key in values if (found := clusters.get((task, key))) is not None]
    if len(weights) > 1 or len(set(labels)) < len(labels):
        return None
    drawn: Floats = np.array([values[key][0] for key in sorted(values)], dtype=np.float64)
    return confidence_sequence(np.clip(drawn, lowest, 1.0), lowest=lowest)

"""Intervals that hold wherever a run stops, in place of those that hold at one look."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from chateval.compare.aggregate import Address, SampleMeans
from chateval.records import Comparison, Estimate, Report
from chateval.stats import Floats, Interval, confidence_sequence, group_clusters

Clusters = Mapping[tuple[str, str], str | None]
"""(task, sample id) -> cluster; samples without one are clusters of their own."""


def with_anytime(report: Report, means: Mapping[Address, SampleMeans], clusters: Clusters) -> Report:
    """Return the report with confidence sequences for intervals, and without tests: those hold at one look only.

    Args:
        report: Of one look.
        means: By address; the samples of each in the order in which they were drawn.
        clusters: Of the samples; a cluster is one value, the mean of its samples.
    """
    return replace(
        report,
        is_anytime=True,
        estimates=tuple(_widened(estimate, means, clusters) for estimate in report.estimates),
        comparisons=tuple(_sequential(comparison, means, clusters) for comparison in report.comparisons),
    )


def _widened(estimate: Estimate, means: Mapping[Address, SampleMeans], clusters: Clusters) -> Estimate:
    if estimate.mean is None:
        return estimate
    samples = means[estimate.checkpoint, estimate.task, estimate.scorer]
    scored = {key: mean for key, mean in samples.items() if mean is not None}
    low, high = _sequence(scored, scored, estimate.task, clusters, lowest=0.0)
    return replace(estimate, low=low, high=high)


def _sequential(comparison: Comparison, means: Mapping[Address, SampleMeans], clusters: Clusters) -> Comparison:
    if comparison.delta is None:
        return comparison
    before = means[comparison.baseline, comparison.task, comparison.scorer]
    after = means[comparison.candidate, comparison.task, comparison.scorer]
    pairs = {key: (a, b) for key, a in before.items() if a is not None and (b := after.get(key)) is not None}
    differences = {key: (b[0] - a[0], a[1]) for key, (a, b) in pairs.items()}
    others = {key: b for key, (_, b) in pairs.items()}
    low, high = _sequence(differences, others, comparison.task, clusters, lowest=-1.0)
    return replace(comparison, low=low, high=high, p=None, p_adjusted=None, q=None, detectable=None, n_needed=None)


def _sequence(
    values: Mapping[str, tuple[float, float]],
    others: Mapping[str, tuple[float, float]],
    task: str,
    clusters: Clusters,
    *,
    lowest: float,
) -> Interval:
    """Return the confidence sequence of values that all weigh the same; of others nothing is known before the end."""
    weights = {weight for side in (values, others) for _, weight in side.values()}
    if len(weights) > 1:
        return lowest, 1.0
    labels = [clusters.get((task, key)) or key for key in values]
    drawn: Floats = np.array([value for value, _ in values.values()], dtype=np.float64)
    grouped, _ = group_clusters(drawn, np.ones_like(drawn), labels)
    return confidence_sequence(np.clip(grouped, lowest, 1.0), lowest=lowest)

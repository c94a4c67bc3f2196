"""95 % intervals of means and of paired differences. None where there is nothing to say, never NaN."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Interval = tuple[float, float]

Z = 1.959963984540054
RESAMPLES = 10_000
SEED = 20_250_101
MAX_RESAMPLED = 1_000
"""More samples than this are not resampled: the normal limit that resampling tends to is used, at a bounded cost."""
_ROUNDING = 1e-9
"""Values that differ by less are one value: what a division leaves, not what samples show."""


def is_binary(values: Floats) -> bool:
    """Return whether every value is 0 or 1."""
    return bool(np.isin(values, (0.0, 1.0)).all())


def is_share(values: Floats, weights: Floats) -> bool:
    """Return whether the weighted mean is a share: 0/1 values that all weigh the same."""
    return is_binary(values) and bool((weights > 0).all()) and bool((weights == weights[:1]).all())


def wilson(successes: int, n: int) -> Interval:
    """Return the score interval of a proportion.

    Args:
        successes: In [0, n].
        n: At least 1.

    Source:
        Wilson (1927), JASA 22, 209-212.
    """
    share = successes / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return low, high


def weighted_mean(values: Floats, weights: Floats) -> float | None:
    """Return sum(weight * value) / sum(weight); None if the weights sum to 0."""
    total = float(weights.sum())
    return float(values @ weights) / total if total > 0 else None


def mean_interval(values: Floats, weights: Floats) -> Interval | None:
    """Return the 95 % interval of a weighted mean over samples.

    Wilson's for 0/1 values of one weight, the percentile bootstrap over samples for the rest, or its normal limit
    for more than `MAX_RESAMPLED` of them.

    Args:
        values: In [0, 1], shape [n].
        weights: At least 0, shape [n].

    Returns:
        (low, high), or None if nothing has weight.
    """
    if len(values) == 0 or weights.sum() <= 0:
        return None
    if is_share(values, weights):
        return wilson(int(values.sum()), len(values))
    counted = values[weights > 0]
    if float(np.ptp(counted)) < _ROUNDING:
        return _around(float(counted[0]), len(counted), lowest=0.0)
    if len(values) > MAX_RESAMPLED:
        return _normal(_influence(values, weights), _ratio_of_sums(values, weights), lowest=0.0)
    means = [_ratio(counts @ (values * weights), counts @ weights) for counts in _resample_counts(len(values))]
    return _percentiles(np.concatenate(means))


def group_clusters(values: Floats, weights: Floats, labels: Sequence[str]) -> tuple[Floats, Floats]:
    """Return one value and weight per cluster, so that resampling draws clusters and not the samples within.

    The weighted mean stays what it was. Samples that share no cluster come back unchanged.

    Args:
        values: In [0, 1], shape [n].
        weights: At least 0, shape [n].
        labels: Cluster of each sample, length n.

    Returns:
        (values, weights), shape [n_clusters] each, clusters in the order of their first sample.
    """
    order = {label: index for index, label in enumerate(dict.fromkeys(labels))}
    if len(order) == len(labels):
        return values, weights
    places = np.array([order[label] for label in labels])
    totals: Floats = np.bincount(places, weights=weights, minlength=len(order)).astype(np.float64)
    sums: Floats = np.bincount(places, weights=weights * values, minlength=len(order)).astype(np.float64)
    return _ratio(sums, totals), totals


def newcombe(both: int, only_baseline: int, only_candidate: int, neither: int) -> Interval:
    """Return the 95 % interval of candidate minus baseline for paired 0/1 scores.

    Args:
        both: Pairs that both have right. The sum of the four is at least 1.
        only_baseline: Pairs that only the baseline has right.
        only_candidate: Pairs that only the candidate has right.
        neither: Pairs that neither has right.

    Source:
        Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10.
    """
    n = both + only_baseline + only_candidate + neither
    candidate, baseline = both + only_candidate, both + only_baseline
    p1, p2 = candidate / n, baseline / n
    (l1, u1), (l2, u2) = wilson(candidate, n), wilson(baseline, n)
    product = candidate * (n - candidate) * baseline * (n - baseline)
    phi = 0.0
    if product > 0:
        cross = float(both * neither - only_baseline * only_candidate)
        if cross > n / 2:
            cross -= n / 2
        elif cross >= 0:
            cross = 0
        phi = cross / math.sqrt(product)
    delta = p1 - p2
    down = (p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2
    up = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2
    return delta - math.sqrt(max(0.0, down)), delta + math.sqrt(max(0.0, up))


def paired_bootstrap(candidate: Floats, baseline: Floats, weights: tuple[Floats, Floats]) -> Interval | None:
    """Return the 95 % percentile interval of the difference of two weighted means, over resampled pairs.

    For more than `MAX_RESAMPLED` pairs, its normal limit.

    Args:
        candidate: Values in [0, 1], shape [n].
        baseline: Values of the same samples in the same order, shape [n].
        weights: Of candidate and baseline, at least 0, shape [n] each.

    Returns:
        (low, high), or None if nothing has weight on either side.
    """
    w1, w0 = weights
    if len(candidate) == 0 or w1.sum() <= 0 or w0.sum() <= 0:
        return None
    if len(candidate) > MAX_RESAMPLED:
        influence = _influence(candidate, w1) - _influence(baseline, w0)
        delta = _ratio_of_sums(candidate, w1) - _ratio_of_sums(baseline, w0)
        low, high = _normal(influence, delta, lowest=-1.0)
    else:
        low, high = _bootstrapped(candidate, baseline, weights)
    if high - low < _ROUNDING:
        return _around((low + high) / 2, int(((w1 > 0) | (w0 > 0)).sum()), lowest=-1.0)
    return low, high


def _bootstrapped(candidate: Floats, baseline: Floats, weights: tuple[Floats, Floats]) -> Interval:
    w1, w0 = weights
    deltas = [
        _ratio(counts @ (candidate * w1), counts @ w1) - _ratio(counts @ (baseline * w0), counts @ w0)
        for counts in _resample_counts(len(candidate))
    ]
    return _percentiles(np.concatenate(deltas))


def _ratio_of_sums(values: Floats, weights: Floats) -> float:
    return float(values @ weights) / float(weights.sum())


def _influence(values: Floats, weights: Floats) -> Floats:
    """Return how far each sample moves the weighted mean, to first order; the squares sum to its variance."""
    moved: Floats = weights * (values - _ratio_of_sums(values, weights)) / weights.sum()
    return moved


def _normal(influence: Floats, centre: float, *, lowest: float) -> Interval:
    half = Z * math.sqrt(float(influence @ influence))
    return max(lowest, centre - half), min(1.0, centre + half)


def _around(value: float, n: int, *, lowest: float) -> Interval:
    """Return an interval around a value that all of n samples share, where resampling would show none.

    As wide as Wilson's for a share of which n samples have shown nothing.
    """
    unseen = wilson(0, n)[1]
    return max(lowest, value - unseen), min(1.0, value + unseen)


def _resample_counts(n: int) -> Any:
    """Yield how often each of n samples was drawn, shape [resamples, n], in chunks of bounded memory."""
    generator = np.random.default_rng(SEED)
    rows = max(1, min(RESAMPLES, 4_000_000 // n))
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        yield generator.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def _percentiles(values: Floats) -> Interval:
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)

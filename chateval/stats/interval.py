"""95 % intervals of means and of paired differences. None where there is nothing to say, never NaN."""

import math
from collections.abc import Sequence

import numpy as np

from chateval.stats.spread import Floats, freedom, influence, n_units, paired_error, root_sum, student

Interval = tuple[float, float]

Z = 1.959963984540054
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

    Raises:
        ValueError: If there is nothing to count.

    Source:
        Wilson (1927), JASA 22, 209-212.
    """
    if not 0 <= successes <= n or n < 1:
        raise ValueError(f"a share needs at least one sample and no more right ones than samples: {successes} of {n}")
    low, high = _wilson(successes / n, n, Z)
    return 0.0 if successes == 0 else low, 1.0 if successes == n else high


def _wilson(share: float, n: float, quantile: float) -> Interval:
    square = quantile * quantile
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = quantile * math.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def weighted_mean(values: Floats, weights: Floats) -> float | None:
    """Return sum(weight * value) / sum(weight); None if the weights sum to 0, or to more than a number can be."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(weights.sum())
        found = float(values @ weights) / total if total > 0 else math.nan
    return found if math.isfinite(found) and math.isfinite(total) else None


def mean_interval(values: Floats, weights: Floats) -> Interval | None:
    """Return the 95 % interval of a weighted mean over samples.

    Wilson's for 0/1 values of one weight. For the rest a score interval of the same form: the number of samples in
    it is the one at which a share would have the standard error of this mean, and the quantile is Student's. It stays
    in [0, 1], is not symmetric near the ends, and needs no resampling.

    Args:
        values: In [0, 1], shape [n]; means over clusters where samples share one (`group_clusters`).
        weights: At least 0, shape [n].

    Returns:
        (low, high), or None if nothing has weight.

    Source:
        Korn and Graubard (1998), Survey Methodology 24, 193-201, for the effective number of samples; Franco, Little,
        Louis and Slud (2019), Journal of Survey Statistics and Methodology 7, 334-364, for Wilson's form of it.
    """
    if weighted_mean(values, weights) is None:
        return None
    if is_share(values, weights):
        return wilson(int(values.sum()), len(values))
    mean = float(values @ weights) / float(weights.sum())
    units = n_units(weights)
    deviation = root_sum(influence(values, weights), units)
    if deviation < _ROUNDING:
        return _around(mean, units, lowest=0.0)
    return score_interval(mean, deviation, freedom(weights / weights.sum()), lowest=0.0)


def group_clusters(values: Floats, weights: Floats, labels: Sequence[str]) -> tuple[Floats, Floats]:
    """Return one value and weight per cluster, so that what follows counts clusters and not the samples within.

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
    return np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0), totals


def newcombe(both: int, only_baseline: int, only_candidate: int, neither: int) -> Interval:
    """Return the 95 % interval of candidate minus baseline for paired 0/1 scores.

    Args:
        both: Pairs that both have right. The sum of the four is at least 1.
        only_baseline: Pairs that only the baseline has right.
        only_candidate: Pairs that only the candidate has right.
        neither: Pairs that neither has right.

    Raises:
        ValueError: If there is no pair.

    Source:
        Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10.
    """
    n = both + only_baseline + only_candidate + neither
    if n < 1 or min(both, only_baseline, only_candidate, neither) < 0:
        raise ValueError("a difference needs at least one pair")
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


def paired_interval(candidate: Floats, baseline: Floats, weights: tuple[Floats, Floats]) -> Interval | None:
    """Return the 95 % interval of the difference of two weighted means over pairs.

    Newcombe's for 0/1 values of one weight; for the rest the score interval of `mean_interval` on [-1, 1], with the
    standard error of the difference within pairs.

    Args:
        candidate: Values in [0, 1], shape [n].
        baseline: Values of the same samples in the same order, shape [n].
        weights: Of candidate and baseline, at least 0, shape [n] each.

    Returns:
        (low, high), or None if nothing has weight on either side.
    """
    w1, w0 = weights
    if weighted_mean(candidate, w1) is None or weighted_mean(baseline, w0) is None or not np.isfinite((w1 + w0).sum()):
        return None
    if is_share(candidate, w1) and is_share(baseline, w0):
        return newcombe(*count_pairs(candidate, baseline))
    delta = float(candidate @ w1) / float(w1.sum()) - float(baseline @ w0) / float(w0.sum())
    deviation, degrees = paired_error(candidate, baseline, weights)
    if deviation < _ROUNDING:
        return _around(delta, n_units(w1 + w0), lowest=-1.0)
    return score_interval(delta, deviation, degrees, lowest=-1.0)


def count_pairs(candidate: Floats, baseline: Floats) -> tuple[int, int, int, int]:
    """Return how many pairs of 0/1 values both have right, only the baseline, only the candidate, and neither."""
    both = int(((candidate == 1) & (baseline == 1)).sum())
    lost, won = int((candidate < baseline).sum()), int((candidate > baseline).sum())
    return both, lost, won, len(candidate) - both - lost - won


def score_interval(mean: float, deviation: float, degrees: float, *, lowest: float) -> Interval:
    """Return Wilson's interval with the effective number of samples and a quantile of Student's t.

    Args:
        mean: Inside (lowest, 1).
        deviation: Its standard error, above 0.
        degrees: Of freedom, at least 1.
        lowest: Of what a value can be: 0 for means, -1 for differences.
    """
    span = 1.0 - lowest
    share = (mean - lowest) / span
    effective = share * (1 - share) * (span / deviation) ** 2
    low, high = _wilson(share, effective, student(0.975, degrees))
    return lowest + span * low, lowest + span * high


def _around(value: float, n: int, *, lowest: float) -> Interval:
    """Return an interval around a value that all of n samples share, which show no spread.

    As wide as Wilson's for a share of which n samples have shown nothing.
    """
    unseen = wilson(0, n)[1]
    return max(lowest, value - unseen), min(1.0, value + unseen)

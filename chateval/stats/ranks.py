"""Many subjects on the same samples -> which of them can be told apart, and which rank each may have."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chateval.stats.interval import Interval, mean_interval, score_interval, wilson
from chateval.stats.paired import MAX_SWAPPED, SWAPS
from chateval.stats.resample import SEED
from chateval.stats.spread import Floats, freedom, influence, n_units, root_sum

Places = NDArray[np.intp]
Stratum = tuple[Floats, Floats]
"""(values, weights), shape [n] each."""

ALPHA = 0.05
_CELLS = 4_000_000
"""Most random numbers, or differences of pairs, held at a time."""
_ROUNDING = 1e-9
_LARGEST_DEVIATION = 0.5
"""That a value in [0, 1] can have."""


def contributions(values: Floats, weights: Floats, clusters: Sequence[str]) -> Floats:
    """Return what each cluster of one stratum adds to the differences of the subjects' means.

    The sum of column j minus that of column k is the difference of their weighted means. A value that is common to
    all subjects adds nothing, so that swapping two subjects on a cluster turns the sign of what it adds.

    Args:
        values: In [0, 1], shape [n_samples, n_subjects].
        weights: At least 0, shape [n_samples, n_subjects]; each column sums to more than 0.
        clusters: Of each sample, length n_samples; a sample of its own has a label of its own.

    Returns:
        Shape [n_clusters, n_subjects].
    """
    common = float((values * weights).sum()) / float(weights.sum())
    added = weights * (values - common) / weights.sum(axis=0)
    order = {label: place for place, label in enumerate(dict.fromkeys(clusters))}
    if len(order) == len(added):
        return np.asarray(added, dtype=np.float64)
    summed: Floats = np.zeros((len(order), added.shape[1]))
    np.add.at(summed, [order[label] for label in clusters], added)
    return summed


def pairwise_p(strata: Sequence[Floats]) -> Floats:
    """Return the two-sided p of every pair's difference of macro means, adjusted for the number of pairs.

    The labels of two subjects may be swapped on every cluster if they are equally good: the signs of all differences
    are drawn anew 10,000 times, the same draw for all pairs. p is stepped down over the largest of the standardised
    differences, which is Holm's way made sharper by the pairs' dependence; for two subjects and 0/1 scores it is
    McNemar's exact test, but for the draws. Of strata with more than `MAX_SWAPPED` clusters the normal limit is drawn.

    Args:
        strata: What each cluster adds, shape [n_clusters, n_subjects] each; every stratum counts alike.

    Returns:
        Shape [n_subjects, n_subjects], symmetric, in (0, 1], 1 on the diagonal.

    Source:
        Romano and Wolf (2005), "Exact and approximate stepdown methods for multiple hypothesis testing", JASA 100,
        94-108; Westfall and Young (1993), "Resampling-based multiple testing", algorithm 2.8.
    """
    n_subjects = strata[0].shape[1]
    first, second = np.triu_indices(n_subjects, k=1)
    adjusted: Floats = np.ones((n_subjects, n_subjects))
    if not len(first):
        return adjusted
    spread = np.sqrt(np.maximum(_spread(strata, first, second), 0.0))
    told = spread > _ROUNDING
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=told)
    sums = np.array([stratum.sum(axis=0) for stratum in strata]).sum(axis=0)
    seen = np.abs(sums[first] - sums[second]) * scale
    order = np.argsort(-seen, kind="stable")
    reached = np.ones(len(order))
    for drawn in _drawn_sums(strata):
        rows = max(1, _CELLS // len(order))
        for start in range(0, len(drawn), rows):
            part = drawn[start : start + rows]
            moved = (np.abs(part[:, first] - part[:, second]) * scale)[:, order]
            highest = np.maximum.accumulate(moved[:, ::-1], axis=1)[:, ::-1]
            reached += (highest >= seen[order] - _ROUNDING).sum(axis=0)
    p = np.minimum(np.maximum.accumulate(reached / (SWAPS + 1)), 1.0)
    p = np.where(told[order], p, 1.0)
    adjusted[first[order], second[order]] = p
    adjusted[second[order], first[order]] = p
    return adjusted


def _spread(strata: Sequence[Floats], first: Places, second: Places) -> Floats:
    """Return the variance of each pair's difference under random signs, shape [n_pairs]."""
    inner = np.array([stratum.T @ stratum for stratum in strata]).sum(axis=0)
    own = np.diag(inner)
    found: Floats = own[first] + own[second] - 2 * inner[first, second]
    return found


def _drawn_sums(strata: Sequence[Floats]) -> Iterator[Floats]:
    """Yield the subjects' sums under random signs, shape [some draws, n_subjects], `SWAPS` draws in all."""
    generator = np.random.default_rng(SEED)
    small = [stratum for stratum in strata if len(stratum) <= MAX_SWAPPED]
    large = [stratum for stratum in strata if len(stratum) > MAX_SWAPPED]
    joined = np.concatenate(small) if small else np.zeros((0, strata[0].shape[1]))
    root = _root(np.array([stratum.T @ stratum for stratum in large]).sum(axis=0)) if large else None
    rows = max(1, min(SWAPS, _CELLS // max(1, len(joined))))
    for start in range(0, SWAPS, rows):
        size = min(rows, SWAPS - start)
        bits = np.frombuffer(generator.bytes(size * len(joined) // 8 + 1), dtype=np.uint8)
        signs = np.unpackbits(bits)[: size * len(joined)].reshape(size, len(joined)).astype(np.float64)
        drawn = 2 * (signs @ joined) - joined.sum(axis=0)
        if root is not None:
            drawn += generator.standard_normal((size, len(root))) @ root.T
        yield drawn


def _root(covariance: Floats) -> Floats:
    """Return a matrix whose product with its transpose is the covariance, which may be singular."""
    lengths, directions = np.linalg.eigh(covariance)
    root: Floats = directions * np.sqrt(np.maximum(lengths, 0.0))
    return root


def rank_intervals(means: Sequence[float], adjusted: Floats, *, alpha: float = ALPHA) -> list[tuple[int, int]]:
    """Return the best and the worst rank that each subject may have, all of them right together with 1 - alpha.

    Args:
        means: Of each subject; more is better.
        adjusted: p of each pair, adjusted over all pairs, shape [n_subjects, n_subjects].
        alpha: Below this, two subjects are told apart.

    Returns:
        (1 + number that are clearly better, n - number that are clearly worse), in the order of the subjects.

    Source:
        Mogstad, Romano, Shaikh and Wilhelm (2024), "Inference for ranks with applications to mobility across
        neighbourhoods and academic achievement across countries", Review of Economic Studies 91, 476-518,
        doi:10.1093/restud/rdad006.
    """
    values = np.asarray(means, dtype=np.float64)
    told = adjusted < alpha
    better = (told & (values[None, :] > values[:, None])).sum(axis=1)
    worse = (told & (values[None, :] < values[:, None])).sum(axis=1)
    return [(1 + int(up), len(values) - int(down)) for up, down in zip(better, worse, strict=True)]


def macro_interval(strata: Sequence[Stratum]) -> Interval:
    """Return the 95 % interval of the mean over strata of their weighted means, each stratum counting alike.

    The score interval of `mean_interval`, with the standard errors of the strata put together. Strata that show no
    spread lend none; where no stratum shows any, the interval is as wide as Wilson's for a share of which so many
    samples have shown nothing.

    Args:
        strata: (values in [0, 1], weights that sum to more than 0) over the samples or clusters of each, at least one.

    Source:
        Satterthwaite (1946), Biometrics Bulletin 2, 110-114, for the degrees of freedom; `mean_interval` for the rest.
    """
    n = len(strata)
    if n == 1:
        return mean_interval(*strata[0]) or (0.0, 1.0)
    centre = sum(float(values @ weights) / float(weights.sum()) for values, weights in strata) / n
    variances, degrees = np.array([_variance(values, weights) for values, weights in strata]).T
    total = float(variances.sum())
    deviation = math.sqrt(total) / n
    if deviation < _ROUNDING:
        together = n * n / sum(1 / n_units(weights) for _, weights in strata)
        unseen = wilson(0, max(1, round(together)))[1]
        return max(0.0, centre - unseen), min(1.0, centre + unseen)
    freedoms = total * total / float((variances * variances / degrees).sum())
    return score_interval(centre, deviation, freedoms, lowest=0.0)


def _variance(values: Floats, weights: Floats) -> tuple[float, float]:
    """Return the squared standard error of a weighted mean and its degrees of freedom; of one unit, the largest."""
    units = n_units(weights)
    if units < 2:
        return _LARGEST_DEVIATION**2, 1.0
    return root_sum(influence(values, weights), units) ** 2, freedom(weights / weights.sum())

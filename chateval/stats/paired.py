"""Paired tests and their adjustment for many: exact McNemar, paired permutation, Holm."""

import math
from collections.abc import Sequence

import numpy as np

from chateval.stats.interval import MAX_RESAMPLED, RESAMPLES, SEED, Floats, weighted_mean


def mcnemar(wins: int, losses: int) -> float:
    """Return the exact two-sided p of as uneven a split of discordant pairs; 1 if there is none.

    Args:
        wins: Pairs that only the candidate has right.
        losses: Pairs that only the baseline has right.

    Source:
        McNemar (1947), Psychometrika 12; the exact form is a binomial test with p = 1/2.
    """
    if wins + losses == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses, 0.5).pvalue)


def paired_permutation(candidate: Floats, baseline: Floats, weights: tuple[Floats, Floats]) -> float:
    """Return the two-sided p of a difference of weighted means when the labels of each pair may be swapped.

    10,000 random swaps with a fixed seed; the observed one counts too, so p is at least 1/10,001. For more than
    `MAX_RESAMPLED` pairs, the normal limit of all swaps.

    Args:
        candidate: Values in [0, 1], shape [n].
        baseline: Values of the same samples, shape [n].
        weights: Of candidate and baseline, shape [n] each.
    """
    w1, w0 = weights
    observed = abs((weighted_mean(candidate, w1) or 0.0) - (weighted_mean(baseline, w0) or 0.0))
    same = (candidate == baseline) & (w1 == w0)
    if bool(same.all()):
        return 1.0
    if len(candidate) > MAX_RESAMPLED:
        return _permuted_limit(observed, candidate, baseline, weights)
    generator = np.random.default_rng(SEED)
    n, extreme = len(candidate), 1
    rows = max(1, min(RESAMPLES, 4_000_000 // n))
    top1, top0 = candidate * w1, baseline * w0
    for start in range(0, RESAMPLES, rows):
        size = min(rows, RESAMPLES - start)
        swap = generator.integers(0, 2, size=(size, n)).astype(np.float64)
        first = _ratio(top1.sum() - swap @ (top1 - top0), w1.sum() - swap @ (w1 - w0))
        second = _ratio(top0.sum() + swap @ (top1 - top0), w0.sum() + swap @ (w1 - w0))
        extreme += int((np.abs(first - second) >= observed - 1e-12).sum())
    return extreme / (RESAMPLES + 1)


def _permuted_limit(observed: float, candidate: Floats, baseline: Floats, weights: tuple[Floats, Floats]) -> float:
    """Return p where swaps move the difference of the means normally, to first order around their common mean."""
    w1, w0 = weights
    total = float(w1.sum() + w0.sum())
    mean = float(candidate @ w1 + baseline @ w0) / total
    moved = 2 * (w1 * (candidate - mean) - w0 * (baseline - mean)) / total
    deviation = math.sqrt(float(moved @ moved))
    if deviation == 0:
        return 1.0
    return max(math.erfc(observed / deviation / math.sqrt(2)), 1 / (RESAMPLES + 1))


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p adjusted for their number, each in [p, 1]; tests that are missing (None) do not count.

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    present = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, index) in enumerate(present):
        highest = max(highest, min(1.0, (len(present) - rank) * p))
        adjusted[index] = highest
    return adjusted

"""Paired tests: exact McNemar, paired permutation."""

import math
from collections.abc import Iterator

import numpy as np

from chateval.stats.interval import weighted_mean
from chateval.stats.resample import SEED
from chateval.stats.spread import Floats

SWAPS = 10_000
MAX_SWAPPED = 1_000
"""With more pairs than this the normal limit of all swaps is used, at a bounded cost."""
MAX_ENUMERATED = 13
"""With at most so many pairs that differ every swap is made: 8,192 of them."""


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

    Every swap is made where at most `MAX_ENUMERATED` pairs differ, and p is exact. With more, 10,000 random ones with
    a fixed seed; the observed one counts too, so p is at least 1/10,001. For more than `MAX_SWAPPED` pairs, the normal
    limit of all swaps.

    Args:
        candidate: Values in [0, 1], shape [n].
        baseline: Values of the same samples, shape [n].
        weights: Of candidate and baseline, shape [n] each.

    Raises:
        ValueError: If a value or a weight is no number, or the weights sum to more than one can be.
    """
    w1, w0 = weights
    if not all(bool(np.isfinite(column).all()) for column in (candidate, baseline, w1 + w0)):
        raise ValueError("values and weights of pairs must be numbers")
    observed = abs((weighted_mean(candidate, w1) or 0.0) - (weighted_mean(baseline, w0) or 0.0))
    moving = (candidate != baseline) | (w1 != w0)
    n_moving = int(moving.sum())
    if n_moving == 0:
        return 1.0
    is_exact = n_moving <= MAX_ENUMERATED
    if not is_exact and len(candidate) > MAX_SWAPPED:
        return _permuted_limit(observed, candidate, baseline, weights)
    gains, shifts = (candidate * w1 - baseline * w0)[moving], (w1 - w0)[moving]
    top1, top0, all1, all0 = (float(column.sum()) for column in (candidate * w1, baseline * w0, w1, w0))
    extreme, n_swaps = 0, 0
    for swap in _all_swaps(n_moving) if is_exact else _random_swaps(n_moving):
        moved, shifted = swap @ gains, swap @ shifts
        deltas = _ratio(top1 - moved, all1 - shifted) - _ratio(top0 + moved, all0 + shifted)
        extreme += int((np.abs(deltas) >= observed - 1e-12).sum())
        n_swaps += len(swap)
    return extreme / n_swaps if is_exact else (extreme + 1) / (n_swaps + 1)


def _all_swaps(n: int) -> Iterator[Floats]:
    yield (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.float64)


def _random_swaps(n: int) -> Iterator[Floats]:
    """Yield which of n pairs are swapped, shape [swaps, n], in chunks of bounded memory."""
    generator = np.random.default_rng(SEED)
    rows = min(SWAPS, 4_000_000 // n)
    for start in range(0, SWAPS, rows):
        yield generator.integers(0, 2, size=(min(rows, SWAPS - start), n), dtype=np.int8).astype(np.float64)


def _permuted_limit(observed: float, candidate: Floats, baseline: Floats, weights: tuple[Floats, Floats]) -> float:
    """Return p where swaps move the difference of the means normally, to first order around their common mean."""
    w1, w0 = weights
    total = float(w1.sum() + w0.sum())
    mean = float(candidate @ w1 + baseline @ w0) / total
    moved = 2 * (w1 * (candidate - mean) - w0 * (baseline - mean)) / total
    deviation = math.sqrt(float(moved @ moved))
    if deviation == 0:
        return 1.0
    return max(math.erfc(observed / deviation / math.sqrt(2)), 1 / (SWAPS + 1))


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)

"""What so many pairs can show: the smallest difference, and the pairs that a difference needs."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from chateval.stats.spread import student

ALPHA = 0.05
"""Two-sided, of the test of a single comparison: not adjusted for the others of a run."""
POWER = 0.8
_MAX_EXACT = 20_000
"""Pairs beyond which the number needed is not searched for exactly."""
_MOST_NEEDED = 1e12
"""Pairs that nobody has; a delta that needs more is what rounding leaves."""
_MAX_TABLE = 16_384
"""Discordant pairs beyond which the normal limit stands for the exact test."""
_Z_ALPHA, _Z_POWER = 1.959963984540054, 0.8416212335729143
"""Normal quantiles of `ALPHA` and `POWER`."""


def mcnemar_power(n: int, discordant: float, delta: float) -> float:
    """Return the chance that exact McNemar shows a difference (p <= 0.05) in n pairs.

    Args:
        n: Pairs, at least 1.
        discordant: Share of pairs that only one side has right, in [0, 1]; at least the size of `delta` is taken.
        delta: Candidate minus baseline, in [-1, 1].

    Source:
        Duffy (1984), Biometrics 40, 1005-1015: the unconditional power, summed over the number of discordant pairs.
    """
    share = min(1.0, max(discordant, abs(delta)))
    if share <= 0:
        return 0.0
    from scipy.stats import binom

    spread = 9 * math.sqrt(n * share * (1 - share)) + 9
    counts = np.arange(max(0, math.floor(n * share - spread)), min(n, math.ceil(n * share + spread)) + 1)
    wins = 0.5 + abs(delta) / (2 * share)
    limits = _limits(counts)
    shown = binom.sf(limits, counts, wins) + binom.cdf(counts - limits - 1, counts, wins)
    return min(1.0, float(binom.pmf(counts, n, share) @ shown))


def detectable_share(n: int, discordant: float) -> float | None:
    """Return the smallest absolute delta of 0/1 scores that n pairs show with a power of 80 %.

    Args:
        n: Pairs.
        discordant: Share of pairs that only one side has right, in [0, 1], as seen; a larger delta brings as many.

    Returns:
        In (0, 1]; None where not even a delta of 1 would show: fewer than six pairs.
    """
    if n < 1 or mcnemar_power(n, discordant, 1.0) < POWER:
        return None
    low, high = 0.0, 1.0
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if mcnemar_power(n, discordant, middle) >= POWER else (middle, high)
    return high


def needed_share(discordant: float, delta: float) -> int | None:
    """Return how many pairs of 0/1 scores show a delta with a power of 80 %.

    Args:
        discordant: Share of pairs that only one side has right, in [0, 1]; at least the size of `delta` is taken.
        delta: Candidate minus baseline, in [-1, 1].

    Returns:
        Exact up to about 20,000, but for the saw teeth of an exact test; beyond that the normal limit. None if delta
        is 0, or so small that it would be more than `_MOST_NEEDED`.

    Source:
        Connor (1987), Biometrics 43, 207-211, for the normal limit.
    """
    size = abs(delta)
    if size == 0:
        return None
    share = max(discordant, size)
    root = (_Z_ALPHA * math.sqrt(share) + _Z_POWER * math.sqrt(share - size * size)) / size
    if not root * root <= _MOST_NEEDED:
        return None
    limit = math.ceil(root * root)
    if limit > _MAX_EXACT:
        return limit
    low, high = 5, 2 * limit + 20
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if mcnemar_power(middle, share, size) >= POWER else (middle, high)
    return high


def detectable_mean(deviation: float, degrees: float) -> float | None:
    """Return the smallest absolute delta that pairs with this spread show with a power of 80 %.

    Args:
        deviation: Standard error of delta, in its unit, above 0; over clusters where there are any.
        degrees: Of freedom, at least 1.

    Returns:
        In (0, 1]; None where it would be larger than a delta can be.

    Source:
        Miller (2024), "Adding Error Bars to Evals", section 5, with Student's quantiles in place of the normal ones.
    """
    found = (student(1 - ALPHA / 2, degrees) + student(POWER, degrees)) * deviation
    return found if found <= 1 else None


def needed_mean(deviation: float, units: int, delta: float) -> int | None:
    """Return how many units (samples, or clusters of them) show a delta with a power of 80 %.

    Args:
        deviation: Standard error of delta over the units seen.
        units: Seen, at least 2.
        delta: Candidate minus baseline.

    Returns:
        At least 2; None if delta is 0, or so small that it would be more than `_MOST_NEEDED`.

    Source:
        Guenther (1981), The American Statistician 35, 243-244, for what Student's t adds to the normal number.
    """
    if delta == 0:
        return None
    root = (_Z_ALPHA + _Z_POWER) * deviation / delta
    needed = units * root * root + _Z_ALPHA**2 / 2
    return max(2, math.ceil(needed)) if needed <= _MOST_NEEDED else None


def _limits(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for each number of discordant pairs the most wins that exact McNemar does not call a difference."""
    highest = int(counts[-1])
    if highest <= _MAX_TABLE:
        return _limit_table(1 << highest.bit_length())[counts]
    return np.floor(counts / 2 + _Z_ALPHA * np.sqrt(counts) / 2 - 0.5)


@cache
def _limit_table(size: int) -> NDArray[np.float64]:
    """Return the limits of 0 to `size` discordant pairs."""
    from scipy.stats import binom

    counts = np.arange(size + 1)
    limits: NDArray[np.float64] = np.maximum(binom.isf(ALPHA / 2, counts, 0.5), counts / 2)
    limits[0] = 0.0
    return limits

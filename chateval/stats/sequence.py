"""Confidence sequences: intervals that may be looked at after every sample, to stop as soon as they decide."""

import math

import numpy as np

from chateval.stats.interval import Interval
from chateval.stats.spread import Floats

_LARGEST_BET = 0.5
"""Most of the stake that a bet may lose."""
_STEPS = 40
"""Halvings of the range: limits are exact to 1e-12 of it."""


def confidence_sequence(values: Floats, *, lowest: float = -1.0, alpha: float = 0.05) -> Interval:
    """Return what is left of the range of a mean after all looks so far: the running intersection, at the last value.

    The chance that the true mean is *ever* outside, at any look of an endless sequence, is at most `alpha`; so a run
    may stop at the first look that decides. It holds for any bounded values whose mean does not change as they come:
    samples must be drawn in an order that knows nothing of their results.

    Args:
        values: In [lowest, 1], in the order in which they came, shape [n]. Paired differences as they stand.
        lowest: Of what a value can be: -1 for differences, 0 for scores.
        alpha: In (0, 1).

    Returns:
        (low, high) in [lowest, 1]: the whole range without values. Where the looks exclude every mean, which has a
        chance of at most `alpha`, both ends are the middle between the two that crossed.

    Raises:
        ValueError: If a value is not a number in [lowest, 1], or alpha is not in (0, 1).

    Source:
        Waudby-Smith and Ramdas (2023), "Estimating means of bounded random variables by betting", Journal of the Royal
        Statistical Society B 86, 1-27: the hedged capital process (theorem 3) with predictable plug-in bets.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha lies in (0, 1), not {alpha:g}")
    if not bool(((values >= lowest) & (values <= 1)).all()):
        raise ValueError(f"values of a confidence sequence lie in [{lowest:g}, 1]")
    span = 1.0 - lowest
    shares = (values - lowest) / span
    bets = _bets(shares, alpha)
    low = _excluded_up_to(shares, bets, alpha)
    high = 1.0 - _excluded_up_to(1.0 - shares, bets, alpha)
    if low > high:
        low = high = (low + high) / 2
    return lowest + span * low, lowest + span * high


def _bets(shares: Floats, alpha: float) -> Floats:
    """Return the size of the bet before each value, from the values before it only, shape [n]."""
    n = len(shares)
    counts = np.arange(1, n + 1)
    means = (0.5 + np.cumsum(shares)) / (counts + 1)
    variances = (0.25 + np.cumsum((shares - means) ** 2)) / (counts + 1)
    known = np.concatenate(([0.25], variances[:-1])) if n else variances
    bets: Floats = np.sqrt(2 * math.log(2 / alpha) / (known * counts * np.log1p(counts)))
    return bets


def _excluded_up_to(shares: Floats, bets: Floats, alpha: float) -> float:
    """Return the share below which every mean has been excluded at some look, in [0, 1].

    A bet against `mean` wins where values lie above it. Each factor of its capital falls as `mean` grows, and so does
    the largest capital ever held: halving the range finds where that passes 2 / alpha.
    """
    if len(shares) == 0:
        return 0.0
    needed = math.log(2 / alpha)
    excluded, kept = 0.0, 1.0
    for _ in range(_STEPS):
        mean = (excluded + kept) / 2
        stakes = np.minimum(bets, _LARGEST_BET / mean)
        capital = np.cumsum(np.log1p(stakes * (shares - mean)))
        if float(capital.max()) >= needed:
            excluded = mean
        else:
            kept = mean
    return excluded

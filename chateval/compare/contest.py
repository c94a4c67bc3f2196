"""Values of two sides on the same samples -> interval, test, and what so many pairs can show."""

import math
from dataclasses import dataclass

from chateval.stats import (
    Floats,
    count_pairs,
    detectable_mean,
    detectable_share,
    is_share,
    mcnemar,
    needed_mean,
    needed_share,
    paired_error,
    paired_interval,
    paired_permutation,
)

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Contest:
    """What statistics say of a candidate against its baseline."""

    low: float
    high: float
    """95 % paired interval of candidate minus baseline."""
    p: float
    """Two-sided."""
    detectable: float | None
    """Smallest absolute delta that so many pairs show with a power of 80 %; None where none would show."""
    n_needed: int | None
    """Pairs that would show the delta seen with a power of 80 %; None where there are as many, or delta is 0."""


def judge(candidate: tuple[Floats, Floats], baseline: tuple[Floats, Floats], n_pairs: int) -> Contest | None:
    """Return the interval, the test and the power of a difference; None where a side has no weight.

    Args:
        candidate: Values and weights of each unit: a sample, or a cluster of them; shape [n_units] each.
        baseline: Of the same units in the same order.
        n_pairs: Samples in them, at least as many as there are units.
    """
    (v1, w1), (v0, w0) = candidate, baseline
    interval = paired_interval(v1, v0, (w1, w0))
    if interval is None:
        return None
    delta = float(v1 @ w1 / w1.sum() - v0 @ w0 / w0.sum())
    if abs(delta) < _ROUNDING:
        delta = 0.0
    if is_share(v1, w1) and is_share(v0, w0):
        _, losses, wins, _ = count_pairs(v1, v0)
        p = mcnemar(wins, losses)
        discordant = (wins + losses) / len(v1)
        detectable, n_units = detectable_share(len(v1), discordant), needed_share(discordant, delta)
    else:
        p = paired_permutation(v1, v0, (w1, w0))
        deviation, degrees = paired_error(v1, v0, (w1, w0))
        if deviation < _ROUNDING:
            # pairs that all differ by as much show no spread: what is known is how many there are
            detectable, n_units = detectable_share(len(v1), 0.0), None
        else:
            detectable, n_units = detectable_mean(deviation, degrees), needed_mean(deviation, len(v1), delta)
    n_needed = math.ceil(n_units * n_pairs / len(v1)) if n_units is not None else None
    return Contest(*interval, p, detectable, n_needed if n_needed is not None and n_needed > n_pairs else None)

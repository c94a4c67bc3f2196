"""Whether a candidate is worse than its baseline by more than a margin."""

import math
from dataclasses import dataclass

from chateval.records import Outcome
from chateval.stats.interval import Interval, Z


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """What a paired interval says of a margin."""

    outcome: Outcome
    """`pass`: no drop beyond the margin; `fail`: a drop beyond it; `inconclusive`: the margin lies inside."""
    p: float
    """One-sided, of so good a delta where the true one is just the margin: at most 0.025 where the outcome is `pass`,
    at least 0.975 where it is `fail`."""


def non_inferiority(delta: float, interval: Interval, margin: float) -> NonInferiority:
    """Decide whether a candidate is no worse than its baseline by more than a margin.

    p is read off the interval: the distance of the margin, in units of the arm of the interval that points to it. So
    p and outcome never disagree, whichever method made the interval.

    Args:
        delta: Candidate minus baseline, in [-1, 1].
        interval: 95 % paired interval of delta.
        margin: Largest drop that is allowed, in [0, 1].

    Raises:
        ValueError: If the margin is not in [0, 1], or delta or the interval is no number.

    Source:
        Piaggio, Elbourne, Pocock, Evans and Altman (2012), JAMA 308, 2594-2604, figure 1, for the reading of the
        interval.
    """
    if not 0 <= margin <= 1:
        raise ValueError(f"a margin lies in [0, 1], not {margin:g}")
    low, high = interval
    if not all(map(math.isfinite, (delta, low, high))):
        raise ValueError(f"delta {delta:g} in [{low:g}, {high:g}] is no number")
    distance = delta + margin
    arm = delta - low if distance > 0 else high - delta
    if low >= -margin:
        outcome: Outcome = "pass"
    else:
        outcome = "fail" if high < -margin else "inconclusive"
    return NonInferiority(outcome, _tail(distance, arm))


def _tail(distance: float, arm: float) -> float:
    """Return the normal tail beyond a distance, where an arm of the interval is `Z` standard errors long."""
    if distance == 0:
        return 0.5
    if arm <= 0:
        return 0.0 if distance > 0 else 1.0
    from scipy.special import ndtr

    return float(ndtr(-distance / arm * Z))

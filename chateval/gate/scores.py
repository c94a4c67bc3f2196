"""Rules about scores: a mean or a difference with its interval against a limit."""

import math
from dataclasses import dataclass, replace

from chateval.records import Comparison, Estimate, Outcome, Report, Rule

_LEVEL, _POWER = 1.959963984540054, 0.8416212335729143
"""Normal quantiles of a two-sided level of 5 % and of a power of 80 %."""

Address = tuple[str, str, str]
"""(checkpoint, task, scorer)"""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule came to."""

    outcome: Outcome
    reason: str
    is_statistical: bool = False
    """It came from where the limit lies in the interval, and not from something missing."""


def judge_value(rule: Rule, address: Address, report: Report) -> Decision:
    """Hold a mean against `min_value`."""
    found = _estimate(address, report)
    if found is None or found.mean is None or found.low is None or found.high is None:
        return Decision("inconclusive", "nothing could be scored")
    if not all(map(math.isfinite, (found.mean, found.low, found.high))):
        return Decision("inconclusive", "the mean or its interval is no number")
    seen = f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}], n={found.n}"
    limit = rule.min_value or 0.0
    if found.n < rule.min_samples:
        return Decision("inconclusive", f"{seen}: fewer than {rule.min_samples} samples")
    if found.high < limit:
        return Decision("fail", f"{seen}: below {limit:g}", is_statistical=True)
    if found.n_unscored:
        return Decision("inconclusive", f"{seen}: {found.n_unscored} samples could not be evaluated")
    if found.low >= limit:
        return Decision("pass", f"{seen}: at least {limit:g}", is_statistical=True)
    return Decision("inconclusive", f"{seen}: {limit:g} lies inside the interval", is_statistical=True)


def judge_drop(rule: Rule, address: Address, report: Report) -> Decision:
    """Hold a difference against `max_drop`; what may not be compared is never a pass."""
    checkpoint, task, scorer = address
    for refusal in report.refusals:
        if (refusal.candidate, refusal.task) == (checkpoint, task) and refusal.scorer in ("*", scorer):
            return Decision("inconclusive", f"may not be compared: {refusal.reason}")
    found = next((one for one in report.comparisons if (one.candidate, one.task, one.scorer) == address), None)
    if found is None or found.delta is None or found.low is None or found.high is None:
        return Decision("inconclusive", "nothing could be compared")
    if not all(map(math.isfinite, (found.delta, found.low, found.high))):
        return Decision("inconclusive", "the difference or its interval is no number")
    unasked = f" ({found.n_unasked} more samples were asked of one side only)" if found.n_unasked else ""
    seen = f"{found.delta:+.3f} [{found.low:+.3f}, {found.high:+.3f}], {found.n_pairs} pairs{unasked}"
    limit = 0.0 - (rule.max_drop or 0.0)
    if found.n_pairs < rule.min_samples:
        return Decision("inconclusive", f"{seen}: fewer than {rule.min_samples} samples")
    noise = next((one for one in report.noise if (one.task, one.scorer) == (task, scorer)), None)
    decision = _held(found, found.low, found.high, limit, seen)
    if noise is None or decision.outcome == "inconclusive":
        return decision
    if rule.tag is not None:
        return replace(decision, reason=f"{decision.reason}; noise was measured on the whole task")
    reach = max(noise.delta, found.noise or 0.0)
    stands = found.high + reach < limit if decision.outcome == "fail" else found.low - reach >= limit
    if stands:
        return decision
    return Decision(
        "inconclusive",
        f"{seen}: against the margin of {limit:+g} it is within the noise of {reach:.3f} that the baseline "
        f"shows against itself ({noise.n_reruns} reruns)",
        is_statistical=True,
    )


def _held(found: Comparison, low: float, high: float, limit: float, seen: str) -> Decision:
    """Decide by where the limit lies."""
    if high < limit:
        return Decision("fail", f"{seen}: worse than the margin of {limit:+g}", is_statistical=True)
    if found.n_dropped > found.n_unasked:
        n_lost = found.n_dropped - found.n_unasked
        return Decision("inconclusive", f"{seen}: {n_lost} samples could not be evaluated on both sides")
    if low >= limit:
        return Decision("pass", f"{seen}: no drop beyond {limit:+g}", is_statistical=True)
    needed = _pairs_to_decide(found, low, high, limit)
    return Decision("inconclusive", f"{seen}: the margin of {limit:+g} lies inside the interval{needed}", True)


def _pairs_to_decide(found: Comparison, low: float, high: float, limit: float) -> str:
    """Return how many pairs would decide a margin with a power of 80 % if delta is what it seems; empty if too many.

    An interval narrows with the root of the pairs: its arm and the reach of the power must fit between the two.
    """
    distance = abs((found.delta or 0.0) - limit)
    arm = (high - low) / 2 * (1 + _POWER / _LEVEL)
    if distance * 100 < arm:
        return ""
    return f"; about {math.ceil(found.n_pairs * (arm / distance) ** 2):,} pairs would decide it if delta stays"


def judge_unscored(rule: Rule, address: Address, report: Report) -> Decision:
    """Hold the share of unscored samples against `max_unscored`."""
    found = _estimate(address, report)
    n = found.n + found.n_unscored if found is not None else 0
    if found is None or not n:
        return Decision("inconclusive", "no sample was scored or tried")
    share, limit = found.n_unscored / n, rule.max_unscored or 0.0
    outcome: Outcome = "pass" if share <= limit else "fail"
    return Decision(outcome, f"{share:.3f} ({found.n_unscored} of {n} samples); allowed {limit:g}")


def _estimate(address: Address, report: Report) -> Estimate | None:
    return next((one for one in report.estimates if (one.checkpoint, one.task, one.scorer) == address), None)

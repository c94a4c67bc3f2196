"""What checkpoints cost, and which of them are dominated: another costs no more and scores no less."""

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from chateval.compare.subjects import Subject
from chateval.records.leaderboard import By, Cost, CostName, Priced, Standing, Tradeoff

COSTS: Mapping[CostName, tuple[str, bool]] = {
    "parameters": ("n_parameters", True),
    "tokens per second": ("tokens_per_second", False),
    "peak memory": ("peak_bytes", True),
    "output tokens per answer": ("output_tokens", True),
}
"""Name -> (field of `Cost`, whether less is better)."""


def cost_of(subject: Subject) -> Cost:
    """Return what a checkpoint took in its run."""
    summary = subject.summary
    effort = next((found for found in subject.run.efforts if found.checkpoint == summary.name), None)
    return Cost(
        n_parameters=summary.n_parameters,
        tokens_per_second=effort.tokens_per_second if effort else None,
        peak_bytes=effort.peak_bytes if effort else None,
        output_tokens=summary.n_output_tokens / summary.n_responses if summary.n_output_tokens else None,
    )


def find_tradeoffs(standings: Sequence[Standing], by: By) -> Iterator[Tradeoff]:
    """Yield score against each cost that at least two checkpoints have, and that is not the same for all."""
    for name, (field, is_less_better) in COSTS.items():
        priced = [(found, float(cost)) for found in standings if (cost := attrgetter(field)(found.cost)) is not None]
        if len({cost for _, cost in priced}) < 2:
            continue
        points = [(found.checkpoint, cost, _score(found, by)) for found, cost in priced]
        yield Tradeoff(
            name,
            is_less_better,
            tuple(Priced(*point, dominated_by(point, points, is_less_better=is_less_better)) for point in points),
        )


def _score(found: Standing, by: By) -> float:
    return found.win_rate if by == "win-rate" and found.win_rate is not None else found.mean


def dominated_by(
    point: tuple[str, float, float], others: Sequence[tuple[str, float, float]], *, is_less_better: bool
) -> str | None:
    """Return the best of those that dominate a point (name, cost, score); None where it lies on the front."""
    _, cost, score = point
    sign = 1 if is_less_better else -1
    found = [
        (-other_score, sign * other_cost, name)
        for name, other_cost, other_score in others
        if other_score >= score and sign * other_cost <= sign * cost and (other_cost, other_score) != (cost, score)
    ]
    return min(found)[2] if found else None

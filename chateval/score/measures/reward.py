"""Measures of what preference training did: the implicit rewards of chosen and rejected answers, and their margin."""

import math
from collections.abc import Callable, Sequence

from chateval.records import Case
from chateval.score.measures.record import Measure, Row, from_cases, mean
from chateval.score.preference import NoRewardError, Rewards, implicit_rewards


def reward_margin(*, beta: float = 0.1) -> Measure:
    """Return the mean margin: how much further the chosen answer moved from the baseline than the rejected one.

    Args:
        beta: As in the training, above 0; the figure is in its unit.

    Raises:
        ValueError: If beta is not a finite number above 0.

    Source:
        Rafailov et al. (2023), "Direct Preference Optimization", section 4; `rewards/margins` of TRL's DPOTrainer.
    """
    return _reward("reward_margin", "margin", beta, lambda found: found.margin)


def reward_chosen(*, beta: float = 0.1) -> Measure:
    """Return the mean implicit reward of the chosen answers, `rewards/chosen` of TRL; below 0 they lost probability.

    Args:
        beta: As in `reward_margin`.

    Raises:
        ValueError: If beta is not a finite number above 0.
    """
    return _reward("reward_chosen", "of the chosen answer", beta, lambda found: found.chosen)


def reward_rejected(*, beta: float = 0.1) -> Measure:
    """Return the mean implicit reward of the rejected answers, `rewards/rejected` of TRL.

    Args:
        beta: As in `reward_margin`.

    Raises:
        ValueError: If beta is not a finite number above 0.
    """
    return _reward("reward_rejected", "of the rejected answer", beta, lambda found: found.rejected, is_less_better=True)


def _reward(
    name: str, what: str, beta: float, part: Callable[[Rewards], float], *, is_less_better: bool = False
) -> Measure:
    if isinstance(beta, bool) or not isinstance(beta, int | float) or not 0 < beta < math.inf:
        raise ValueError(f"beta: {beta!r} is not a number above 0")

    def collect(cases: Sequence[Case]) -> Row | None:
        try:
            return part(implicit_rewards(cases[0], beta=beta)), 1.0
        except NoRewardError:
            return None

    return Measure(
        name=name,
        unit=f"implicit reward {what} against the baseline, nats times beta {beta:g}, 0 for the baseline",
        is_less_better=is_less_better,
        collect=from_cases(collect),
        finish=mean,
        output="choose",
        reads_reference=True,
    )

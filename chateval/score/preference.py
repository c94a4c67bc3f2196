"""Scorers of preference pairs: which answer is the more probable one, and what training made of it."""

import math
from dataclasses import dataclass

from chateval.records import Case, Mark, Response
from chateval.score.choice import DIVISORS, fault_in


class NoRewardError(Exception):
    """The log-probabilities of a pair or of its reference cannot be used; says why."""


@dataclass(frozen=True, slots=True)
class Rewards:
    """What a checkpoint gives the two answers of a pair beyond what the reference gives them, nats times beta."""

    chosen: float
    rejected: float

    @property
    def margin(self) -> float:
        """Above 0 where the chosen answer gained on the rejected one."""
        return self.chosen - self.rejected


def preference(case: Case, *, normalise: str = "none") -> Mark:
    """Ask whether the chosen answer, the target, is more probable than the rejected one.

    Args:
        case: A response with `choice_logprobs`, and its sample, which has two choices.
        normalise: What the sum over the tokens of an answer is divided by: `none`, which favours short answers,
            `tokens`, `characters` or `bytes`. Where the task has `choices_end_turn`, the end of turn is one of the
            tokens, and no character.

    Returns:
        1.0 if it is, else 0.0, also where both are equally probable; None if the response has no usable
        log-probabilities. The answer is the more probable one.

    Raises:
        ValueError: If the sample is no pair, or `normalise` is none of the four.

    Source:
        Lambert et al. (2024), "RewardBench", section 3, for the sum and the mean per token of DPO's policies.
    """
    if normalise not in DIVISORS:
        raise ValueError(f"normalise: {normalise!r} is not one of {', '.join(DIVISORS)}")
    chosen, rejected = check_pair(case)
    logprobs = case.response.choice_logprobs
    fault = fault_in(2, logprobs)
    if fault:
        return Mark(None, reason=fault)
    texts = case.sample.choices
    worth = [math.fsum(of) / DIVISORS[normalise](text, of) for text, of in zip(texts, logprobs, strict=True)]
    told = f"{worth[chosen]:.4g} for the chosen answer, {worth[rejected]:.4g} for the rejected one"
    if worth[chosen] == worth[rejected]:
        return Mark(0.0, reason="both are equally probable")
    is_right = worth[chosen] > worth[rejected]
    return Mark(float(is_right), answer=texts[chosen if is_right else rejected], reason=told)


def reward_accuracy(case: Case) -> Mark:
    """Ask whether the chosen answer gained on the rejected one, with the baseline of the run as the reference.

    Args:
        case: As for `preference`, and `case.reference`, the baseline's response to the same sample.

    Returns:
        1.0 if its implicit reward is the higher one, 0.0 if it is the lower one, and 0.5 where nothing moved, so that
        the baseline itself has 0.5 throughout; None if either side has no usable log-probabilities.

    Raises:
        ValueError: If the sample is no pair.

    Source:
        Rafailov et al. (2023), "Direct Preference Optimization", section 4; `rewards/accuracies` of TRL's DPOTrainer,
        which counts a tie as 0.
    """
    try:
        found = implicit_rewards(case, beta=1.0)
    except NoRewardError as error:
        return Mark(None, reason=str(error))
    value = 0.5 if found.margin == 0 else float(found.margin > 0)
    verdict = {0.0: "lost on the rejected answer", 0.5: "moved no nearer to either"}.get(value, "gained on it")
    told = f"{found.chosen:+.4g} nats for the chosen answer, {found.rejected:+.4g} for the rejected one"
    return Mark(value, answer=f"{found.margin:+.4g}", reason=f"{verdict}: {told}, against the baseline")


def implicit_rewards(case: Case, *, beta: float) -> Rewards:
    """Return beta times the log-ratio of checkpoint and reference for both answers of a pair.

    Args:
        case: With a reference.
        beta: As in the training, above 0.

    Raises:
        NoRewardError: If either side has no finite log-probabilities.
        ValueError: If the sample is no pair.

    Source:
        Rafailov et al. (2023), equation 5 without its partition function, which a difference of two does not need.
    """
    chosen, rejected = check_pair(case)
    own = _sums(case.response, "the response")
    if case.reference is None:
        raise NoRewardError("the baseline has no answer to compare with")
    theirs = _sums(case.reference, "the baseline's response")
    return Rewards(*(beta * (own[place] - theirs[place]) for place in (chosen, rejected)))


def check_pair(case: Case) -> tuple[int, int]:
    """Return where the chosen and the rejected answer stand among the choices.

    Raises:
        ValueError: If the sample has not two choices, one of them the target.
    """
    choices = case.sample.choices
    if len(choices) != 2:
        raise ValueError(f"a preference is between two choices, found {len(choices)}")
    if case.sample.target not in choices:
        raise ValueError(f"target {case.sample.target!r}: not one of the 2 choices")
    if choices[0] == choices[1]:
        raise ValueError("the chosen and the rejected answer are the same")
    chosen = choices.index(case.sample.target)
    return chosen, 1 - chosen


def _sums(response: Response, whose: str) -> list[float]:
    if response.error is not None:
        raise NoRewardError(f"{whose} is an error: {response.error}")
    if fault := fault_in(2, response.choice_logprobs):
        raise NoRewardError(f"{whose}: {fault}")
    sums = [math.fsum(tokens) for tokens in response.choice_logprobs]
    if not all(map(math.isfinite, sums)):
        raise NoRewardError(f"{whose}: an answer has no probability above 0")
    return sums

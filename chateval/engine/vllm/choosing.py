"""Prompt with choices -> requests of vLLM -> the log-probability of each token of each choice."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chateval.engine.batch import error_response
from chateval.engine.vllm.generating import NON_FINITE, Request
from chateval.records import Prompt, Response

Ids = tuple[int, ...]

MOST_NEXT = 128
"""Tokens whose log-probabilities vLLM gives at one place, at most."""


@dataclass(frozen=True, slots=True)
class Step:
    """A request: the beginning of choices after their prompt, and the tokens that come next in them."""

    beginning: Ids
    next_ids: Ids


@dataclass(slots=True)
class Choosing:
    """The choices of a prompt under way."""

    prompt: Prompt
    steps: list[Step] = field(default_factory=list)
    values: dict[Ids, float] = field(default_factory=dict)
    """Beginning of a choice -> log-probability of its last token."""
    n_left: int = 0

    def requests(self) -> list[Request]:
        """Return what vLLM is asked: at each step, the softmax of the bare logits at the ids that come next.

        `prompt_logprobs` would ask a choice at once, but it computes the prompt anew for each (the cache is passed
        by), and with adapters vLLM 0.32 fails on it.
        """
        from vllm import SamplingParams

        self.steps = plan_steps(self.prompt.choice_ids)
        self.n_left = len(self.steps)
        return [
            (
                [*self.prompt.ids, *step.beginning],
                SamplingParams(
                    max_tokens=1,
                    temperature=0,
                    ignore_eos=True,
                    detokenize=False,
                    logprob_token_ids=list(step.next_ids),
                ),
            )
            for step in self.steps
        ]

    def take(self, index: int, output: Any) -> bool:
        """Take what vLLM says of a step; return whether it was the last one to come."""
        if not output.finished:
            return False
        step, found = self.steps[index], output.outputs[0].logprobs
        for token in step.next_ids:
            if found and token in found[0]:
                self.values[*step.beginning, token] = found[0][token].logprob
        self.n_left -= 1
        return self.n_left == 0

    def response(self) -> Response:
        """Return the log-probabilities, or an error where one is missing or not finite: never a number made up."""
        prompt = self.prompt
        wanted = [[choice[: end + 1] for end in range(len(choice))] for choice in prompt.choice_ids]
        missing = [beginning for choice in wanted for beginning in choice if beginning not in self.values]
        if missing:
            return error_response(prompt, f"vLLM gave no log-probability of token {missing[0][-1]} of a choice")
        if not all(math.isfinite(self.values[beginning]) for choice in wanted for beginning in choice):
            return error_response(prompt, f"{NON_FINITE} while scoring the choices")
        return Response(
            prompt.sample_id,
            "",
            "eos",
            n_prompt_tokens=len(prompt.ids),
            choice_logprobs=tuple(tuple(self.values[beginning] for beginning in choice) for choice in wanted),
            repeat=prompt.repeat,
        )


def plan_steps(choices: Sequence[Ids]) -> list[Step]:
    """Return what has to be asked to score choices, each distinct beginning once, the shortest first.

    vLLM reads the prompt of every step but the first from its cache, all but the last block that is not full.
    """
    found: dict[Ids, list[int]] = {}
    pairs = [(choice[:end], choice[end]) for choice in choices for end in range(len(choice))]
    for beginning, token in sorted(pairs, key=lambda pair: len(pair[0])):
        nexts = found.setdefault(beginning, [])
        if token not in nexts:
            nexts.append(token)
    return [
        Step(beginning, tuple(nexts[start : start + MOST_NEXT]))
        for beginning, nexts in found.items()
        for start in range(0, len(nexts), MOST_NEXT)
    ]

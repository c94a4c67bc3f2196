"""Log-probabilities of choices after a prompt of ids, in whichever way a server gives them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chateval.engine.openai.client import Client
from chateval.engine.openai.door import COMPLETIONS, may_do_otherwise
from chateval.engine.openai.exchange import Refused, RequestFailed
from chateval.engine.openai.reply import read_named_logprobs, read_prompt_logprobs
from chateval.errors import CheckpointError

Ids = tuple[int, ...]

ECHOES: Sequence[Mapping[str, Any]] = (
    {"prompt_logprobs": 0},
    {"echo": True, "logprobs": 1, "return_tokens_as_token_ids": True},
    {"echo": True, "logprobs": 1},
)
"""Ways to ask for the log-probabilities of a whole prompt: vLLM's own, and those of OpenAI's old completions."""

MOST_NAMED = 20
"""Tokens asked for at one place; what vLLM gives unless it was started with another `--max-logprobs`."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """How one model scores choices."""

    client: Client
    model: str
    spell: Callable[[int], str]
    """Returns the text of one id."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """What the user puts into each request."""
    echo: Mapping[str, Any] | None = None
    """How the log-probabilities of a whole prompt are asked for; None where the tokens of choices are named."""

    async def score(self, prompt: Ids, choices: Sequence[Ids]) -> tuple[tuple[float, ...], ...]:
        """Return the log-probability of each token of each choice; what choices share is asked once.

        Raises:
            RequestFailed: If one of them is missing.
        """
        if self.echo is None:
            return await self._score_named(prompt, choices)
        rows = list(dict.fromkeys(choices))
        values = await asyncio.gather(*(self._echo([*prompt, *row]) for row in rows))
        found = {row: value[-len(row) :] for row, value in zip(rows, values, strict=True)}
        return tuple(found[choice] for choice in choices)

    async def _score_named(self, prompt: Ids, choices: Sequence[Ids]) -> tuple[tuple[float, ...], ...]:
        """Ask at each place where choices part for the tokens that come next: one request where all have one token.

        vLLM takes the prompt from its cache for the next ones, which `prompt_logprobs` passes by; with adapters those
        end vLLM 0.32.
        """
        following: dict[Ids, dict[int, None]] = {}
        for choice in choices:
            for place, number in enumerate(choice):
                following.setdefault(choice[:place], {})[number] = None
        steps = [
            (start, list(numbers)[first : first + MOST_NAMED])
            for start, numbers in following.items()
            for first in range(0, len(numbers), MOST_NAMED)
        ]
        values = await asyncio.gather(*(self._name([*prompt, *start], numbers) for start, numbers in steps))
        found = {
            (*start, number): value
            for (start, numbers), of_step in zip(steps, values, strict=True)
            for number, value in zip(numbers, of_step, strict=True)
        }
        return tuple(tuple(found[choice[: place + 1]] for place in range(len(choice))) for choice in choices)

    async def _echo(self, ids: list[int]) -> tuple[float, ...]:
        reply = await self._ask(ids, self.echo or {})
        return read_prompt_logprobs(reply, self.model, ids, self.spell)

    async def _name(self, ids: list[int], numbers: list[int]) -> tuple[float, ...]:
        fields = {"logprobs": 0, "return_token_ids": True, "return_tokens_as_token_ids": True}
        return read_named_logprobs(
            await self._ask(ids, {**fields, "logprob_token_ids": numbers}), self.model, ids, numbers
        )

    async def _ask(self, ids: list[int], fields: Mapping[str, Any]) -> Any:
        body = {"model": self.model, "prompt": ids, "max_tokens": 1, "temperature": 0, "n": 1}
        return await self.client.ask(COMPLETIONS, {**body, **self.body, **fields})


def find_scoring(
    client: Client, model: str, ids: Ids, *, spell: Callable[[int], str], body: Mapping[str, Any]
) -> Scoring:
    """Find out with one choice how a server gives log-probabilities.

    Args:
        client: Of the server.
        model: As it is served.
        ids: A short prompt and one token that may follow it.
        spell: Returns the text of one id.
        body: What the user puts into each request.

    Raises:
        CheckpointError: If it gives none.
    """
    said: list[str] = []
    for echo in (None, *ECHOES):
        way = Scoring(client, model, spell, body, echo)
        try:
            client.wait(way.score(ids[:-1], [ids[-1:]]))
        except (RequestFailed, Refused) as fault:
            words = client.redact(str(fault))
            if not may_do_otherwise(fault):
                raise CheckpointError(f"{client.address}: {words}") from None
            said.append(f"{'logprob_token_ids' if echo is None else next(iter(echo))}: {words}")
        else:
            return way
    raise CheckpointError(
        f"{client.address} gives no log-probabilities of a prompt, which tasks with choices need; use --engine "
        f"transformers or vllm ({'; '.join(said)})"
    )

"""Answers held against the plain way: `model.generate` and one forward pass a choice, one prompt at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

from chateval.engine import Engine
from chateval.errors import ConfigError, EngineError
from chateval.records import Prompt, Response

TOLERANCE = 1e-4
"""Largest difference of a log-probability in float32, natural log; two tokens closer than this are a tie."""


class PlainEngine(Engine, Protocol):
    """An engine that can also answer the plain way."""

    def respond_plainly(self, prompts: Sequence[Prompt]) -> list[Response]:
        """Return one response per prompt, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the answers of a checkpoint are from those of the plain way."""

    checkpoint: str
    dtype: str
    n_choices: int
    largest: float
    """Largest difference of the log-probability of a token of a choice, natural log; 0.0 without choices."""
    n_answers: int
    n_other: int
    """Answers with another token somewhere, ties in float32 not counted."""

    def __str__(self) -> str:
        said = []
        if self.n_choices:
            said.append(f"{self.n_choices} choices, log-probabilities at most {self.largest:.1e} apart")
        if self.n_answers:
            said.append(f"{self.n_answers - self.n_other} of {self.n_answers} answers equal")
        return f"{self.checkpoint} ({self.dtype}) against the plain way: {'; '.join(said) or 'nothing to compare'}"


def verify(checkpoint: str, dtype: str, engine: Engine, asked: Sequence[tuple[Prompt, Response]]) -> Verified:
    """Answer prompts again the plain way and compare.

    Args:
        checkpoint: Its name.
        dtype: float32 is held to `TOLERANCE`; of the others the difference is told.
        engine: One that can answer the plain way.
        asked: Prompts with the responses to check; those at fault are left out.

    Raises:
        ConfigError: If the engine has no plain way.
        EngineError: If an answer in float32 differs.
    """
    if not hasattr(engine, "respond_plainly"):
        raise ConfigError(f"--verify-scoring: {engine.identity['engine']} has no plain way; use --engine transformers")
    plain = cast(PlainEngine, engine)
    sound = [(prompt, found) for prompt, found in asked if found.error is None]
    expected = plain.respond_plainly([prompt for prompt, _ in sound])
    is_exact = dtype == "float32"
    largest, n_choices, n_answers, n_other = 0.0, 0, 0, 0
    for (prompt, found), other in zip(sound, expected, strict=True):
        if prompt.choice_ids:
            n_choices += len(prompt.choice_ids)
            largest = max(largest, _distance(found, other))
        elif prompt.decoding.temperature == 0:
            n_answers += 1
            n_other += found.output_ids != other.output_ids and not (is_exact and _is_tie(plain, prompt, found, other))
    result = Verified(checkpoint, dtype, n_choices, largest, n_answers, n_other)
    if is_exact and (largest > TOLERANCE or n_other):
        raise EngineError(f"{result}; in float32 they must agree to {TOLERANCE:.0e}: do not trust these numbers")
    return result


def _distance(found: Response, other: Response) -> float:
    if other.error is not None or [len(c) for c in found.choice_logprobs] != [len(c) for c in other.choice_logprobs]:
        return float("inf")
    pairs = zip(found.choice_logprobs, other.choice_logprobs, strict=True)
    return max(abs(one - two) for choice, plain in pairs for one, two in zip(choice, plain, strict=True))


def _is_tie(plain: PlainEngine, prompt: Prompt, found: Response, other: Response) -> bool:
    """Return whether the first two tokens that differ are equally probable, as far as float32 tells."""
    pairs = list(zip(found.output_ids, other.output_ids, strict=False))
    place = next((index for index, (one, two) in enumerate(pairs) if one != two), None)
    if place is None:
        return False
    tokens = ((pairs[place][0],), (pairs[place][1],))
    [scored] = plain.respond_plainly([replace(prompt, ids=prompt.ids + found.output_ids[:place], choice_ids=tokens)])
    return bool(scored.choice_logprobs) and abs(scored.choice_logprobs[0][0] - scored.choice_logprobs[1][0]) < TOLERANCE

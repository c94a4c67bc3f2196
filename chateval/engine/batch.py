"""What is planned together: the beginning that the prompts of a task share, and choices under a token budget."""

from collections.abc import Callable, Sequence

from chateval.engine.base import Batch
from chateval.records import Prompt, Response

WORTH_SHARING_TOKENS = 256
"""Tokens that a shared beginning must save in all before it is run by itself."""


def plan_batches(prompts: Sequence[Prompt], *, n_tokens: int) -> list[Batch]:
    """Plan the prompts of a task: those that generate as one batch, those with choices longest first in several.

    Args:
        prompts: In any order; the plan depends on their ids and addresses only.
        n_tokens: Most tokens that a batch of choices computes; a single longer prompt is a batch of its own.
    """
    n_shared = count_shared([prompt.ids for prompt in prompts])
    n_shared = n_shared if n_shared * (len(prompts) - 1) >= WORTH_SHARING_TOKENS else 0
    generating = tuple(prompt for prompt in prompts if not prompt.choice_ids)
    found = [Batch(generating, n_shared)] if generating else []
    held: list[Prompt] = []
    n_held = 0
    choosing = [prompt for prompt in prompts if prompt.choice_ids]
    for prompt in sorted(choosing, key=lambda p: (-_n_computed(p), p.sample_id, p.repeat)):
        n_own = _n_computed(prompt) - n_shared
        if held and n_held + n_own > n_tokens:
            found.append(Batch(tuple(held), n_shared))
            held, n_held = [], 0
        held.append(prompt)
        n_held += n_own
    return [*found, Batch(tuple(held), n_shared)] if held else found


def _n_computed(prompt: Prompt) -> int:
    """Return how many tokens a prompt and its choices are, at most."""
    return len(prompt.ids) + sum(len(ids) - 1 for ids in prompt.choice_ids)


def count_shared(all_ids: Sequence[tuple[int, ...]]) -> int:
    """Return how many ids all begin with, one less than the shortest has at most; 0 for fewer than two."""
    if len(all_ids) < 2:
        return 0
    first, last = min(all_ids), max(all_ids)  # what these two share, all do
    limit = min(len(ids) for ids in all_ids) - 1
    return next((place for place in range(limit) if first[place] != last[place]), limit)


def respond_or_halve(
    batch: Sequence[Prompt], respond: Callable[[Sequence[Prompt]], list[Response]], on_halved: Callable[[int], None]
) -> list[Response]:
    """Answer a batch; where memory runs out, answer its halves. A single prompt that does not fit is an error.

    Args:
        batch: At least one prompt.
        respond: Answers a batch or raises an out-of-memory error.
        on_halved: Is told how many prompts did not fit together.
    """
    try:
        return respond(batch)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        if len(batch) == 1:
            return [error_response(batch[0], f"out of memory on a prompt of {len(batch[0].ids):,} tokens by itself")]
        on_halved(len(batch))
    middle = len(batch) // 2
    return [
        response for half in (batch[:middle], batch[middle:]) for response in respond_or_halve(half, respond, on_halved)
    ]


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on any device."""
    if isinstance(error, MemoryError) or type(error).__name__ in ("OutOfMemoryError", "AcceleratorError"):
        return isinstance(error, MemoryError) or "out of memory" in str(error).lower()
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text or "cannot allocate memory" in text


def error_response(prompt: Prompt, reason: str) -> Response:
    """Return the response of a prompt that could not be answered."""
    return Response(prompt.sample_id, "", "error", n_prompt_tokens=len(prompt.ids), error=reason, repeat=prompt.repeat)

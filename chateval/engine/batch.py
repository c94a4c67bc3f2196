"""Batches: prompts of like length together, under a token budget; halved when memory runs out."""

import logging
from collections.abc import Callable, Sequence

from chateval.records import Prompt, Response

MAX_ROWS = 32
MAX_TOKENS = 16_384
"""Padded tokens of prompts and answers in one batch."""

logger = logging.getLogger(__name__)


def plan_batches(
    prompts: Sequence[Prompt], *, max_rows: int = MAX_ROWS, max_tokens: int = MAX_TOKENS, equal_length: bool = False
) -> list[list[Prompt]]:
    """Group prompts by length, longest first, so that the largest batch shows at once whether it fits.

    Args:
        prompts: In any order; the plan depends on their lengths and addresses only.
        max_rows: Most rows of a batch; the choices of one prompt are rows.
        max_tokens: Most padded tokens of a batch; a single longer prompt is a batch of its own.
        equal_length: Put only prompts of equal length together, so that nothing is padded.
    """
    ordered = sorted(prompts, key=lambda p: (-_length(p), p.sample_id, p.repeat))
    batches: list[list[Prompt]] = []
    rows = widest = 0
    for prompt in ordered:
        width, n_rows = _length(prompt), max(1, len(prompt.choice_ids))
        fits = bool(batches) and rows + n_rows <= max_rows and (rows + n_rows) * widest <= max_tokens
        if fits and equal_length:
            fits = len(batches[-1][0].ids) == len(prompt.ids)
        if fits:
            batches[-1].append(prompt)
            rows += n_rows
        else:
            batches.append([prompt])
            rows, widest = n_rows, width
    return batches


def _length(prompt: Prompt) -> int:
    if prompt.choice_ids:
        return len(prompt.ids) + max(len(ids) for ids in prompt.choice_ids)
    return len(prompt.ids) + prompt.decoding.max_new_tokens


def respond_or_halve(
    batch: Sequence[Prompt], respond: Callable[[Sequence[Prompt]], list[Response]], *, logged: set[str]
) -> list[Response]:
    """Answer a batch; where memory runs out, answer its halves. A single prompt that does not fit is an error.

    Args:
        batch: At least one prompt.
        respond: Answers a batch or raises an out-of-memory error.
        logged: Keeps what was logged already: the notice is given once per engine.
    """
    try:
        return respond(batch)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        if len(batch) == 1:
            return [error_response(batch[0], f"out of memory on a prompt of {len(batch[0].ids):,} tokens by itself")]
        if "halved" not in logged:
            logged.add("halved")
            logger.warning("out of memory at %d prompts: the batch is halved", len(batch))
    middle = len(batch) // 2
    halves = (batch[:middle], batch[middle:])
    return [response for half in halves for response in respond_or_halve(half, respond, logged=logged)]


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on any device."""
    if isinstance(error, MemoryError) or type(error).__name__ in ("OutOfMemoryError", "AcceleratorError"):
        return isinstance(error, MemoryError) or "out of memory" in str(error).lower()
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text or "cannot allocate memory" in text


def error_response(prompt: Prompt, reason: str) -> Response:
    """Return the response of a prompt that could not be answered."""
    return Response(prompt.sample_id, "", "error", n_prompt_tokens=len(prompt.ids), error=reason, repeat=prompt.repeat)

"""Whether a model can be packed: asked of its config, then tried, and held against its own attention."""

import logging
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from chateval.engine.attention import CannotPackError
from chateval.engine.base import Batch
from chateval.engine.batch import is_out_of_memory
from chateval.engine.choose import score_choices
from chateval.engine.decode import Ending, Processors
from chateval.engine.generate import Room, Stream
from chateval.engine.packing import NOTHING
from chateval.engine.passes import Passes
from chateval.records import Decoding, Prompt

logger = logging.getLogger(__name__)

_LAYERS = frozenset(("full_attention", "sliding_attention"))
_TOLERANCE = 1e-3
"""Largest difference of a log-probability in float32, natural log; other tokens seen, or elsewhere, differ by more."""
_NOISE = 4.0
"""In 16 bits: largest difference as a multiple of the mean by which two ways of transformers' own differ."""
_MARK = "_chateval_packs"


def can_pack(model: Any) -> bool:
    """Return whether packed passes give what the model's own attention gives; tried once for each model."""
    known = getattr(model, _MARK, None)
    if known is None:
        known = _is_plain(model) and _fits_and_agrees(model)
        setattr(model, _MARK, known)
    return bool(known)


def _fits_and_agrees(model: Any) -> bool:
    """Return whether the trial comes out well; where not even that fits in memory, each prompt will say so itself."""
    try:
        return _agrees(model)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return False


def _is_plain(model: Any) -> bool:
    """Return whether the config names nothing that depends on more than the tokens that each token sees."""
    config = model.config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    kinds = {str(one.get("rope_type", one.get("type"))) for one in (rope, *rope.values()) if isinstance(one, dict)}
    layers = set(getattr(config, "layer_types", None) or ())
    return layers <= _LAYERS and not kinds & {"dynamic", "longrope"} and model._can_set_attn_implementation()


def _agrees(model: Any) -> bool:
    """Try two prompts with a shared beginning and branching choices, and an answer of two steps to each."""
    shared = tuple(range(3, 15))
    choices = ((7, 11, 5), (7, 11, 9, 4), (12,))
    ask = partial(Prompt, messages=(), text="", decoding=Decoding(max_new_tokens=2))
    tails = {"0": (9, 4, 8), "1": (5,)}
    choosing = [ask(name, ids=(*shared, *tail), choice_ids=choices) for name, tail in tails.items()]
    generating = Batch(tuple(ask(name, ids=(*shared, *tail)) for name, tail in tails.items()), len(shared))
    try:
        with Passes(model) as passes:
            packed = score_choices(passes, choosing, passes.extend(NOTHING, shared))
            stream = Stream(passes, Ending(frozenset(), str), Processors(None), Room(2, 64))
            rows = [row for finished in stream.run([generating]) for row in finished]
    except (CannotPackError, RuntimeError, TypeError, ValueError, AttributeError, LookupError) as error:
        if is_out_of_memory(error):
            raise
        logger.debug("%s cannot be packed: %s", type(model).__name__, error)
        return False
    if any(row.error is not None for row in rows):
        return False  # nothing can be compared with logits that are not finite
    asked = [(prompt.ids, choice) for prompt in choosing for choice in choices]
    answered = [(row.prompt.ids, tuple(row.ids)) for row in rows]
    plain = _log_probabilities(model, [*asked, *answered])
    found = [value for of_prompt in packed for choice in of_prompt for value in choice]
    expected = _those_of(asked, plain)
    gaps = [abs(one - other) for one, other in zip(found, expected, strict=True)]
    gaps += [
        max((scores.amax(dim=-1) - scores.gather(-1, torch.tensor(ids, device=scores.device)[:, None])[:, 0]).tolist())
        for (_, ids), scores in zip(answered, plain[len(asked) :], strict=True)
    ]
    if not all(map(math.isfinite, gaps)):
        return False
    if model.dtype == torch.float32:
        return max(gaps) <= _TOLERANCE
    return max(gaps) <= _NOISE * max(_noise(model, asked, expected), 0.05)


Sequel = tuple[Sequence[int], Sequence[int]]
"""Ids of a prompt, and ids that follow it, one or more."""


def _noise(model: Any, asked: Sequence[Sequel], found: Sequence[float]) -> float:
    """Return the mean difference of log-probabilities between the model's own attention and the written-out one.

    Where activations are large, 16 bits make it half a nat for tokens that nobody would write.
    """
    own = model.config._attn_implementation
    model.set_attn_implementation("sdpa" if own == "eager" else "eager")
    try:
        other = _those_of(asked, _log_probabilities(model, asked))
    finally:
        model.set_attn_implementation(own)
    return sum(abs(one - another) for one, another in zip(found, other, strict=True)) / len(other)


def _log_probabilities(model: Any, asked: Sequence[Sequel]) -> list[torch.Tensor]:
    """Return what the model's own attention gives after each prompt, from one pass padded at the right.

    Returns:
        Of each pair [n_following, n_vocabulary], natural log, float32.
    """
    longest = max(len(ids) + len(following) for ids, following in asked)
    padded = [[*ids, *following] + [0] * (longest - len(ids) - len(following)) for ids, following in asked]
    logits = model(input_ids=torch.tensor(padded, device=model.device), use_cache=False).logits
    return [
        row[len(ids) - 1 : len(ids) - 1 + len(following)].float().log_softmax(dim=-1)
        for row, (ids, following) in zip(logits, asked, strict=True)
    ]


def _those_of(asked: Sequence[Sequel], scores: Sequence[torch.Tensor]) -> list[float]:
    """Return the log-probabilities of the tokens that follow, in order."""
    return [
        value
        for (_, following), found in zip(asked, scores, strict=False)
        for value in found.gather(-1, torch.tensor(following, device=found.device)[:, None])[:, 0].tolist()
    ]

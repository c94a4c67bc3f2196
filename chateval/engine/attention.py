"""Attention over sequences packed end to end: no padding in the linear layers, shared beginnings computed once.

A pass feeds all its tokens through the model as one row, shape [1, n_tokens]. What each of them may look at is known
to the pass and not to the model: transformers calls `packed_attention`, registered by name in its attention interface,
and that asks the pass that is running.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.nn.functional import scaled_dot_product_attention

NAME = "chateval_packed"
_UNKNOWN = ("position_bias", "cache")
"""What some models hand to their attention and this one does not do; such a model answers the plain way."""

_running = threading.local()


class CannotPackError(Exception):
    """The model asks something of its attention that packed attention does not do."""


class Part(Protocol):
    """Some of the tokens of a pass, side by side, that attend in one way."""

    @property
    def span(self) -> slice:
        """Which tokens of the pass it has."""
        ...

    def attend(self, layer: int, heads: "Heads") -> torch.Tensor:
        """Return what its tokens take from what they see, shape [n_tokens, n_heads, n]; may keep keys and values."""
        ...


@dataclass(frozen=True, slots=True)
class Heads:
    """Queries, keys and values of the tokens of one part in one layer, and how they are to be weighed."""

    query: torch.Tensor
    """[n_heads, n_tokens, n]"""
    key: torch.Tensor
    """[n_kv_heads, n_tokens, n]"""
    value: torch.Tensor
    scaling: float | None
    window: int | None = None
    """Most tokens that one sees, itself included; None is all."""
    softcap: float | None = None
    """Bound that the dot products are bent to by tanh."""
    sinks: torch.Tensor | None = None
    """For each head a dot product that takes weight and gives nothing, [n_heads]."""

    @property
    def n_groups(self) -> int:
        """Query heads of one key head."""
        return int(self.query.shape[0] // self.key.shape[0])


@contextmanager
def running(parts: Sequence[Part]) -> Iterator[None]:
    """Have the parts attend for every layer that runs inside, in this thread."""
    _running.parts = parts
    try:
        yield
    finally:
        _running.parts = None


def packed_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: object,  # noqa: ARG001 - transformers hands it over; the parts have their own
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attend as the running pass has it; the attention function that transformers calls.

    Args:
        module: Attention layer, with its `layer_idx`.
        query: [1, n_heads, n_tokens, n]
        key: [1, n_kv_heads, n_tokens, n]
        value: [1, n_kv_heads, n_tokens, n]
        attention_mask: Not looked at.
        scaling: Factor of the dot products; None is 1 / sqrt(n).
        sliding_window: Most tokens that one sees.
        softcap: Bound of the dot products (Gemma 2).
        s_aux: Sinks, one a head (gpt-oss).
        options: What else a model hands over.

    Raises:
        CannotPackError: If no pass is running, or the model asks for what this does not do.
    """
    parts: Sequence[Part] | None = getattr(_running, "parts", None)
    asked = next((name for name in _UNKNOWN if options.get(name) is not None), None)
    layer = getattr(module, "layer_idx", None)
    if parts is None or asked is not None or layer is None or query.shape[0] != 1:
        raise CannotPackError(f"packed attention does not do {asked or 'this'}")
    found = query.new_empty((1, query.shape[2], query.shape[1], value.shape[3]))
    for part in parts:
        span = part.span
        heads = Heads(query[0, :, span], key[0, :, span], value[0, :, span], scaling, sliding_window, softcap, s_aux)
        found[0, span] = part.attend(layer, heads)
    return found, None


def attend_grouped(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, heads: Heads
) -> torch.Tensor:
    """Attend with the query heads of one key head as rows of it, so that no key or value is repeated.

    Args:
        query: [rows, n_heads, n_queries, n]
        key: [rows, n_kv_heads, n_keys, n]
        value: [rows, n_kv_heads, n_keys, n]
        mask: What is added to the dot products, [rows, 1, n_groups * n_queries, n_keys].
        heads: How they are weighed.

    Returns:
        [rows, n_heads, n_queries, n]
    """
    rows, n_heads, n_queries, width = query.shape
    folded = query.reshape(rows, key.shape[1], heads.n_groups * n_queries, width)
    if n_queries > 1 and heads.softcap is None and heads.sinks is None:
        found = scaled_dot_product_attention(folded, key, value, attn_mask=mask, scale=heads.scaling)
    else:
        found = _attend_by_steps(folded, key, value, mask, heads)
    return found.reshape(rows, n_heads, n_queries, value.shape[3])


def _attend_by_steps(
    folded: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, heads: Heads
) -> torch.Tensor:
    """Do what `scaled_dot_product_attention` does, and more: the faster way for single queries, on a CPU."""
    scaling = folded.shape[-1] ** -0.5 if heads.scaling is None else heads.scaling
    weights = (folded.float() @ key.float().transpose(-1, -2)) * scaling
    if heads.softcap is not None:
        weights = (weights / heads.softcap).tanh_() * heads.softcap
    weights += mask
    if heads.sinks is not None:
        sinks = heads.sinks.float().reshape(1, key.shape[1], heads.n_groups, 1)
        sinks = sinks.repeat_interleave(folded.shape[2] // heads.n_groups, dim=2).expand(len(folded), -1, -1, 1)
        weights = torch.cat((weights, sinks), dim=-1).softmax(dim=-1)[..., :-1]
    else:
        weights = weights.softmax(dim=-1)
    return weights.to(value.dtype) @ value


def additive(seen: torch.Tensor, n_groups: int, dtype: torch.dtype) -> torch.Tensor:
    """Return a mask to add, for queries folded by `attend_grouped`.

    Args:
        seen: Which keys each query sees, [rows, n_queries, n_keys], bool; a row that sees none is let see the first.
        n_groups: Query heads of one key head.
        dtype: Of queries and keys.

    Returns:
        0 where seen, else minus infinity, [rows, 1, n_groups * n_queries, n_keys].
    """
    blind = ~seen.any(dim=-1)
    seen[..., 0] |= blind
    mask = torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, -torch.inf)
    return mask[:, None].repeat(1, 1, n_groups, 1)


def register() -> None:
    """Make the attention known to transformers by its name."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, packed_attention)

"""Keys and values of sequences that grow, in place: one slot a sequence, the busy ones first."""

from collections.abc import Sequence

import torch

from chateval.engine.attention import Heads, attend_grouped
from chateval.engine.packing import Kept


class Slots:
    """Memory for sequences of up to `n_tokens` tokens. It is made when the first keys and values come."""

    def __init__(self, n_slots: int, n_tokens: int) -> None:
        self.n_slots = n_slots
        self.n_tokens = n_tokens
        self.keys: dict[int, torch.Tensor] = {}
        """By layer, [n_slots, n_kv_heads, n_tokens, n]."""
        self.values: dict[int, torch.Tensor] = {}

    def layer(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the memory of a layer, for heads like these."""
        if layer not in self.keys:
            for memory, like in ((self.keys, key), (self.values, value)):
                memory[layer] = like.new_zeros((self.n_slots, like.shape[0], self.n_tokens, like.shape[-1]))
        return self.keys[layer], self.values[layer]

    def clear(self, slot: int) -> None:
        """Forget what a slot holds, so that nothing that is not finite outlasts its sequence."""
        for memory in (self.keys, self.values):
            for tensor in memory.values():
                tensor[slot] = 0

    def move(self, source: int, target: int, n_tokens: int) -> None:
        """Copy the first tokens of a slot into another."""
        for memory in (self.keys, self.values):
            for tensor in memory.values():
                tensor[target, :, :n_tokens] = tensor[source, :, :n_tokens]


class Entry:
    """Keeps what a bundle computes in the slots of its strands, behind what they have before it."""

    def __init__(self, slots: Slots, taken: Sequence[int], lengths: Sequence[int], before: Kept) -> None:
        """Say which slot takes which strand.

        Args:
            slots: The memory.
            taken: Slot of each strand, in order.
            lengths: Tokens of each strand.
            before: What goes first into each of the slots.
        """
        self._slots = slots
        self._taken = torch.tensor(taken)
        self._before = before
        counts = torch.tensor(lengths)
        self._slot_of = self._taken.repeat_interleave(counts)
        first = (counts.cumsum(0) - counts).repeat_interleave(counts)
        self._place_of = before.n_tokens + torch.arange(int(counts.sum())) - first

    def keep(self, layer: int, heads: Heads) -> None:
        """Write the keys and values of a layer."""
        keys, values = self._slots.layer(layer, heads.key, heads.value)
        for memory, before, own in (
            (keys, self._before.keys.get(layer), heads.key),
            (values, self._before.values.get(layer), heads.value),
        ):
            if before is not None:
                memory[self._taken, :, : self._before.n_tokens] = before
            memory[self._slot_of, :, self._place_of] = own.transpose(0, 1)


class Step:
    """One token more for each of the first slots; a part of a pass, its tokens the first."""

    def __init__(self, slots: Slots, ids: Sequence[int], lengths: Sequence[int]) -> None:
        """Say what comes next.

        Args:
            slots: The memory.
            ids: Next token of slot 0, 1, ...
            lengths: Tokens that each slot has before it.
        """
        self._slots = slots
        self._ids = list(ids)
        self._lengths = list(lengths)
        self._at = torch.tensor(self._lengths)
        self._masks: dict[int | None, torch.Tensor] = {}

    @property
    def span(self) -> slice:
        """Which tokens of the pass it has."""
        return slice(0, len(self._ids))

    def ids(self) -> list[int]:
        """Return its tokens."""
        return self._ids

    def positions(self) -> list[int]:
        """Return where each token stands in its own sequence."""
        return self._lengths

    def attend(self, layer: int, heads: Heads) -> torch.Tensor:
        """Keep the new keys and values, and attend to all of each sequence, [n_tokens, n_heads, n]."""
        keys, values = self._slots.layer(layer, heads.key, heads.value)
        self._at = self._at.to(heads.key.device)
        rows = torch.arange(len(self._ids), device=heads.key.device)
        keys[rows, :, self._at] = heads.key.transpose(0, 1)
        values[rows, :, self._at] = heads.value.transpose(0, 1)
        longest = max(self._lengths) + 1
        seen = slice(0, longest)
        if heads.window not in self._masks:
            self._masks[heads.window] = self._mask(longest, heads.window, heads.key)
        mask = self._masks[heads.window].expand(-1, -1, heads.n_groups, -1)
        query = heads.query.transpose(0, 1)[:, :, None]
        n = len(self._ids)
        return attend_grouped(query, keys[:n, :, seen], values[:n, :, seen], mask, heads)[:, :, 0]

    def _mask(self, longest: int, window: int | None, like: torch.Tensor) -> torch.Tensor:
        along = torch.arange(longest, device=like.device)[None]
        seen = along <= self._at[:, None]
        if window is not None:
            seen &= along > self._at[:, None] - window
        mask = torch.zeros(seen.shape, device=like.device).masked_fill_(~seen, -torch.inf)
        return mask[:, None, None]

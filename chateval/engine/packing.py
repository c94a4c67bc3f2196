"""Parts of a packed pass: sequences that begin alike and go on each by itself, with branches at their ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from chateval.engine.attention import Heads, additive, attend_grouped


@dataclass(frozen=True, slots=True)
class Kept:
    """Keys and values of tokens that stand before others, by layer, each of shape [1, n_kv_heads, n_tokens, n]."""

    keys: Mapping[int, torch.Tensor] = field(default_factory=dict)
    values: Mapping[int, torch.Tensor] = field(default_factory=dict)
    n_tokens: int = 0


NOTHING = Kept()


class Keeper(Protocol):
    """Keeps keys and values for later passes."""

    def keep(self, layer: int, heads: Heads) -> None:
        """Take those of the tokens of a bundle in one layer."""
        ...


@dataclass(frozen=True, slots=True)
class Strand:
    """A sequence to run: tokens in a row after what is kept, then branches: a tree of tokens that go on from them."""

    ids: tuple[int, ...]
    """At least one token."""
    branch_ids: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()
    """For each branch token the index of the one before it; -1 is the last of `ids`."""

    @property
    def n_tokens(self) -> int:
        """Tokens that a pass computes for it."""
        return len(self.ids) + len(self.branch_ids)


def branch(ids: Sequence[int], continuations: Sequence[Sequence[int]]) -> tuple[Strand, list[list[int]]]:
    """Merge continuations into one tree; what they begin alike with is there once, their last tokens are not needed.

    Returns:
        The strand, and for each continuation the tokens of the strand after which its own tokens come, in order.
    """
    nodes: dict[tuple[int, ...], int] = {}
    branch_ids: list[int] = []
    parents: list[int] = []
    places: list[list[int]] = []
    for continuation in continuations:
        at = [len(ids) - 1]
        for end in range(1, len(continuation)):
            path = tuple(continuation[:end])
            if path not in nodes:
                nodes[path] = len(branch_ids)
                branch_ids.append(path[-1])
                parents.append(nodes[path[:-1]] if end > 1 else -1)
            at.append(len(ids) + nodes[path])
        places.append(at)
    return Strand(tuple(ids), tuple(branch_ids), tuple(parents)), places


@dataclass(slots=True)
class Bundle:
    """Strands of like length that go on from the same kept tokens; in attention they are padded to the longest."""

    strands: Sequence[Strand]
    start: int
    """First token of the pass that is theirs; each strand's tokens follow those of the one before."""
    before: Kept = NOTHING
    keeper: Keeper | None = None
    _masks: dict[int | None, torch.Tensor] = field(default_factory=dict)
    _index: torch.Tensor | None = None
    _inside: torch.Tensor | None = None

    @property
    def n_tokens(self) -> int:
        """Tokens of all its strands."""
        return sum(strand.n_tokens for strand in self.strands)

    @property
    def span(self) -> slice:
        """Which tokens of the pass it has."""
        return slice(self.start, self.start + self.n_tokens)

    def ids(self) -> list[int]:
        """Return the tokens, in the order of the pass."""
        return [token for strand in self.strands for token in (*strand.ids, *strand.branch_ids)]

    def positions(self) -> list[int]:
        """Return where each token stands in its own sequence."""
        return [self.before.n_tokens + place for strand in self.strands for place in _places(strand)]

    def attend(self, layer: int, heads: Heads) -> torch.Tensor:
        """Return what the tokens take from what is kept and from each other, [n_tokens, n_heads, n]."""
        if self.keeper is not None:
            self.keeper.keep(layer, heads)
        if self._index is None or self._inside is None:
            self._index, self._inside = self._gather(heads.key.device)
        rows, width = self._inside.shape
        query = heads.query[:, self._index].unflatten(1, (rows, width)).transpose(0, 1)
        key, value = (
            self._with_before(kept, own[:, self._index].unflatten(1, (rows, width)).transpose(0, 1))
            for kept, own in ((self.before.keys.get(layer), heads.key), (self.before.values.get(layer), heads.value))
        )
        if heads.window not in self._masks:
            self._masks[heads.window] = additive(self._seen(heads.window, key.device), heads.n_groups, key.dtype)
        found = attend_grouped(query, key, value, self._masks[heads.window], heads)
        return found.transpose(1, 2)[self._inside]

    def _with_before(self, kept: torch.Tensor | None, own: torch.Tensor) -> torch.Tensor:
        return own if kept is None else torch.cat((kept.expand(own.shape[0], -1, -1, -1), own), dim=2)

    def _gather(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Return for each place of the padded rows its token, flat, and which places are no padding, [rows, width].

        A row is padded with its own first token: what is not finite in one row must not reach another, and a weight of
        0 would not keep it out.
        """
        width = max(strand.n_tokens for strand in self.strands)
        lengths = torch.tensor([strand.n_tokens for strand in self.strands])
        first = lengths.cumsum(0) - lengths
        along = torch.arange(width)[None]
        inside = along < lengths[:, None]
        index = (first[:, None] + along * inside).flatten()
        return index.to(device), inside.to(device)

    def _seen(self, window: int | None, device: torch.device) -> torch.Tensor:
        """Return which keys each query sees, [rows, width, n_kept + width]: those before it on its own path."""
        width = max(strand.n_tokens for strand in self.strands)
        own = torch.ones((width, width), dtype=torch.bool).tril().repeat(len(self.strands), 1, 1)
        places = torch.zeros((len(self.strands), width), dtype=torch.long)
        for row, strand in enumerate(self.strands):
            n = len(strand.ids)
            places[row, : strand.n_tokens] = torch.tensor(_places(strand))
            own[row, :, strand.n_tokens :] = False
            if strand.branch_ids:
                own[row, n : strand.n_tokens, n : strand.n_tokens] = _ancestry(strand.parents)
        seen = torch.cat((torch.ones((*own.shape[:2], self.before.n_tokens), dtype=torch.bool), own), dim=2)
        if window is not None:
            places += self.before.n_tokens
            kept = torch.arange(self.before.n_tokens).expand(len(self.strands), -1)
            key_places = torch.cat((kept, places), dim=1)
            seen &= places[:, :, None] - key_places[:, None, :] < window
        return seen.to(device)


def _places(strand: Strand) -> list[int]:
    """Return how far each token of a strand stands from its beginning."""
    places = list(range(len(strand.ids)))
    for parent in strand.parents:
        places.append(places[len(strand.ids) + parent] + 1 if parent >= 0 else len(strand.ids))
    return places


def _ancestry(parents: Sequence[int]) -> torch.Tensor:
    """Return which branch tokens stand on the path to each, itself included, [n, n]."""
    seen = torch.eye(len(parents), dtype=torch.bool)
    for index, parent in enumerate(parents):
        if parent >= 0:
            seen[index] |= seen[parent]
    return seen


def bundles(strands: Sequence[Strand], *, start: int, before: Kept, shrink: float = 0.75) -> list[Bundle]:
    """Bundle strands, longest first, so that none is padded to more than 1 / `shrink` of its length."""
    found: list[Bundle] = []
    held: list[Strand] = []
    for strand in strands:
        if held and strand.n_tokens + before.n_tokens < shrink * (held[0].n_tokens + before.n_tokens):
            found.append(Bundle(tuple(held), start, before))
            start += found[-1].n_tokens
            held = []
        held.append(strand)
    return [*found, Bundle(tuple(held), start, before)] if held else found

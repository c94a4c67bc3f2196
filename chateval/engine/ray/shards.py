"""Batches -> shards: what is dealt to one worker at a time, longest first."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from chateval.engine.base import Batch
from chateval.records import Prompt

SHARDS_PER_WORKER = 4
"""At least so many where there is enough to do, so that workers end together."""

MAX_PROMPTS = 64
"""Most prompts of a shard: what is done again where a worker dies."""

MIN_PROMPTS = 8
"""Smaller shards are made only to give every worker one: a forward pass of few rows costs what one of many does."""


@dataclass(slots=True, eq=False)
class Shard:
    """Prompts that one worker is asked at a time, and what has become of them."""

    batch: Batch
    left: dict[int, Prompt]
    """Those without an answer, by identity, in the order of the batch."""
    n_deaths: int = 0
    """Workers that died while they worked on it, or on the shard that it is a half of."""

    @property
    def rest(self) -> Batch:
        """What is still to be asked."""
        return replace(self.batch, prompts=tuple(self.left.values()))

    def halves(self) -> list["Shard"]:
        """Return what is left in two shards, or one if it is one prompt, with one more death to their account."""
        rest = list(self.left.items())
        middle = (len(rest) + 1) // 2
        parts = [dict(part) for part in (rest[:middle], rest[middle:]) if part]
        return [Shard(self.batch, part, self.n_deaths + 1) for part in parts]


def cut(batches: Iterable[Batch], n_workers: int) -> list[Shard]:
    """Cut batches into shards that balance, longest first; a batch that is small enough stays as it was planned."""
    planned = [batch for batch in batches if batch.prompts]
    most = _most_prompts(sum(len(batch.prompts) for batch in planned), n_workers)
    parts = [part for batch in planned for part in _parts(batch, most)]
    parts.sort(key=lambda part: -sum(map(_length, part.prompts)))
    return [Shard(part, {id(prompt): prompt for prompt in part.prompts}) for part in parts]


def _most_prompts(n_prompts: int, n_workers: int) -> int:
    fair = math.ceil(n_prompts / (SHARDS_PER_WORKER * n_workers))
    return max(1, min(MAX_PROMPTS, max(fair, min(MIN_PROMPTS, math.ceil(n_prompts / n_workers)))))


def _parts(batch: Batch, most: int) -> list[Batch]:
    """Return prompts of like length together, in parts that differ by one prompt at most."""
    if len(batch.prompts) <= most:
        return [batch]
    ordered = sorted(batch.prompts, key=lambda prompt: (-_length(prompt), prompt.sample_id, prompt.repeat))
    n_parts = math.ceil(len(ordered) / most)
    bounds = [len(ordered) * part // n_parts for part in range(n_parts + 1)]
    return [replace(batch, prompts=tuple(ordered[start:end])) for start, end in pairwise(bounds)]


def _length(prompt: Prompt) -> int:
    """Return the tokens that answering takes at most: each choice is a row, an answer goes up to its limit."""
    if prompt.choice_ids:
        return sum(len(prompt.ids) + len(ids) for ids in prompt.choice_ids)
    return len(prompt.ids) + prompt.decoding.max_new_tokens

"""Answers of many prompts at once: who has finished leaves, who waits enters, and nothing is padded or moved around."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chateval.engine.base import Batch
from chateval.engine.batch import is_out_of_memory
from chateval.engine.decode import Ending, Processors, Row, choose_next
from chateval.engine.packing import NOTHING, Bundle, Kept, Strand, bundles
from chateval.engine.passes import Packed, Passes
from chateval.engine.slots import Entry, Slots, Step
from chateval.records import Prompt

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Room:
    """What fits at once; halved where memory runs out."""

    n_rows: int
    """Answers under way."""
    n_tokens: int
    """Tokens of a pass."""
    is_shrunk: bool = False
    """Whether memory ran out before, and the user was told."""


@dataclass(frozen=True, slots=True)
class _Newcomers:
    """Rows that enter in one pass."""

    rows: Sequence[Row]
    parts: Sequence[Bundle]
    last: Sequence[int]
    """For each row the token of the pass that its answer follows."""
    copies: Sequence[tuple[int, int, int]]
    """(slot, slot of a row with the same prompt, tokens) of rows whose prompt another one has brought."""


class Stream:
    """Decodes batches of prompts, each step one token of every answer under way, and the prompts that enter."""

    def __init__(self, passes: Passes, ending: Ending, processors: Processors, room: Room) -> None:
        self._passes = passes
        self._ending = ending
        self._processors = processors
        self._room = room
        self._active: list[Row] = []
        self._waiting: deque[tuple[Prompt, int]] = deque()
        self._heads: dict[tuple[int, ...], Kept] = {}
        self._slots = Slots(0, 0)
        self._n_entering = 0
        """Prompts at the head of the queue that the pass under way takes in."""

    def run(self, batches: Sequence[Batch]) -> Iterator[list[Row]]:
        """Yield rows as they finish."""
        self._waiting.extend((prompt, batch.n_shared) for batch in batches for prompt in _longest_first(batch.prompts))
        self._make_slots()
        while self._waiting or self._active:
            finished = self._advance()
            if finished:
                yield finished

    def admit_no_more(self) -> None:
        """Forget the prompts that wait; the answers under way still come."""
        self._waiting.clear()

    def _make_slots(self) -> None:
        prompts = [prompt for prompt, _ in self._waiting]
        longest = max(len(prompt.ids) + prompt.decoding.max_new_tokens for prompt in prompts)
        self._slots = Slots(min(self._room.n_rows, len(prompts)), longest)

    def _advance(self) -> list[Row]:
        """Run one pass; return the rows that it finished."""
        self._n_entering = 0
        try:
            self._run(self._admit())
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            return self._shrink()
        for _ in range(self._n_entering):
            self._waiting.popleft()
        return self._release()

    def _run(self, newcomers: _Newcomers) -> None:
        parts: list[Packed] = list(newcomers.parts)
        wanted = list(range(len(self._active)))
        if self._active:
            lengths = [row.n_tokens - 1 for row in self._active]
            parts.insert(0, Step(self._slots, [row.ids[-1] for row in self._active], lengths))
        logits = self._passes.run(parts, [*wanted, *newcomers.last])
        for target, source, n_tokens in newcomers.copies:
            self._slots.move(source, target, n_tokens)
        rows = [*self._active, *newcomers.rows]
        for row, token in zip(rows, choose_next(rows, logits, self._processors), strict=True):
            if token is None:
                row.fail(f"non-finite logits at step {len(row.ids) + 1}")
            else:
                row.take(token, self._ending)
        self._active = rows

    def _admit(self) -> _Newcomers:
        """Take waiting prompts into free slots, as many as fit the pass."""
        rows: list[Row] = []
        groups: list[tuple[Kept, list[Strand], list[int]]] = []
        slot_of: dict[tuple[int, ...], int] = {}
        copies: list[tuple[int, int, int]] = []
        n_tokens = len(self._active)
        for prompt, n_shared in self._waiting:
            if len(self._active) + len(rows) >= self._slots.n_slots:
                break
            slot = len(self._active) + len(rows)
            if prompt.ids in slot_of:
                copies.append((slot, slot_of[prompt.ids], len(prompt.ids)))
            else:
                n_own = len(prompt.ids) - n_shared
                if n_tokens and n_tokens + n_own > self._room.n_tokens:
                    break
                self._n_entering = len(rows) + 1
                n_tokens += n_own
                slot_of[prompt.ids] = slot
                before, own = self._passes.shorten(self._head(prompt.ids[:n_shared]), prompt.ids[n_shared:])
                if not groups or groups[-1][0] is not before:
                    groups.append((before, [], []))
                groups[-1][1].append(Strand(own))
                groups[-1][2].append(slot)
            rows.append(Row(prompt, n_shared))
            self._n_entering = len(rows)
        return self._lay_out(rows, groups, slot_of, copies)

    def _lay_out(
        self,
        rows: Sequence[Row],
        groups: Sequence[tuple[Kept, list[Strand], list[int]]],
        slot_of: dict[tuple[int, ...], int],
        copies: Sequence[tuple[int, int, int]],
    ) -> _Newcomers:
        """Place strands behind the tokens of the answers under way; each bundle writes into the slots of its own."""
        parts: list[Bundle] = []
        last_of: dict[int, int] = {}
        start = len(self._active)
        for before, strands, slots in groups:
            taken = iter(slots)
            for bundle in bundles(strands, start=start, before=before):
                own = [next(taken) for _ in bundle.strands]
                lengths = [strand.n_tokens for strand in bundle.strands]
                bundle.keeper = Entry(self._slots, own, lengths, before)
                parts.append(bundle)
                for slot, length in zip(own, lengths, strict=True):
                    start += length
                    last_of[slot] = start - 1
        last = [last_of[slot_of[row.prompt.ids]] for row in rows]
        return _Newcomers(rows, parts, last, copies)

    def _head(self, ids: tuple[int, ...]) -> Kept:
        """Return what a task's prompts begin with; that of the task before is let go, its slots have copies."""
        if not ids:
            return NOTHING
        if ids not in self._heads:
            self._heads.clear()
            self._heads[ids] = self._passes.extend(NOTHING, ids)
        return self._heads[ids]

    def _release(self) -> list[Row]:
        """Take finished rows out; the last of the others moves into each gap."""
        finished = [row for row in self._active if row.finish is not None]
        for slot in range(len(self._active) - 1, -1, -1):
            if self._active[slot].finish is not None:
                if self._active[slot].error is not None:
                    self._slots.clear(slot)
                mover = self._active.pop()
                if slot < len(self._active):
                    self._slots.move(len(self._active), slot, mover.n_tokens - 1)
                    self._active[slot] = mover
        return finished

    def _shrink(self) -> list[Row]:
        """Halve what fits and begin the answers under way anew; a prompt that does not fit by itself is at fault."""
        together = len(self._active) + self._n_entering
        self._waiting.extendleft((row.prompt, row.n_shared) for row in reversed(self._active))
        self._active = []
        self._heads.clear()
        if together > 1:
            if not self._room.is_shrunk:
                self._room.is_shrunk = True
                logger.warning("out of memory at %d prompts: the batch is halved", together)
            self._room.n_rows = (together + 1) // 2
            self._room.n_tokens = max(1, self._room.n_tokens // 2)
            self._slots = Slots(self._room.n_rows, self._slots.n_tokens)
            return []
        row = Row(*self._waiting.popleft())
        row.fail(f"out of memory on a prompt of {len(row.prompt.ids):,} tokens by itself")
        return [row]


def _longest_first(prompts: Sequence[Prompt]) -> list[Prompt]:
    return sorted(prompts, key=lambda p: (-len(p.ids) - p.decoding.max_new_tokens, p.ids, p.sample_id, p.repeat))

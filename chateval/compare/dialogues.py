"""Dialogues -> how they ended, counted for each checkpoint and task."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from chateval.records import Dialogue, DialogueCount


@dataclass(slots=True)
class _Sums:
    endings: Counter[str] = field(default_factory=Counter)
    n_rounds: int = 0
    n_calls: int = 0
    n_calls_failed: int = 0
    n_faults: int = 0
    n_cut: int = 0


@dataclass(frozen=True, slots=True)
class Dialogues:
    """The dialogues of checkpoints, counted as they go by."""

    sums: dict[tuple[str, str], _Sums] = field(default_factory=dict)
    """By (checkpoint, task)."""

    def take(self, checkpoint: str, task: str, found: Dialogue) -> None:
        """Take in one dialogue."""
        sums = self.sums.setdefault((checkpoint, task), _Sums())
        sums.endings[found.ending] += 1
        sums.n_rounds += len(found.rounds)
        sums.n_calls += sum(len(one.calls) for one in found.rounds)
        sums.n_calls_failed += found.calls_failed
        sums.n_faults += sum(bool(one.fault) for one in found.rounds)
        sums.n_cut += any(one.n_cut for one in found.rounds)

    def found(self) -> Iterator[DialogueCount]:
        """Yield the counts, the most frequent ending first."""
        for (checkpoint, task), sums in self.sums.items():
            endings = dict(sorted(sums.endings.items(), key=lambda one: (-one[1], one[0])))
            yield DialogueCount(
                checkpoint, task, endings, sums.n_rounds, sums.n_calls, sums.n_calls_failed, sums.n_faults, sums.n_cut
            )

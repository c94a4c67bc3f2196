"""Reasons of scorers -> how often each verdict was given, for scorers whose reasons begin with one."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from chateval.compare.aggregate import Address
from chateval.records import ReasonCount, Score

RIGHT, OTHER = "right", "other"
"""What value 1 and a reason without a verdict are counted as."""
MOST_VERDICTS = 12
"""Verdicts of one scorer that are told apart, the most frequent ones; the rest is `other`."""
_MOST_KEPT = 200
"""Verdicts of one scorer that are counted: reasons of a user's own scorer may be anything."""
_VERDICT = re.compile(r"[A-Za-z](?:[A-Za-z,' -]{0,38}[A-Za-z])?")
"""A few plain words: what has digits, quotes or other scripts in it is about one answer, and no verdict."""


def verdict_of(value: float | None, reason: str) -> str:
    """Return what a score is counted as: `right`, the reason up to its colon where that is a verdict, else `other`."""
    if value == 1:
        return RIGHT
    head = reason[:60].partition(":")[0].strip()
    return head if _VERDICT.fullmatch(head) else OTHER


@dataclass(frozen=True, slots=True)
class Reasons:
    """The verdicts of scores, counted as they go by."""

    counts: dict[Address, Counter[str]] = field(default_factory=dict)

    def take(self, address: Address, value: float | None, reason: str) -> None:
        """Take in one score."""
        found = self.counts.get(address)
        if found is None:
            found = self.counts[address] = Counter()
        verdict = verdict_of(value, reason)
        found[verdict if verdict in found or len(found) < _MOST_KEPT else OTHER] += 1

    def passing(self, scores: Iterable[Score]) -> Iterator[Score]:
        """Yield the scores as they are, and take each in."""
        for score in scores:
            self.take((score.checkpoint, score.task, score.scorer), score.value, score.reason)
            yield score

    def found(self) -> Iterator[ReasonCount]:
        """Yield the counts of scorers that give verdicts, for each checkpoint in the same order of verdicts."""
        kept = _kept(self.counts)
        for (checkpoint, task, scorer), counts in self.counts.items():
            names = kept[task, scorer]
            if not names:
                continue
            shown = {name: counts[name] for name in (RIGHT, *names) if counts[name]}
            rest = counts.total() - sum(shown.values())
            for name, n in (*shown.items(), (OTHER, rest)):
                if n:
                    yield ReasonCount(checkpoint, task, scorer, name, n)


def _kept(counts: Mapping[Address, Counter[str]]) -> dict[tuple[str, str], list[str]]:
    """Return the verdicts of each scorer that are told apart, the most frequent of all checkpoints first."""
    totals: dict[tuple[str, str], Counter[str]] = {}
    for (_, task, scorer), found in counts.items():
        totals.setdefault((task, scorer), Counter()).update(found)
    return {
        key: [
            name for name, _ in sorted(found.items(), key=lambda one: (-one[1], one[0])) if name not in (RIGHT, OTHER)
        ][:MOST_VERDICTS]
        for key, found in totals.items()
    }

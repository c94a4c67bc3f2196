"""Which dialect a rendered text is written in, by how well it parses, never by a substring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chateval.template.grammar.dialect import Dialect, Family
from chateval.template.grammar.load import load_families
from chateval.template.grammar.parse import may_be, read_claimed
from chateval.template.grammar.reading import Reading

_READ = 100_000
"""Characters of each text that are read."""


@dataclass(frozen=True, slots=True)
class Match:
    """How well texts parse as one dialect."""

    dialect: Dialect
    score: float
    """In [0, 1], the mean over the texts."""
    reading: Reading
    """Of the first text."""


def detect(text: str | Sequence[str], families: Mapping[str, Family] | None = None) -> list[Match]:
    """Return the dialects that a text, or several renderings of one template, could be written in, best first.

    Equal scores mean that the texts do not tell the dialects apart; the list is empty if nothing parses at all.
    """
    texts = [one[:_READ] for one in ([text] if isinstance(text, str) else text)]
    known = load_families() if families is None else families
    ranked = []
    for family in known.values():
        for dialect in family.dialects:
            if not any(may_be(one, dialect) for one in texts):
                continue
            readings = [read_claimed(one, dialect, is_control=None, needs_bos=False) for one in texts]
            score = sum(reading.score for reading in readings) / len(readings)
            if score > 0:
                ranked.append(
                    (-round(score, 6), _preference(texts, readings, dialect), Match(dialect, score, readings[0]))
                )
    ranked.sort(key=lambda one: one[:2])
    return [match for _, _, match in ranked]


def _preference(texts: Sequence[str], readings: Sequence[Reading], dialect: Dialect) -> tuple[int, int]:
    """Among equal scores: first a system text that the dialect is known to write, then a BOS as it writes it."""
    systems = [reading.turns[0].content for reading in readings if reading.turns and reading.turns[0].role == "system"]
    has_default = any(system.startswith(default) for system in systems for default in dialect.default_system)
    starts = dialect.bos is not None and all(text.startswith(dialect.bos) for text in texts)
    writes = dialect.bos_rule in ("text", "pair")
    return (0 if has_default else 1, 0 if writes and starts else 1)

"""A dialect's markers as patterns: exact, loose in whitespace, and with an unknown role."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from chateval.template.grammar.dialect import Dialect, Field, TurnRule
from chateval.template.grammar.literals import split_literals

_BLANKS = r"[ \t\r\n]{0,64}"


@dataclass(frozen=True, slots=True)
class Opener:
    """One way to open a turn."""

    rule: TurnRule
    written: str
    """As a reader of a message would write it."""
    exact: re.Pattern[str]
    loose: re.Pattern[str]
    """The same with any whitespace where the exact one has some; group `tail` is the last whitespace."""
    unknown: re.Pattern[str] | None
    """The same with any word in the role's place; group `suffix` is what follows it, where it is right."""
    key: str
    """The first control literal."""
    ends_blank: bool


@dataclass(frozen=True, slots=True)
class Closer:
    """One way to close a turn."""

    written: str
    lead: str
    """Whitespace before the first control literal."""
    rest: str
    key: str


@dataclass(frozen=True, slots=True)
class Markers:
    """All of a dialect, ready to read with."""

    openers: tuple[Opener, ...]
    indented: tuple[Opener, ...]
    """Those that begin with whitespace, so that no control literal stands where they do."""
    by_key: Mapping[str, tuple[Opener, ...]]
    implicit: tuple[TurnRule, ...]
    """Rules of turns that begin without an opener."""
    raw: TurnRule | None
    """The rule of a system text that stands bare at the start."""
    closers: Mapping[str, tuple[Closer, ...]]
    """By role; the longest first, blank ones left out."""
    blank_closers: Mapping[str, tuple[str, ...]]
    closer_keys: frozenset[str]
    bos: frozenset[str]


@cache
def compile_markers(dialect: Dialect) -> Markers:
    """Return the patterns of a dialect."""
    openers = [_opener(rule, text, dialect.fields) for rule in dialect.turns for text in rule.opener if text.strip()]
    openers.sort(key=lambda one: -len(one.written))
    by_key: dict[str, list[Opener]] = {}
    for one in openers:
        by_key.setdefault(one.key, []).append(one)
    closers = {rule.role: _closers(rule) for rule in dialect.turns}
    return Markers(
        openers=tuple(openers),
        indented=tuple(one for one in openers if one.written[0].isspace()),
        by_key={key: tuple(found) for key, found in by_key.items()},
        implicit=tuple(rule for rule in dialect.turns if rule.after),
        raw=dialect.turn("system") if dialect.system == "raw" else None,
        closers=closers,
        blank_closers={
            rule.role: tuple(sorted((one for one in rule.closer if not one.strip()), key=len, reverse=True))
            for rule in dialect.turns
        },
        closer_keys=frozenset(one.key for found in closers.values() for one in found),
        bos=frozenset(one for one in (dialect.bos, *dialect.bos_others) if one),
    )


def _closers(rule: TurnRule) -> tuple[Closer, ...]:
    found = []
    for text in sorted(rule.closer, key=len, reverse=True):
        if text.strip():
            lead = text[: len(text) - len(text.lstrip())]
            found.append(Closer(text, lead, text[len(lead) :], split_literals(text)[0]))
    return tuple(found)


def _opener(rule: TurnRule, template: str, fields: tuple[Field, ...]) -> Opener:
    words = "|".join(_word(word) for word in rule.words)
    within = "".join(_field(number, one) for number, one in enumerate(fields))
    exact, loose = [], []
    pieces = [one for one in re.split(r"(\s+|\{word\}|\{fields\})", template) if one]
    for number, piece in enumerate(pieces):
        if piece == "{word}":
            part = f"(?P<word>{words})"
        elif piece == "{fields}":
            part = within
        else:
            part = re.escape(piece)
        exact.append(part)
        is_last = number == len(pieces) - 1
        loose.append((f"(?P<tail>{_BLANKS})" if is_last else _BLANKS) if piece.isspace() else part)
    written = template.replace("{fields}", "").replace("{word}", rule.words[0])
    return Opener(
        rule=rule,
        written=written,
        exact=re.compile("".join(exact)),
        loose=re.compile("".join(loose)),
        unknown=_unknown(template, within),
        key=split_literals(written)[0],
        ends_blank=pieces[-1].isspace(),
    )


def _unknown(template: str, within: str) -> re.Pattern[str] | None:
    before, word, after = template.partition("{word}")
    if not word or len(before.strip()) < 2:
        return None
    suffix = "".join(within if one == "{fields}" else re.escape(one) for one in re.split(r"(\{fields\})", after))
    return re.compile(rf"{re.escape(before.strip())}(?P<word>[^\s<>|\[\]]{{0,64}})(?P<suffix>{suffix})?")


def _word(word: str) -> str:
    return re.escape(word[:-1]) + r"[^\s<>|]{1,80}" if word.endswith("*") else re.escape(word)


def _field(number: int, one: Field) -> str:
    values = "|".join(re.escape(value) for value in one.values) or r"[^\s<]{1,128}"
    return f"(?:{re.escape(one.prefix)}(?P<{one.name}_{number}>{values}))?"

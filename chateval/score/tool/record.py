"""A call as an answer makes it, and how it is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Any

from chateval.score.json_format import shorten


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call as a response spells it."""

    name: str
    """Name of the function, white space at both ends left out; never empty."""
    arguments: Mapping[str, Any]
    """By name; `#1`, `#2`, ... are those that a call in Python's spelling gives without a name."""


MOST_LEVELS = 60
"""Levels of lists and objects that what is kept of a call may have: files of deeper ones could not be read again."""


def unwritable(value: Any) -> str:
    """Return why a value cannot be kept as JSON: a number that is not finite, or too many levels; empty if it can."""
    level = [value]
    for _ in range(MOST_LEVELS):
        if any(isinstance(one, float) and not isfinite(one) for one in level):
            return "a number too large to be kept"
        inner = [one.values() if isinstance(one, Mapping) else one for one in level]
        level = [part for one in inner if not isinstance(one, str | int | float | None) for part in one]
        if not level:
            return ""
    return f"nested more than {MOST_LEVELS} levels deep"


def spell(calls: Iterable[ToolCall]) -> str:
    """Return the first three calls on one line of at most 200 characters; `no call` if there is none.

    Lists and objects among the arguments are not spelt out, however deep they go.
    """
    return shorten("; ".join(_spell(call) for call in islice(calls, 3))) or "no call"


def _spell(call: ToolCall) -> str:
    shown = (
        f"{key}: {'…' if isinstance(value, dict | list | tuple) else shorten(str(value))}"
        for key, value in islice(call.arguments.items(), 20)
    )
    return shorten(f"{call.name}({', '.join(shown)})")

"""Control literals: which parts of a marker they are, and where they stand in a text."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache

_TOKEN = re.compile(r"<<[^<>\s]{1,40}>>|<[^<>\s]{1,60}>|\[/?[A-Z_]{2,40}\]")

IsControl = Callable[[int, str], bool]
"""Whether the literal at that place, in characters, is really a control token."""


def split_literals(marker: str) -> tuple[str, ...]:
    """Return the control literals of a marker: its `<...>` and `[...]` parts, or all of it where it has none."""
    found = tuple(_TOKEN.findall(marker))
    if found:
        return found
    stripped = marker.strip()
    return (stripped,) if stripped else ()


@cache
def literal_pattern(literals: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return a pattern that finds any of the literals, the longest first; None where there are none."""
    parts = [_guarded(literal) for literal in sorted(set(literals), key=lambda one: (-len(one), one)) if literal]
    return re.compile("|".join(parts)) if parts else None


def _guarded(literal: str) -> str:
    # a word such as `USER:` is a marker only where a word begins
    return (r"(?<![^\W_])" if literal[0].isalnum() else "") + re.escape(literal)


def find_literals(text: str, literals: Iterable[str], is_control: IsControl | None) -> Iterator[tuple[int, str]]:
    """Yield the place and the spelling of each literal, in order, without overlap; linear in the length of `text`."""
    pattern = literal_pattern(tuple(literals))
    if pattern is None:
        return
    for match in pattern.finditer(text):
        if is_control is None or is_control(match.start(), match.group()):
            yield match.start(), match.group()


@lru_cache(maxsize=512)
def visible(text: str, limit: int = 80) -> str:
    """Return `text` with newlines as ⏎ and blanks at the edges of lines as ␣, cut to `limit` characters."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    shown = cut.replace("\r", "␍").replace("\t", "⇥").replace("\n", "⏎").replace("\x00", "␀")
    inner = shown.strip(" ")
    lead = len(shown) - len(shown.lstrip(" "))
    trail = len(shown) - lead - len(inner)
    return "␣" * lead + inner + "␣" * trail if inner else "␣" * len(shown)

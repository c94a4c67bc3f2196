"""Two renderings of one chat: where they part, and what kind of difference that is."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from chateval.template.sandbox import Chat

Kind = Literal[
    "bos",
    "whitespace",
    "generation prompt",
    "date",
    "system default",
    "thinking",
    "tools",
    "role name",
    "closer",
    "content",
    "markers",
    "refusal",
]

_PROMPTING = frozenset(("system", "developer", "user", "human", "instruction", "input", "tool", "ipython"))
_ROLES = _PROMPTING | frozenset(("assistant", "model", "bot", "chatbot", "gpt", "response"))
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{1,2}} (?:{_MONTHS})[a-z]{{0,6}} [0-9]{{4}}", re.IGNORECASE
)
_THINKING = re.compile("think|thought|reason|analysis", re.IGNORECASE)
_TOOLS = re.compile("tool|function|arguments", re.IGNORECASE)
_MARKER = re.compile(r"<[^<>\s]{1,60}>|\[[^\[\]\s]{1,60}\]")
_ROLE = re.compile("assistant|model|bot", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_NEAR = 80
"""Characters around a difference that are looked at, at most."""
_CLOSE = 10
"""The same, where it matters what stands right there."""
_TELLING = 4
"""Characters of a content that make its place in a rendering certain enough."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two renderings of one chat."""

    chat: Chat
    a: str
    b: str
    bos: tuple[str, ...] = ()
    """The BOS literals of both sides."""
    closed: tuple[str, str] | None = None
    """The same without a generation prompt; None if the chat asks for none or it cannot be rendered so."""

    @property
    def start(self) -> int:
        """The first character in which they differ; the length of the shorter one if it begins the other."""
        return common_start(self.a, self.b)

    @property
    def middles(self) -> tuple[str, str]:
        """What stands between the common start and the common end."""
        start = self.start
        end = common_start(self.a[start:][::-1], self.b[start:][::-1])
        return self.a[start : len(self.a) - end], self.b[start : len(self.b) - end]


def common_start(a: str, b: str) -> int:
    """Return how many characters two texts begin with in common."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        half = (low + high + 1) // 2
        low, high = (half, high) if a[low:half] == b[low:half] else (low, half - 1)
    return low


def find_kind(pair: Pair) -> Kind:
    """Return the first kind that a difference is, from the plainest to the vaguest; the texts must differ."""
    return next(kind for kind, holds in KINDS.items() if holds(pair))


def _bos(pair: Pair) -> bool:
    literals = [literal for literal in pair.bos if literal]
    return bool(literals) and _without(pair.a, literals) == _without(pair.b, literals)


def _without(text: str, literals: list[str]) -> str:
    while literal := next((literal for literal in literals if text.startswith(literal)), None):
        text = text[len(literal) :]
    return text


def _whitespace(pair: Pair) -> bool:
    return "".join(pair.a.split()) == "".join(pair.b.split())


def _generation_prompt(pair: Pair) -> bool:
    """Without it both sides write the same, or one side writes a header where the chat asks for none."""
    if pair.closed is not None:
        return pair.closed[0] == pair.closed[1]
    shorter, longer = sorted((pair.a, pair.b), key=len)
    tail = longer[len(shorter) :]
    return (
        longer.startswith(shorter) and bool(_ROLE.search(tail)) and not _MARKER.sub(" ", _ROLE.sub(" ", tail)).strip()
    )


def _date(pair: Pair) -> bool:
    near = slice(max(0, pair.start - _NEAR), pair.start + _NEAR)
    return any(_DATE.search(text) for text in pair.middles) or (
        any(character.isdigit() for text in pair.middles for character in text[:_NEAR])
        and all(_DATE.search(text[near]) for text in (pair.a, pair.b))
    )


def _system_default(pair: Pair) -> bool:
    """One side has words before the first content that the other has not, though the chat has no system message."""
    messages = pair.chat.messages
    if not messages or messages[0].get("role") == "system":
        return False
    sides = {_word_at(text, pair.start).lower() for text in (pair.a, pair.b)}
    if len(sides) == 2 and "system" in sides:
        return True
    first = str(messages[0].get("content") or "").strip()
    heads = [text[: max(text.find(first), 0)] for text in (pair.a, pair.b)]
    words = [{word.lower() for word in _WORD.findall(_MARKER.sub(" ", head))} - _ROLES for head in heads]
    return len(first) >= _TELLING and pair.start < max(map(len, heads)) and words[0] != words[1]


def _about(pattern: re.Pattern[str], pair: Pair) -> bool:
    """Whether one side speaks of something where they part."""
    place = slice(max(0, pair.start - _CLOSE), pair.start + 3 * _CLOSE)
    return any(pattern.search(text[place]) for text in (pair.a, pair.b))


def _thinking(pair: Pair) -> bool:
    switches = any("think" in name for name in pair.chat.kwargs)
    spoken = any("reasoning_content" in message for message in pair.chat.messages)
    return (switches or spoken or not pair.chat.tools) and _about(_THINKING, pair)


def _tools(pair: Pair) -> bool:
    return bool(pair.chat.tools) and _about(_TOOLS, pair)


def _role_name(pair: Pair) -> bool:
    words = [_word_at(text, pair.start) for text in (pair.a, pair.b)]
    return words[0] != words[1] and all(word.lower() in _ROLES for word in words)


def _word_at(text: str, place: int) -> str:
    near = max(0, place - _NEAR)
    for found in _WORD.finditer(text, near, place + _NEAR):
        if found.start() <= place < found.end() or (found.end() == place and text[place : place + 1] in ("", "|")):
            return found.group()
    return ""


def _closer(pair: Pair) -> bool:
    """They part right after a content, or inside the marker that follows it."""
    return any(
        end <= pair.start <= end + _NEAR and not set(pair.a[end : pair.start]) & set(">]\n")
        for _, end in _contents(pair)
    )


def _content(pair: Pair) -> bool:
    """They part inside a content, or one side lacks it."""
    for message in pair.chat.messages:
        content = message.get("content")
        if isinstance(content, str) and content.strip():
            places = [text.find(content.strip()) for text in (pair.a, pair.b)]
            if (places[0] < 0) != (places[1] < 0):
                return True
    return any(start <= pair.start < end for start, end in _contents(pair))


def _contents(pair: Pair) -> list[tuple[int, int]]:
    found, place = [], 0
    for message in pair.chat.messages:
        content = message.get("content")
        if not isinstance(content, str) or not content.strip():
            continue
        start = pair.a.find(content.strip(), place)
        if start >= 0:
            place = start + len(content.strip())
            found.append((start, place))
    return found


KINDS: Mapping[Kind, Callable[[Pair], bool]] = {
    "bos": _bos,
    "whitespace": _whitespace,
    "date": _date,
    "tools": _tools,
    "system default": _system_default,
    "thinking": _thinking,
    "generation prompt": _generation_prompt,
    "role name": _role_name,
    "content": _content,
    "closer": _closer,
    "markers": lambda pair: True,
}

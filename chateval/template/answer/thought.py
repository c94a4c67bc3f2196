"""An answer's text to its thinking and what it says, with either mark of the thinking missing."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chateval.template.answer.families import THINKING
from chateval.template.answer.formats import Thinking

PLAIN = THINKING[0]
"""`<think>` and `</think>`: the marks where a template has none, as of an adapter distilled on another one."""

_FENCE = re.compile(r"^[ \t]*+(?:```|~~~)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Thought:
    """An answer with its thinking apart."""

    reasoning: str
    """Without white space at the ends; several stretches are joined by a newline."""
    answer: str
    """What is left: without white space at the ends if there was thinking, else the whole text unchanged."""
    is_open: bool
    """Whether the text ends inside its thinking."""
    spans: tuple[tuple[int, int], ...] = ()
    """Characters [start, end) of the text that are thinking, marks included, in order."""


def is_open_in(prompt: str, marks: Thinking) -> bool:
    """Return whether a prompt ends with the mark that opens the thinking."""
    return prompt[-256:].rstrip().endswith(marks.opens.strip())


def split_thinking(text: str, marks: Thinking, *, is_open: bool = False) -> Thought:
    """Take the thinking out of an answer; any text is taken, the time grows with its length linearly.

    In this order:

    1. Thinking that the prompt has opened, or that the text starts with, ends at the mark that closes it: the one that
       balances marks within, else the first. Without any, the text ends inside its thinking.
    2. A closing mark with no opening one before it ends thinking that nothing opened: a model leaves the opening mark
       out that its training had in the prompt.
    3. Further stretches between two marks are thinking, too; so is one that starts a line and is not closed.

    Marks in code, between fences or backticks, are what the text says, unless nothing else closes the thinking.

    Args:
        text: What the model wrote.
        marks: Around thinking.
        is_open: Whether the prompt has opened the thinking.
    """
    opens, closes = marks.opens.strip(), marks.closes
    if not is_open and opens not in text and closes not in text:
        return Thought("", text, is_open=False)
    found = list(_spans(text, marks, is_open=is_open))
    if not found:
        return Thought("", text, is_open=False)
    starts, kept, parts = 0, [], []
    for start, end in found:
        kept.append(text[starts:start])
        inner = text[start:end].strip().removeprefix(opens).removesuffix(closes)
        parts.append(inner.strip())
        starts = end
    kept.append(text[starts:])
    last = text[slice(*found[-1])]
    ends_inside = found[-1][1] == len(text) and not last.endswith(closes)
    return Thought("\n".join(part for part in parts if part), "".join(kept).strip(), ends_inside, tuple(found))


def _spans(text: str, marks: Thinking, *, is_open: bool) -> Iterator[tuple[int, int]]:
    """Yield the stretches of thinking."""
    opens = marks.opens.strip()
    at = len(text) - len(text.lstrip())
    code = _Code(text)
    is_balanced = True
    if is_open or text.startswith(opens, at):
        begin = at + len(opens) if text.startswith(opens, at) else 0
        at, is_balanced = _end(text, begin, marks, code)
        at = _past(text, at, marks)
        yield 0, at
    else:
        found = next((one for one in _marks(marks).finditer(text) if not code.holds(one)), None)
        at = 0
        if found is not None and found[0] == marks.closes:
            at = _past(text, found.end(), marks)
            yield 0, at
    while at < len(text):
        begin_mark = next(
            (one for one in _marks(marks).finditer(text, at) if one[0] == opens and not code.holds(one)), None
        )
        if begin_mark is None:
            return
        if is_balanced:
            end, is_balanced = _end(text, begin_mark.end(), marks, code)
        else:  # marks that do not pair are looked through once, or the time would grow faster than the text
            place = text.find(marks.closes, begin_mark.end())
            end = place + len(marks.closes) if place >= 0 else len(text)
        is_closed = text.endswith(marks.closes, begin_mark.end(), end)
        if not is_closed and text[text.rfind("\n", at, begin_mark.start()) + 1 or at : begin_mark.start()].strip():
            return  # a text about the mark
        at = _past(text, end, marks)
        yield begin_mark.start(), at


def _end(text: str, start: int, marks: Thinking, code: "_Code") -> tuple[int, bool]:
    """Return the index behind the mark that closes the thinking whose content starts there, and whether marks pair.

    Without a mark that closes it, the index is the end of the text.
    """
    depth, first, first_in_code = 1, -1, -1
    for one in _marks(marks).finditer(text, start):
        if code.holds(one):
            first_in_code = one.end() if first_in_code < 0 and one[0] == marks.closes else first_in_code
            continue
        depth += -1 if one[0] == marks.closes else 1
        if one[0] == marks.closes:
            first = one.end() if first < 0 else first
        if depth == 0:
            return one.end(), True
    return next((place for place in (first, first_in_code) if place >= 0), len(text)), False


def _past(text: str, at: int, marks: Thinking) -> int:
    """Return the index behind closing marks that follow each other."""
    while text.startswith(marks.closes, at):
        at += len(marks.closes)
    return at


class _Code:
    """The stretches of a text between two fences."""

    def __init__(self, text: str) -> None:
        fences = [one.start() for one in _FENCE.finditer(text)]
        n_pairs = len(fences) // 2
        self._text = text
        self._starts = fences[: 2 * n_pairs : 2]
        self._ends = fences[1 : 2 * n_pairs : 2]

    def holds(self, mark: re.Match[str]) -> bool:
        """Return whether a mark stands in code."""
        text, start, end = self._text, mark.start(), mark.end()
        if start and text[start - 1] == "`" and text[end : end + 1] == "`":
            return True
        place = bisect_right(self._starts, start) - 1
        return place >= 0 and start < self._ends[place]


@lru_cache(maxsize=32)
def _marks(marks: Thinking) -> re.Pattern[str]:
    return re.compile(f"{re.escape(marks.opens.strip())}|{re.escape(marks.closes)}")

"""Text of others on one line: whitespace visible, nothing that acts on a terminal, and where the fault is."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.cells import cell_len

COLUMNS = 100
CUT = "…"
_NAMED = {"\n": "⏎", "\t": "⇥", "\r": "\\r"}
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Characters that count as printable and show nothing."""
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_BEFORE_EDGE = frozenset(("", " ", "\n", "\t", "\r", ">", "]"))
_AFTER_EDGE = frozenset(("", " ", "\n", "\t", "\r", "<", "["))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A place in a text with what stands around it, each part visible."""

    before: str
    place: str
    """What is at fault; empty where something is missing."""
    after: str

    @property
    def line(self) -> str:
        """The whole as one line."""
        return self.before + self.place + self.after

    @property
    def caret(self) -> str:
        """The line that goes under it: one mark for each column of the place, a single one if something is missing."""
        return " " * cell_len(self.before) + "^" + "~" * (cell_len(self.place) - 1)

    @property
    def marked(self) -> str:
        """The line with the place in double brackets, for outputs whose letters differ in width."""
        return f"{self.before}⟦{self.place}⟧{self.after}"


def visible(text: str, *, limit: int = 400) -> str:
    """Return text as one line with newlines, tabs and what cannot be seen spelt out; ordinary spaces stay.

    Args:
        text: Anything, of any length.
        limit: Characters of it that are shown.
    """
    return "".join(map(_spell, text[:limit])) + (CUT if len(text) > limit else "")


def cut_out(text: str, offset: int, length: int = 0, *, columns: int = COLUMNS) -> Excerpt:
    """Return the surroundings of a place in a text.

    Spaces at the edge of a line, of a marker or of the place, and those beside another space, are shown as ␣.

    Args:
        text: Anything, of any length; only what is shown is looked at.
        offset: Where in `text`, in characters; outside of it is its nearer end.
        length: Characters at fault; 0 where something is missing.
        columns: Width of the line in terminal cells, at least 20.
    """
    start = min(max(offset, 0), len(text))
    end = min(start + max(length, 0), len(text))
    columns = max(columns, 20) - 2 * len(CUT)
    edges = (start, end - 1) if start < end else (start - 1, start)

    place = _take(text, range(start, end), edges, columns * 3 // 5)
    rest = CUT if len(place) < end - start else ""
    room = columns - _width(place) - len(rest)
    before = _take(text, range(start - 1, -1, -1), edges, room // 2)
    after = _take(text, range(end, len(text)), edges, room - _width(before))
    before = _take(text, range(start - 1, -1, -1), edges, room - _width(after))
    return Excerpt(
        before=(CUT if len(before) < start else "") + "".join(reversed(before)),
        place="".join(place) + rest,
        after="".join(after) + (CUT if len(after) < len(text) - end else ""),
    )


def cut_pair(expected: str, found: str, *, columns: int = COLUMNS) -> tuple[str, str]:
    """Return two texts as lines that both show the first place where they differ."""
    pairs = zip(expected, found, strict=False)
    same = next((at for at, (one, two) in enumerate(pairs) if one != two), min(len(expected), len(found)))
    return cut_out(expected, same, columns=columns).line, cut_out(found, same, columns=columns).line


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of a place, both from 1; columns are characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _take(text: str, indices: Iterable[int], edges: tuple[int, ...], columns: int) -> list[str]:
    pieces: list[str] = []
    for index in indices:
        piece = _show(text, index, edges)
        columns -= max(cell_len(piece), 1)
        if columns < 0:
            break
        pieces.append(piece)
    return pieces


def _show(text: str, index: int, edges: tuple[int, ...]) -> str:
    if text[index] != " ":
        return _spell(text[index])
    before, after = text[max(index - 1, 0) : index], text[index + 1 : index + 2]
    return "␣" if index in edges or before in _BEFORE_EDGE or after in _AFTER_EDGE else " "


def _spell(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if char.isprintable() and char not in _BLANK and not any(code in selectors for selectors in _SELECTORS):
        return char
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _width(pieces: Iterable[str]) -> int:
    return sum(max(cell_len(piece), 1) for piece in pieces)

"""Lines of a terminal report: columns that fit its width, intervals as whiskers, words with a sign of their own."""

from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from chateval.records import Comparison, Estimate, Report
from chateval.report.words import MARKS, delta_words, mean_words, p_words, standing, visible

Tone = Literal["good", "bad", "unsure", "quiet", "title", "plain"]

STYLE: dict[Tone, str] = {
    "good": "bold blue",
    "bad": "bold dark_orange3",
    "unsure": "bold",
    "quiet": "dim",
    "title": "bold",
    "plain": "",
}
"""Blue and orange stay apart for every kind of colour blindness; no word depends on them."""

_WORDS: dict[str, tuple[str, str, Tone]] = {
    "better": ("+", "better", "good"),
    "worse": ("-", "worse", "bad"),
    "perhaps better": ("~", "better?", "unsure"),
    "perhaps worse": ("~", "worse?", "unsure"),
    "within noise": ("~", "noise", "plain"),
    "unclear": (".", "unclear", "plain"),
    "not compared": (".", "no pair", "unsure"),
}
"""Standing -> its sign in ASCII, its word, its tone."""

_MEAN, _DELTA, _P, _WORD = 20, 24, 7, 9
"""Columns of `0.815 [0.732, 0.893]`, `+0.815 [+0.732, +0.893]`, `p=0.001`, `▲ better`."""
_WHISKER = 11, 41
"""Fewest and most columns of a whisker."""
MOST_CHARACTERS = 5_000
"""Of one text of others that a terminal shows."""


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to print on."""

    console: Console
    name_width: int
    """Columns of the longest name of a checkpoint, as far as it fits."""

    @property
    def width(self) -> int:
        """Columns of the page, at least 40."""
        return max(40, self.console.width)

    @property
    def is_ascii(self) -> bool:
        """Whether the output can hold ASCII only."""
        return self.console.options.ascii_only

    def name(self, text: str) -> str:
        """Return a name in one line, cut in the middle where the page is too narrow for it."""
        return self.cut(flat(text), self.width - 4)

    def label(self, text: str) -> str:
        """Return a name in the width that all names have."""
        return set_cell_size(self.name(text), self.name_width)

    def cut(self, text: str, width: int) -> str:
        """Return text in at most `width` columns; what is cut away leaves an ellipsis in its middle."""
        if cell_len(text) <= width:
            return text
        gap = "..." if self.is_ascii else "…"
        front = (width - len(gap) + 1) // 2
        return set_cell_size(text, front) + gap + set_cell_size(text[::-1], width - len(gap) - front)[::-1]

    def wrapped(self, text: str, *, indent: int, first: str = "", tone: Tone = "plain") -> list[Text]:
        """Return text over as many lines as it needs, each `indent` columns in; `first` stands before the first."""
        lines = Text(text, STYLE[tone]).wrap(self.console, max(20, self.width - indent))
        room = " " * indent
        return [
            Text.assemble(set_cell_size(first, indent) if first and not i else room, line)
            for i, line in enumerate(lines)
        ]


def page_of(console: Console, report: Report) -> Page:
    """Return the page of a console for the names of a report."""
    longest = max((cell_len(flat(checkpoint.name)) for checkpoint in report.checkpoints), default=0)
    return Page(console, min(longest, max(40, console.width) - 4))


def flat(text: str) -> str:
    """Return text of others in one line; what is longer than a few screens is cut, and that is said."""
    cut = f"{text[:MOST_CHARACTERS]}… ({len(text):,} characters)" if len(text) > MOST_CHARACTERS else text
    return visible(cut).replace("\n", " ").replace("\t", " ")


def said(word: str, page: Page) -> tuple[str, Tone]:
    """Return a standing as sign and word, with its tone."""
    plain, short, tone = _WORDS[word]
    return f"{plain if page.is_ascii else MARKS[word]} {short}", tone


def measured(
    page: Page, name: str, estimate: Estimate, comparison: Comparison | None, *, n_samples: int | None = None
) -> list[Text]:
    """Return what a checkpoint came to: in one line where there is room, else the difference under the mean.

    Args:
        page: What there is to print on.
        name: The checkpoint's.
        estimate: Its mean.
        comparison: Its difference from the baseline; None for the baseline.
        n_samples: Samples of the task, as its heading has it; another number of this checkpoint is said.
    """
    is_told = comparison is not None and comparison.delta is not None and comparison.task != "*"
    word, tone = said(standing(comparison), page) if comparison and is_told else ("", "plain")
    mean = mean_words(estimate)
    delta = "" if comparison is None else delta_words(comparison)
    p = p_words(comparison.p_adjusted) if comparison is not None and comparison.p is not None else ""
    room = page.width - page.name_width - 2
    parts = [(mean, _MEAN, ""), (delta, _DELTA, STYLE[tone]), (p, _P, ""), (word, _WORD, STYLE[tone])]
    free = room - sum(width for _, width, _ in parts) - 7
    if free >= 0:
        if free - 2 >= _WHISKER[0]:
            parts.append((whisker(estimate, min(free - 2, _WHISKER[1]), is_ascii=page.is_ascii), 0, ""))
        lines, indent = [_row(page, name, parts)], page.name_width + 4
    elif room >= _MEAN + _WORD + 4:
        lines, indent = [_row(page, name, [parts[0], parts[3]])], page.name_width + 4
    else:
        lines, indent = [Text(f"  {page.name(name)}"), Text.assemble("    ", mean, "  ", (word, STYLE[tone]))], 4
    if free < 0 and delta:
        lines.append(Text.assemble(" " * indent, (delta, STYLE[tone]), f" {p}"))
    if lost := _missing(estimate, comparison, n_samples):
        lines += page.wrapped(lost, indent=indent, tone="unsure")
    return [_trimmed(line) for line in lines]


def _row(page: Page, name: str, parts: list[tuple[str, int, str]]) -> Text:
    line = Text(f"  {page.label(name)}")
    for text, width, style in parts:
        gap = " " if width == _P else "  "
        line.append(gap).append(text, style=style).append(" " * max(0, width - cell_len(text)))
    return line


def _trimmed(line: Text) -> Text:
    line.rstrip()
    return line


def _missing(estimate: Estimate, comparison: Comparison | None, n_samples: int | None) -> str:
    """Say how many samples stand in no mean or in no difference."""
    parts = []
    if estimate.n_unscored:
        parts.append(f"n={estimate.n}, {estimate.n_unscored} unscored")
    elif n_samples not in (None, estimate.n):
        parts.append(f"n={estimate.n}")
    if comparison is not None and comparison.n_dropped:
        parts.append(f"{comparison.n_dropped} without a pair")
    return "; ".join(parts)


def whisker(found: Estimate, width: int, *, is_ascii: bool) -> str:
    """Return an interval of [0, 1] drawn over `width` columns, such as `├──●─┤`; empty without a mean."""
    if found.mean is None or found.low is None or found.high is None:
        return ""
    left, line, right, dot = "[-]o" if is_ascii else "├─┤●"
    low, mean, high = (round(value * (width - 1)) for value in (found.low, found.mean, found.high))
    drawn = [" "] * width
    drawn[low : high + 1] = line * (high + 1 - low)
    drawn[low], drawn[high] = left, right
    drawn[mean] = dot
    return "".join(drawn).rstrip()

"""A leaderboard on a terminal, in lines that fit."""

from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from chateval.records.leaderboard import Leaderboard, Standing
from chateval.report.leaderboard.words import (
    curve_words,
    front_words,
    point_lines,
    rank_words,
    scope,
    score_words,
    verdict_words,
    verdicts,
)
from chateval.report.words import visible

_FIXED = len("rank   ") + len("0.000 [0.000, 0.000]  ") + len("0.000  ") + len("UNVERIFIED (?)")
_LEAST = 12
"""Fewest columns of a name."""


def show_board(board: Leaderboard, console: Console) -> None:
    """Print the verdict, the table, the fronts and the curves; names that are too long are cut in their middle."""
    for line, indent in _lines(board, max(_LEAST, console.width - _FIXED - 2)):
        text = Text(visible(line).replace("\n", " "))
        if indent is None:
            console.print(text, soft_wrap=True)
            continue
        for place, part in enumerate(text.wrap(console, max(20, console.width - indent))):
            part.rstrip()
            console.print(Text(" " * (indent if place else 0)) + part, soft_wrap=True)


def _lines(board: Leaderboard, most: int) -> Iterator[tuple[str, int | None]]:
    """Yield lines, each with the indent of what is wrapped; None is never wrapped."""
    yield from ((line, 2) for line in verdicts(board))
    yield "", None
    width = min(most, max(10, *(cell_len(visible(found.checkpoint)) for found in board.standings)))
    yield f"rank   {set_cell_size('checkpoint', width)}  mean                  wins   template", None
    for found in board.standings:
        yield _row(found, width), None
    yield "", None
    yield from ((line, 2) for line in scope(board))
    for tradeoff in board.tradeoffs:
        yield f"{tradeoff.cost}: {front_words(tradeoff)}", 2
    for curve in board.curves:
        yield "", None
        yield f"training {curve.name}: {curve_words(board, curve)}", 2
        for point, mark in point_lines(curve):
            yield f"  step {point.step:>8}  {score_words(point.mean, point.low, point.high)}  {mark}".rstrip(), None


def _row(found: Standing, width: int) -> str:
    rate = f"{found.win_rate:.3f}" if found.win_rate is not None else "-    "
    score = score_words(found.mean, found.low, found.high)
    name = _cut(visible(found.checkpoint).replace("\n", " "), width)
    return f"{rank_words(found):6} {name}  {score:20}  {rate}  {verdict_words(found)}".rstrip()


def _cut(name: str, width: int) -> str:
    """Return the name in exactly so many columns, its middle left out where it is longer."""
    if cell_len(name) <= width:
        return set_cell_size(name, width)
    front = (width - 2) // 2
    back = set_cell_size(name[::-1], width - 2 - front)[::-1]
    return set_cell_size(f"{set_cell_size(name, front)}..{back}", width)

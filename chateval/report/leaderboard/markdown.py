"""A leaderboard as Markdown, for a pull request, a model card or a wiki."""

from collections.abc import Iterator

from chateval.records.leaderboard import Leaderboard
from chateval.report.leaderboard.words import (
    METHOD,
    cost_words,
    costs_of,
    curve_words,
    estimate_words,
    point_lines,
    rank_words,
    scope,
    score_words,
    tradeoff_words,
    verdict_words,
    verdicts,
)
from chateval.report.markdown_cells import cell, row


def to_markdown(board: Leaderboard) -> str:
    """Return the leaderboard as Markdown."""
    parts = ["# Leaderboard", "", *(f"- {cell(line)}" for line in (*verdicts(board), *scope(board))), ""]
    parts += [*_table(board), "", METHOD]
    if board.tradeoffs:
        parts += ["", "## Score against cost", "", *_costs(board), ""]
        parts += [f"- {found.cost}: {cell(tradeoff_words(board, found))}" for found in board.tradeoffs]
    for curve in board.curves:
        parts += ["", f"## Training: {cell(curve.name)}", "", f"{cell(curve_words(board, curve))}.", ""]
        parts += [row("step", "checkpoint", "mean", ""), row("---:", "---", "---", "---")]
        parts += [
            row(str(point.step), cell(point.checkpoint), score_words(point.mean, point.low, point.high), mark)
            for point, mark in point_lines(curve)
        ]
    return "\n".join(parts) + "\n"


def _table(board: Leaderboard) -> Iterator[str]:
    tasks = [f"{cell(task.name)}<br>{cell(task.scorer)} n={task.n_samples}" for task in board.tasks]
    yield row("rank", "checkpoint", "mean", "win rate", "template", *tasks)
    yield row("---", "---", "---", "---", "---", *("---" for _ in tasks))
    for found in board.standings:
        rate = score_words(found.win_rate, found.win_low, found.win_high) if found.win_rate is not None else "-"
        yield row(
            rank_words(found),
            f"**{cell(found.checkpoint)}**",
            score_words(found.mean, found.low, found.high),
            rate,
            cell(verdict_words(found)),
            *map(estimate_words, found.estimates),
        )


def _costs(board: Leaderboard) -> Iterator[str]:
    names = [found.cost for found in board.tradeoffs]
    yield row("checkpoint", *names)
    yield row("---", *("---:" for _ in names))
    for found in board.standings:
        costs = costs_of(found)
        yield row(cell(found.checkpoint), *(cost_words(name, costs[name]) for name in names))

"""`chateval leaderboard`: many runs in one ranked table."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chateval.errors import ConfigError


class Ranking(StrEnum):
    """What the checkpoints are ranked by."""

    MEAN = "mean"
    WIN_RATE = "win-rate"


def leaderboard(
    runs: Annotated[list[str], typer.Argument(help="Runs of any harness, each PATH or NAME=PATH.")],
    task: Annotated[
        list[str] | None,
        typer.Option(
            help="A task that counts, several times for several; who lacks one is not ranked. "
            "Else the tasks that all checkpoints have, or that most have where there are none.",
            show_default=False,
        ),
    ] = None,
    scorer: Annotated[str, typer.Option(help="Name of a scorer; headline is the first of each task.")] = "headline",
    by: Annotated[Ranking, typer.Option(help="Mean over tasks, or samples won against the others.")] = Ranking.MEAN,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Folder to write a page to (index.html) with leaderboard.json, .md and .csv.",
            show_default=False,
        ),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Rank the checkpoints of many runs on the samples that all share, with intervals of their ranks.

    Checkpoints that cannot be told apart share a rank. A checkpoint whose chat template is BROKEN has none.

    Example: chateval leaderboard reports/runs/* --by win-rate --out reports/leaderboard
    """
    if markdown + json + csv > 1:
        raise ConfigError("--markdown, --json, --csv: choose one")

    from chateval.cli.screen import err, out
    from chateval.compare.leaderboard import rank_runs
    from chateval.integrations.runs import open_runs
    from chateval.report import visible
    from chateval.report.leaderboard import SITE, show_board, to_csv, to_json, to_markdown
    from chateval.store import write_file

    found = open_runs(runs)
    board = rank_runs(found, tasks=task or (), scorer=scorer, by=by.value)
    if board.note:
        err.print(visible(board.note), soft_wrap=True)
    if to is not None:
        for name, output in SITE.items():
            write_file(to / name, output(board))
        err.print(f"page: {visible(str(to / 'index.html'))}")
    if markdown:
        out.file.write(to_markdown(board))
    elif json:
        out.file.write(to_json(board))
    elif csv:
        out.file.write(to_csv(board))
    else:
        show_board(board, out)

"""`chateval compare`: runs of different times and places, held against each other."""

from pathlib import Path
from typing import Annotated

import typer

from chateval.errors import ConfigError


def compare(
    runs: Annotated[
        list[str], typer.Argument(help="Runs, each PATH or NAME=PATH; a single one is compared within itself.")
    ],
    baseline: Annotated[
        str | None,
        typer.Option(
            help="Checkpoint that the others are compared with, RUN/CHECKPOINT where two have one name; "
            "else the baseline of the first run.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write report.json, report.md and report.html to.", show_default=False),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print report.json.")] = False,
) -> None:
    """Compare runs made at other times and places: what changed, what may be compared, and how it went.

    Exits with 2 where nothing can be compared, whatever the scores otherwise; `chateval gate` judges them.

    Example: chateval compare reports/runs/main reports/runs/branch --baseline main/sft
    """
    if markdown and json:
        raise ConfigError("--markdown, --json: choose one")

    from chateval.cli.screen import out
    from chateval.cli.show import show_result
    from chateval.compare.runs import check_comparable, compare_runs
    from chateval.integrations.runs import open_runs
    from chateval.pipeline.finish import write_outputs
    from chateval.report import to_markdown

    found = open_runs(runs)
    report = compare_runs(found, baseline)
    check_comparable(report, found)
    if to is not None:
        write_outputs(to, report, found)
    if markdown:
        out.file.write(to_markdown(report, where="are in report.html" if to else "with --out FOLDER"))
    else:
        show_result(report, as_json=json, where=f"In {to / 'report.html'}" if to else "With --out FOLDER")

"""`chateval report`: a finished run shown again."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a report.json.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print report.json.")] = False,
) -> None:
    """Show the report of a run.

    Example: chateval report reports/runs/latest --markdown >> "$GITHUB_STEP_SUMMARY"
    """
    from chateval.cli.screen import out
    from chateval.cli.show import show_result
    from chateval.report import read_report, to_markdown

    found = read_report(run)
    if markdown:
        out.file.write(to_markdown(found))
    else:
        show_result(found, as_json=json)

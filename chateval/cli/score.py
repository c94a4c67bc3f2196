"""`chateval score`: stored answers scored again, without a model."""

from pathlib import Path
from typing import Annotated

import typer


def score(
    run: Annotated[Path, typer.Argument(help="Folder of a run.")],
    trust_code: Annotated[
        bool, typer.Option("--trust-code", help="Let tasks run scorers of your own, and code that models wrote.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for another process that writes the same folder, instead of ending.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print report.json instead of tables.")] = False,
) -> None:
    """Score the answers of a run again, with its tasks as they are now; no model is loaded.

    Example: chateval score reports/runs/latest
    """
    from chateval.cli.screen import Screen, err
    from chateval.cli.show import show_result
    from chateval.integrations.bridges import BRIDGES
    from chateval.pipeline import exit_code_of, rescore
    from chateval.report import visible

    waiting = (lambda text: err.print(visible(text), soft_wrap=True)) if wait else None
    with Screen() as screen:
        report = rescore(run, watcher=screen, trust_code=trust_code, bridges=BRIDGES, wait=waiting)
    show_result(report, as_json=json)
    raise typer.Exit(exit_code_of(report))

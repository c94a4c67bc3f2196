"""`chateval gate`: rules held against a finished run."""

from pathlib import Path
from typing import Annotated

import typer


def gate(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a report.json.")],
    config: Annotated[
        Path | None,
        typer.Option(
            "-c", "--config", help="A chateval.yaml whose gate is used instead of the run's.", show_default=False
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON list of verdicts.")] = False,
) -> None:
    """Hold a run against a gate and exit with its verdict; without -c, its own verdicts are repeated.

    Example: chateval gate reports/runs/latest -c chateval.yaml
    """
    from dataclasses import asdict
    from json import dumps

    from chateval.cli.screen import out
    from chateval.config import read_suite
    from chateval.errors import GateError
    from chateval.pipeline import exit_code_of, gate_again
    from chateval.report import read_report, visible

    found = read_report(run)
    if config is not None:
        found = gate_again(found, read_suite(config).gate)
    if not found.verdicts:
        raise GateError(f"{run}: no gate rules; name a chateval.yaml with a gate: chateval gate {run} -c chateval.yaml")
    if json:
        out.file.write(dumps([asdict(verdict) for verdict in found.verdicts], indent=1) + "\n")
    else:
        for verdict in found.verdicts:
            outcome = f"{verdict.outcome}{' (warning)' if verdict.is_warning else ''}"
            out.print(visible(f"{outcome:23} {verdict.checkpoint}  {verdict.rule}  {verdict.reason}"))
    raise typer.Exit(exit_code_of(found))

"""`chateval share`: the results of a run to a model card or an experiment tracker."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chateval.records import Report, Run


def share(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a file of another harness.")],
    to: Annotated[str, typer.Option("--to", help="hub (a model card), trackio, wandb or mlflow.", show_default=False)],
    checkpoint: Annotated[
        list[str] | None, typer.Option("--checkpoint", help="Only these; may be said again.", show_default=False)
    ] = None,
    project: Annotated[str, typer.Option("--project", help="Project or experiment of the tracker.")] = "chateval",
    name: Annotated[
        str | None,
        typer.Option("--name", help="One tracker run for all points, so that steps make a curve.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write to, instead of the usual one.", show_default=False)
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", help="K=V for the tracker, such as mode=online.", show_default=False),
    ] = None,
    push: Annotated[
        str | None, typer.Option("--push", help="hub only: upload to this repository.", show_default=False)
    ] = None,
) -> None:
    """Share the results of a run; on this machine only, unless --push or an --option names a server.

    Examples: chateval share reports/runs/latest --to hub --checkpoint sft

    chateval share reports/runs/latest --to mlflow --project smollm2 --name sft
    """
    from chateval.cli.screen import out as screen
    from chateval.errors import ConfigError
    from chateval.integrations.runs import open_run
    from chateval.integrations.trackers import Destination, open_tracker
    from chateval.report import visible
    from chateval.secret import redact_all

    options = {}
    for pair in option or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ConfigError(f"--option {pair}: say it as NAME=VALUE")
        options[key] = value
    if push is not None and to != "hub":
        raise ConfigError(f"--push goes with --to hub, not with --to {to}")
    tracker = open_tracker(to, Destination(project, out, name, tuple(checkpoint or ()), options, push))
    found = open_run(run)
    screen.print(visible(redact_all(tracker.share(found, _report_of(found)))), soft_wrap=True)


def _report_of(run: "Run") -> "Report":
    """Return the report of a run: its own with the gate's verdicts, or one made of what another harness left."""
    from chateval.compare.runs import compare_runs
    from chateval.pipeline import read_own_report
    from chateval.store import is_run

    path = Path(run.path)
    return read_own_report(path) if is_run(path) else compare_runs([run])

"""The typer app: every command is a file beside this one."""

from typing import Annotated

import typer

from chateval.cli import (
    baseline,
    compare,
    data,
    demo,
    gate,
    init,
    judge,
    leaderboard,
    report,
    run,
    score,
    share,
    store,
    tasks,
    template,
)

app = typer.Typer(
    name="chateval",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Evaluate fine-tuned chat models against their base: is it better, does it keep to its formats, "
    "is its prompt the one it was trained on?\n\n"
    "Exit codes: 0 pass, 1 regression, 2 your mistake, 3 inconclusive, 4 some samples could not be evaluated, "
    "70 our fault, 130 interrupted. --debug shows the traceback of an error.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"chateval {version('chateval')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Carry the options that stand before a command."""


app.command("run")(run.run)
app.command("tasks")(tasks.tasks)
app.command("score")(score.score)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("leaderboard")(leaderboard.leaderboard)
app.command("gate")(gate.gate)
app.add_typer(baseline.app, name="baseline")
app.command("init")(init.init)
app.command("judge")(judge.judge)
app.command("share")(share.share)
app.add_typer(store.app, name="store")
app.add_typer(template.app, name="template")
app.add_typer(data.app, name="data")
app.command("demo")(demo.demo)

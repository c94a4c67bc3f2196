"""`chateval baseline`: a checkpoint of a run accepted as what later ones are held against."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import datetime

    from rich.table import Table

    from chateval.pipeline.accept import Proposal

app = typer.Typer(
    no_args_is_help=True, help="Baseline files: a small record of an accepted checkpoint, for the repository."
)
FOLDER = Path("reports/baselines")


@app.command("accept")
def accept(
    run: Annotated[str, typer.Argument(help="A run of chateval or of another harness.")],
    checkpoint: Annotated[
        str | None, typer.Option(help="Its name in the run.", show_default="the only one beside the run's baseline")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The baseline file.", show_default=f"{FOLDER}/CHECKPOINT.json")
    ] = None,
    note: Annotated[str, typer.Option(help="Who accepts it, and why; is written into the file.")] = "",
    date: Annotated[str | None, typer.Option(help="Day of acceptance, YYYY-MM-DD.", show_default="today")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also where it cannot be compared with the present baseline.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Write the file; without it, only show what it would hold.")
    ] = False,
) -> None:
    """Show what a checkpoint scored, against the present baseline if there is one, and with --yes accept it.

    A broken template, prompts without answers, unscored samples or a fifth of the answers cut are refused.

    Example:
    chateval baseline accept reports/runs/latest --checkpoint sft --note "release 1.2" --yes
    """
    from chateval.cli.screen import err
    from chateval.cli.screen import out as screen
    from chateval.errors import GateError
    from chateval.integrations.runs import open_runs
    from chateval.pipeline.accept import choose, propose
    from chateval.store.baseline import read_baseline, write_baseline

    day = _day(date)
    [found] = open_runs([run])
    name = choose(found, checkpoint)
    path = out or FOLDER / f"{name}.json"
    present = read_baseline(path) if path.exists() else None
    proposal = propose(found, name, present)
    screen.print(_table(proposal))
    if proposal.faults:
        raise GateError(f"{run}: {name} cannot be a baseline: {'; '.join(proposal.faults)}")
    if proposal.refusals and not force:
        first = proposal.refusals[0]
        raise GateError(
            f"{path}: cannot be compared with {name}: {first.task}/{first.scorer}: {first.reason}; say --force"
        )
    if not yes:
        err.print(f"nothing is written; say --yes to write {path}", soft_wrap=True)
        return
    write_baseline(path, found, name, accepted=day, note=note)
    err.print(f"{path}: {name} is the baseline as of {day.isoformat()}; commit it", soft_wrap=True)


@app.command("show")
def show(
    file: Annotated[Path, typer.Argument(help="A baseline file.")],
    json: Annotated[bool, typer.Option("--json", help="Print its head and estimates as JSON.")] = False,
) -> None:
    """Show what a baseline file holds.

    Example: chateval baseline show reports/baselines/sft.json
    """
    from chateval.cli.gate import MAX_AGE, age_words
    from chateval.cli.screen import out as screen
    from chateval.errors import DataError
    from chateval.pipeline.accept import propose
    from chateval.report import visible
    from chateval.store.baseline import is_baseline, read_baseline

    if not is_baseline(file):
        raise DataError(f"{file}: not a baseline file; make one with `chateval baseline accept`")
    found = read_baseline(file)
    proposal = propose(found, found.baseline)
    if json:
        from dataclasses import asdict
        from json import dumps

        whole = {**found.manifest["baseline"], "checkpoint": found.baseline, "harness": found.harness}
        screen.file.write(dumps({**whole, "estimates": [asdict(one) for one, _ in proposal.lines]}, indent=1) + "\n")
        return
    screen.print(age_words(found, MAX_AGE), soft_wrap=True)
    origin = f"checkpoint {found.baseline} of run {found.manifest['baseline']['run']}, {found.harness}"
    screen.print(visible(origin), soft_wrap=True)
    screen.print(_table(proposal))


def _day(text: str | None) -> "datetime.date":
    from datetime import date

    from chateval.errors import ConfigError

    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--date {text!r}: say a day such as 2026-01-31") from error


def _table(proposal: "Proposal") -> "Table":
    from rich.table import Table

    from chateval.report import visible
    from chateval.report.words import delta_words, mean_words

    table = Table(box=None, pad_edge=False)
    has_present = any(compared for _, compared in proposal.lines)
    for name in ("task", "scorer", "mean", "n", *(("against the present",) if has_present else ())):
        table.add_column(name, justify="right" if name == "n" else "left")
    for one, compared in proposal.lines:
        cells = [visible(one.task), visible(one.scorer), mean_words(one), str(one.n)]
        table.add_row(*cells, *((delta_words(compared),) if has_present else ()))
    return table

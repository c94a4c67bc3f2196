"""`chateval store`: the response store looked at, checked, mended, cleared out and copied."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chateval.errors import PASS, USER_MISTAKE

if TYPE_CHECKING:
    from chateval.store import Inventory

app = typer.Typer(help="Look at the stored answers, check and mend them, remove old ones, copy them.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_MB = 1_000_000


@app.callback(invoke_without_command=True)
def info(context: typer.Context, json: Json = False) -> None:
    """Say where the answers are, how many, and how large the file is.

    Example: chateval store
    """
    if context.invoked_subcommand is not None:
        return
    from chateval.cli.screen import out
    from chateval.report import visible
    from chateval.store import store_path, take_inventory

    found = take_inventory(store_path())
    if json:
        _print_json(asdict(found))
        return
    out.print(visible(f"{found.path}: {found.n_responses:,} answers, {found.n_bytes / _MB:.1f} MB"), soft_wrap=True)


@app.command()
def verify(
    run: Annotated[list[Path] | None, typer.Argument(help="Folders of runs whose seals are checked, too.")] = None,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Put the answers that can be read into a new store; the damaged one is kept beside it."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Check the whole store, every answer of it, and the files of runs; exit 0 if all is as it was written, else 2.

    Example: chateval store verify reports/runs/*
    """
    from chateval.cli.screen import out
    from chateval.errors import StoreError
    from chateval.report import visible
    from chateval.store import check_seal, check_store, repair_store, store_path

    path = store_path()
    found = check_store(path) if path.exists() or not run else None
    faults = [f"{found.path}: {fault}" for fault in found.faults] if found else []
    broken = []
    for folder in run or ():
        try:
            check_seal(folder)
        except StoreError as error:
            broken.append(str(error))
    repaired = repair_store(path) if faults and repair else None
    is_whole = not broken and (not faults or repaired is not None)
    if json:
        _print_json(
            {
                "store": asdict(found) if found else None,
                "repaired": asdict(repaired) if repaired else None,
                "runs": {"n": len(run or ()), "faults": broken},
                "is_whole": is_whole,
            }
        )
        raise typer.Exit(PASS if is_whole else USER_MISTAKE)
    for line in (*faults, *broken):
        out.print(visible(line), soft_wrap=True)
    if repaired:
        out.print(
            visible(
                f"repaired: {repaired.n_kept:,} answers kept, {repaired.n_lost:,} not; the next run of their commands "
                f"asks for what is gone. The damaged file is {repaired.damaged_path}"
            ),
            soft_wrap=True,
        )
    elif faults:
        out.print("chateval store verify --repair keeps what can be read")
    elif found:
        out.print(visible(f"{found.path}: {found.n_responses:,} answers, all as they were put"), soft_wrap=True)
    if run and not broken:
        out.print(f"runs: {len(run)}, all as they were written")
    raise typer.Exit(PASS if is_whole else USER_MISTAKE)


@app.command()
def gc(
    unused: Annotated[
        int,
        typer.Option(min=1, metavar="DAYS", help="Answers that no run asked for in so many days.", show_default=False),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; without it, only say what would go.")] = False,
    json: Json = False,
) -> None:
    """Remove answers that no run asked for lately, and give their room back. They can be had again only from a model.

    Example: chateval store gc --unused 90 --yes
    """
    from chateval.cli.screen import out
    from chateval.report import visible
    from chateval.store import remove_unused, store_path, take_inventory

    path = store_path()
    found = remove_unused(path, unused) if yes else take_inventory(path, unused_days=unused)
    if json:
        _print_json(asdict(found) | {"is_removed": yes})
        return
    out.print(visible(_said(found, unused, is_removed=yes)), soft_wrap=True)


def _said(found: "Inventory", days: int, *, is_removed: bool) -> str:
    what = f"{found.n_unused:,} of {found.n_responses:,} answers ({found.n_unused_bytes / _MB:.1f} MB)"
    if is_removed:
        return f"{found.path}: removed {what} that no run asked for in {days} days"
    return f"{found.path}: {what} were not asked for in {days} days; --yes removes them"


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Ends in .sqlite (a store), .jsonl or .jsonl.gz (an answer a line).")],
) -> None:
    """Write a copy of the store as it is at one moment; runs may go on.

    Example: chateval store export answers.jsonl.gz
    """
    from chateval.cli.screen import out
    from chateval.report import visible
    from chateval.store import export_store, store_path

    n_responses = export_store(store_path(), file)
    out.print(visible(f"{file}: {n_responses:,} answers"), soft_wrap=True)


def _print_json(found: object) -> None:
    import json

    typer.echo(json.dumps(found, indent=1, allow_nan=False))

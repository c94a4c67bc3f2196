"""`chateval report`: a finished run shown again, or written as a table."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chateval.cli.schema import print_schema
from chateval.errors import ConfigError

if TYPE_CHECKING:
    from chateval.records import Report, Run
    from chateval.report.table import Format


class Table(StrEnum):
    """What --csv and --parquet write."""

    SCORES = "scores"
    ESTIMATES = "estimates"
    COMPARISONS = "comparisons"
    FLIPS = "flips"


def report(
    run: Annotated[Path, typer.Argument(help="A run of any harness, or a report.json.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print report.json.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the page with the browser of samples.")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write a table as CSV.")] = None,
    parquet: Annotated[Path | None, typer.Option("--parquet", metavar="FILE", help="Write a table as Parquet.")] = None,
    table: Annotated[
        Table | None, typer.Option(help="Which table --csv and --parquet write.", show_default="scores")
    ] = None,
    schema: Annotated[  # noqa: ARG001 - its callback prints and ends
        bool, typer.Option("--schema", callback=print_schema, is_eager=True, help="Print the schema of report.json.")
    ] = False,
) -> None:
    """Show the report of a run, or write it to a file.

    Example: chateval report reports/runs/latest --markdown >> "$GITHUB_STEP_SUMMARY"

    Example: chateval report reports/runs/latest --table flips --csv flips.csv
    """
    if sum(bool(chosen) for chosen in (markdown, json, html or csv or parquet)) > 1:
        raise ConfigError("--markdown, --json, and files (--html, --csv, --parquet): choose one of the three")
    if table is not None and csv is None and parquet is None:
        raise ConfigError(f"--table {table}: say --csv FILE or --parquet FILE, too")
    kind = table or Table.SCORES

    from chateval.cli.screen import err, out
    from chateval.cli.show import show_result
    from chateval.report import PAGE, to_markdown, visible, write_page
    from chateval.store import is_run

    found, made_by = _open(run, needs_run=html is not None or ((csv or parquet) is not None and kind == Table.SCORES))
    if html is not None:
        write_page(html, found, made_by)
        err.print(f"page: {visible(str(html))}")
    if csv is not None:
        _write(csv, "csv", kind, (found, made_by))
    if parquet is not None:
        _write(parquet, "parquet", kind, (found, made_by))
    page = (run if run.is_dir() else run.parent) / PAGE
    is_written = is_run(run) or run.name == "report.json"
    if markdown:
        where = f"are in {PAGE}" if is_written and page.is_file() else "with --html FILE"
        out.file.write(to_markdown(found, where=where))
    elif not (html or csv or parquet):
        show_result(found, as_json=json, where=f"In {page}" if is_written and page.is_file() else "With --html FILE")


def _open(path: Path, *, needs_run: bool) -> "tuple[Report, list[Run]]":
    """Return the report of a path, and its run where that is needed and there is one.

    What chateval wrote has a report with its gate; one is made of what another harness wrote.
    """
    from chateval.cli.screen import err
    from chateval.compare.runs import compare_runs
    from chateval.integrations.runs import open_run
    from chateval.pipeline import read_own_report
    from chateval.report import visible
    from chateval.store import is_run

    if is_run(path):
        return read_own_report(path), [open_run(path)] if needs_run else []
    if not path.exists() or path.name == "report.json":
        return read_own_report(path), []
    run = open_run(path)
    for note in run.manifest.get("notes", ()):
        err.print(visible(f"{run.name}: {note}"))
    return compare_runs([run]), [run]


def _write(path: Path, kind: "Format", table: Table, found: "tuple[Report, list[Run]]") -> None:
    from chateval.cli.screen import err
    from chateval.report import visible
    from chateval.report.table import TABLES, scores_table, write_table

    report, runs = found
    if table == Table.SCORES and not runs:
        raise ConfigError("--table scores: a report.json has no scores; name the folder of the run")
    frame = scores_table(runs[0]) if table == Table.SCORES else TABLES[table.value](report)
    write_table(path, frame, kind)
    err.print(f"{table}: {len(frame)} rows in {visible(str(path))}")

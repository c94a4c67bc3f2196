"""Printing a report: tables for people, report.json for scripts."""

from typing import TYPE_CHECKING

from chateval.cli.screen import err, out
from chateval.records import Report

if TYPE_CHECKING:
    from chateval.pipeline import Result


def show_result(report: Report, *, as_json: bool, where: str = "In report.html and report.json") -> None:
    """Print a report on stdout.

    Args:
        report: What is printed.
        as_json: As report.json, not as tables.
        where: Where the rest of it is, or how it is had.
    """
    from chateval.report import show, to_json

    if as_json:
        out.file.write(to_json(report))
    else:
        show(report, out, where=where)


def show_effort(result: "Result") -> None:
    """Say on stderr what the run cost."""
    for verified in result.verified:
        err.print(str(verified))
    source = "the fake engine" if any(one.is_fake for one in result.report.checkpoints) else "the model"
    spent = f" in {result.seconds:.1f} s" if result.n_generated else ""
    err.print(f"{result.n_generated} responses from {source}{spent}, {result.n_stored} from the store")

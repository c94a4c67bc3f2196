"""Printing a report: tables for people, report.json for scripts."""

from chateval.cli.screen import out
from chateval.records import Report


def show_result(report: Report, *, as_json: bool) -> None:
    """Print a report on stdout."""
    from chateval.report import show, to_json

    if as_json:
        out.file.write(to_json(report))
    else:
        show(report, out)

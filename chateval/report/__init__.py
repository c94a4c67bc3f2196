"""A report to each of its outputs."""

from collections.abc import Callable, Mapping

from chateval.records import Report
from chateval.report.html import to_html
from chateval.report.json_file import read_report, to_json
from chateval.report.markdown import to_markdown
from chateval.report.terminal import show
from chateval.report.words import visible

OUTPUTS: Mapping[str, Callable[[Report], str]] = {
    "report.json": to_json,
    "report.md": to_markdown,
    "report.html": to_html,
}
"""File name -> what writes it."""

__all__ = ["OUTPUTS", "read_report", "show", "to_html", "to_json", "to_markdown", "visible"]

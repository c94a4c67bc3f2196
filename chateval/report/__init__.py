"""A report to each of its outputs."""

from collections.abc import Callable, Mapping

from chateval.records import Report
from chateval.report.json_file import read_report, to_json
from chateval.report.markdown import to_markdown
from chateval.report.page import to_html, write_page
from chateval.report.terminal import show
from chateval.report.words import visible

PAGE = "report.html"
"""What `write_page` writes for a report with its runs; of a report alone it has the overview only."""

OUTPUTS: Mapping[str, Callable[[Report], str]] = {
    "report.json": to_json,
    "report.md": to_markdown,
}
"""File name -> what writes it."""

__all__ = ["OUTPUTS", "PAGE", "read_report", "show", "to_html", "to_json", "to_markdown", "visible", "write_page"]

"""The report as one HTML page: an overview to read and a browser of all samples."""

from collections.abc import Sequence
from pathlib import Path

from chateval.files import write_whole
from chateval.records import Report, Run
from chateval.report.page.document import to_page

__all__ = ["to_html", "to_page", "write_page"]


def write_page(path: Path, report: Report, runs: Sequence[Run]) -> None:
    """Write the page of a report whose checkpoints come from these runs, whole or not at all.

    Raises:
        StoreError: If it cannot be written.
    """
    write_whole(path, to_page(report, runs))


def to_html(report: Report) -> str:
    """Return the page of a report alone: the overview, without the browser of samples that needs a run."""
    return "".join(to_page(report, ()))

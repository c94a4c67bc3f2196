"""The report as one HTML page: an overview to read and a browser of all samples."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from chateval.errors import StoreError
from chateval.records import Report, Run
from chateval.report.page.document import to_page

__all__ = ["to_html", "to_page", "write_page"]


def write_page(path: Path, report: Report, runs: Sequence[Run]) -> None:
    """Write the page of a report whose checkpoints come from these runs, whole or not at all.

    Raises:
        StoreError: If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(to_page(report, runs))
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
        raise


def to_html(report: Report) -> str:
    """Return the page of a report alone: the overview, without the browser of samples that needs a run."""
    return "".join(to_page(report, ()))

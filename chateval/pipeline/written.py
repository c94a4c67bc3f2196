"""The report of a run folder, as it was written."""

from pathlib import Path

from chateval.records import Report
from chateval.report import read_report
from chateval.store import REPORT, check_ended, check_seal, is_run


def read_own_report(path: Path) -> Report:
    """Read the report of a run folder, or a report.json; where a seal stands beside it, it must be as it was written.

    Raises:
        StoreError: If the run did not end, or its report is not as it was written.
        DataError: If there is no report, or it is none.
    """
    folder = path if path.is_dir() else path.parent
    if is_run(folder) and (path.is_dir() or path.name == REPORT):
        check_seal(folder, (REPORT,))
    elif path.is_dir():
        check_ended(folder)
    return read_report(path)

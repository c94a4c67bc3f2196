"""A run or a report as tables of pandas, and as CSV and Parquet files."""

import csv
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from chateval.errors import StoreError
from chateval.records import Comparison, Estimate, Flip, Report, Run
from chateval.records.run import mended
from chateval.report.formula import as_cell

if TYPE_CHECKING:
    import pandas

Format = Literal["csv", "parquet"]

_NUMBERS = (float, float | None, int | None)


def scores_table(run: Run) -> "pandas.DataFrame":
    """Return a row for each score, as `Run.to_pandas`."""
    return run.to_pandas()


def estimates_table(report: Report) -> "pandas.DataFrame":
    """Return a row for each checkpoint, task and scorer: mean, interval, n."""
    return _table(Estimate, report.estimates)


def comparisons_table(report: Report) -> "pandas.DataFrame":
    """Return a row for each candidate, task and scorer: delta, interval, p, wins and losses."""
    return _table(Comparison, report.comparisons)


def flips_table(report: Report) -> "pandas.DataFrame":
    """Return a row for each sample that one side has right and the other has not, with both answers."""
    return _table(Flip, report.flips)


TABLES: Mapping[str, Callable[[Report], "pandas.DataFrame"]] = {
    "estimates": estimates_table,
    "comparisons": comparisons_table,
    "flips": flips_table,
}
"""Name -> what makes the table of a report; `scores` are a run's."""


def write_table(path: Path, frame: "pandas.DataFrame", kind: Format) -> None:
    """Write a table whole or not at all; in CSV all text is quoted, and a list becomes JSON.

    Parquet has text as it is; in CSV what a spreadsheet would take for a formula begins with an apostrophe.

    Raises:
        StoreError: If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "csv":
            _in_csv(frame).to_csv(
                temporary, index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n", encoding="utf-8"
            )
        else:
            frame.to_parquet(temporary, index=False, engine="pyarrow")
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
        raise


def _table(kind: type[Any], records: Sequence[Any]) -> "pandas.DataFrame":
    """Return a column for each field of a record; numbers that may be None are floats, NaN where they are."""
    import pandas

    columns = {one.name: list(map(attrgetter(one.name), records)) for one in fields(kind)}
    numbers = [name for name, hint in get_type_hints(kind).items() if hint in _NUMBERS]
    return pandas.DataFrame(mended(columns)).astype(dict.fromkeys(numbers, "float64"))


def _in_csv(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return the table with JSON in place of lists, and without formulas."""
    texts = [name for name in frame.columns if frame[name].dtype.kind not in "biuf"]
    return frame.assign(**{name: frame[name].map(_in_cell) for name in texts})


def _in_cell(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value)
    return as_cell(value) if isinstance(value, str) else value

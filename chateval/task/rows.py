"""Rows of a file, each with the place it came from: JSONL, CSV or Parquet."""

import base64
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chateval.codec import read_json_lines, read_text
from chateval.errors import DataError, first_line
from chateval.parquet import read_batches
from chateval.reading import MAX_LINE_BYTES

MAX_PARQUET_BYTES = 2 * 2**30
"""Of all cells of a Parquet file, unpacked."""

Row = tuple[str, dict[str, Any]]
"""(where, fields): `where` is path:line, or path[row] where there are no lines."""

ENDINGS = (".jsonl", ".jsonl.gz", ".csv", ".parquet")
"""Of the files that are read."""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file by its ending.

    Raises:
        DataError: If the file is missing, of another kind, or a row is not valid.
    """
    match path.suffix:
        case ".jsonl" | ".gz" if path.name.endswith((".jsonl", ".jsonl.gz")):
            yield from read_json_lines(path)
        case ".csv":
            yield from _read_csv(path)
        case ".parquet":
            yield from _read_parquet(path)
        case other:
            raise DataError(f"{path}: samples end in {', '.join(ENDINGS)}, found {other or 'no ending'!r}")


def _read_csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        names = list(reader.fieldnames or ())
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(f"{path}:1: column {twice!r} stands twice")
        for row in reader:
            where = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                raise DataError(f"{where}: {len(names)} columns expected, this row has another number")
            yield where, dict(row)
    except csv.Error as error:
        raise DataError(f"{path}:{reader.reader.line_num}: not valid CSV: {error}") from error


def _read_parquet(path: Path) -> Iterator[Row]:
    import pandas
    import pyarrow

    index = 0
    for batch in read_batches(path, max_bytes=MAX_PARQUET_BYTES):
        try:
            # The default types would turn None into NaN, and whole numbers beside a None into fractions.
            frame = pyarrow.Table.from_batches([batch]).to_pandas(types_mapper=pandas.ArrowDtype)
            rows = frame.to_dict(orient="records")
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError, TypeError, NotImplementedError) as error:
            raise DataError(f"{path}[{index}]: not plain data: {first_line(error)}") from error
        for row in rows:
            yield f"{path}[{index}]", {str(key): plain(value) for key, value in row.items()}
            index += 1


def plain(value: Any) -> Any:
    """Return what Arrow and numpy hold as JSON's types; bytes, as of an image, in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value

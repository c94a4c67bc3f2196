"""Rows of a task's data, each with the place it came from: JSONL, CSV, Parquet, or `datasets`."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chateval.codec import read_json_lines, read_text
from chateval.errors import DataError
from chateval.task.spec import DatasetSpec

Row = tuple[str, dict[str, Any]]
"""(where, fields): `where` is path:line, or path[row] where there are no lines."""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file by its ending.

    Raises:
        DataError: If the file is missing, of another kind, or a row is not valid.
    """
    match path.suffix:
        case ".jsonl":
            yield from read_json_lines(path)
        case ".csv":
            yield from _read_csv(path)
        case ".parquet":
            yield from _read_parquet(path)
        case other:
            raise DataError(f"{path}: samples end in .jsonl, .csv or .parquet, found {other or 'no ending'!r}")


def _read_csv(path: Path) -> Iterator[Row]:
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

    try:
        # The default types would turn None into NaN, and whole numbers beside a None into fractions.
        frame = pandas.read_parquet(path, dtype_backend="pyarrow")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {error}") from error
    for index, row in enumerate(frame.to_dict(orient="records")):
        yield f"{path}[{index}]", {str(key): _plain(value) for key, value in row.items()}


def _plain(value: Any) -> Any:
    """Turn what Arrow and numpy hold into JSON's types."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def read_dataset(spec: DatasetSpec, *, relative_to: Path) -> Iterator[Row]:
    """Yield the rows of a data set of the hub or of a local folder.

    Args:
        spec: What to load.
        relative_to: Folder that a local path starts from: the task's.

    Raises:
        DataError: If `datasets` cannot load it.
    """
    import datasets
    from datasets.exceptions import DatasetsError

    local = relative_to / spec.path
    if local.is_file():
        raise DataError(f"dataset {spec.path}: is a file; give its folder, or name it with `samples:`")
    place = str(local) if local.is_dir() else spec.path
    try:
        rows: Iterable[Any] = datasets.load_dataset(place, spec.name, split=spec.split, revision=spec.revision)
    except (OSError, ValueError, ImportError, DatasetsError) as error:
        why = (str(error.__cause__ or error) or type(error).__name__).splitlines()[0]
        raise DataError(f"dataset {spec.path}: cannot be loaded: {why}") from error
    for index, row in enumerate(rows):
        yield f"{spec.path}/{spec.split}[{index}]", {str(key): _plain(value) for key, value in row.items()}

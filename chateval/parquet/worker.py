"""The process that reads a Parquet file: batches within limits, as an Arrow stream to stdout; faults to stderr."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from chateval.errors import DataError, first_line
from chateval.reading import opened

BATCH_BYTES = 64 * 2**20
"""Aimed at for one batch, whatever the cells of a dictionary are."""
FREE_ROWS = 1_000_000
"""That a file may have however small it is."""
ROWS_PER_BYTE = 100

_PLAIN = frozenset({"PLAIN", "RLE", "BIT_PACKED"})
"""Encodings in which a cell is not much larger than its bytes; the others say cells once and repeat them."""


def main(path: Path, max_rows: int, max_bytes: int) -> None:
    """Write the batches of a file to stdout.

    Args:
        path: The file.
        max_rows: Of one batch.
        max_bytes: Of all batches, unpacked; 0 for no limit.

    Raises:
        DataError: If it is not to be read.
    """
    with opened(path) as handle:
        size = handle.seek(0, 2)
        try:
            with parquet.ParquetFile(path) as file:
                _check(path, file, size)
                with pyarrow.ipc.new_stream(sys.stdout.buffer, _plain_schema(file.schema_arrow)) as stream:
                    for batch in _batches(path, file, max_rows, max_bytes):
                        stream.write_batch(batch)
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
            raise DataError(f"{path}: not a readable Parquet file: {first_line(error)}") from error


def _batches(path: Path, file: Any, max_rows: int, max_bytes: int) -> Iterator[Any]:
    n_bytes, n_rows = 0, 0
    for packed in file.iter_batches(batch_size=_rows_of(file.metadata, max_rows)):
        batch = _unpacked(packed)
        n_bytes += batch.nbytes
        if max_bytes and n_bytes > max_bytes:
            raise DataError(f"{path}: unpacks to more than {max_bytes:,} bytes, the most that is read")
        try:
            batch.validate(full=True)
        except pyarrow.ArrowException as error:
            raise DataError(f"{path}[{n_rows}]: not plain data: {first_line(error)}") from error
        n_rows += batch.num_rows
        yield batch


def _unpacked(batch: Any) -> Any:
    """Return a batch whose cells stand each for itself, so that its size is what a reader will hold."""
    columns = [
        column.dictionary_decode() if pyarrow.types.is_dictionary(column.type) else column for column in batch.columns
    ]
    return pyarrow.RecordBatch.from_arrays(columns, schema=_plain_schema(batch.schema))


def _plain_schema(schema: Any) -> Any:
    fields = [
        field.with_type(field.type.value_type) if pyarrow.types.is_dictionary(field.type) else field for field in schema
    ]
    return pyarrow.schema(fields)


def _check(path: Path, file: Any, size: int) -> None:
    names = file.schema_arrow.names
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise DataError(f"{path}: column {twice!r} stands twice")
    n_rows = file.metadata.num_rows
    if n_rows > max(FREE_ROWS, ROWS_PER_BYTE * size):
        raise DataError(f"{path}: {n_rows:,} rows in {size:,} bytes, which is no data")


def _rows_of(metadata: Any, max_rows: int) -> int:
    """Return how many rows a batch may have, were each cell as large as all of its column in a group of rows."""
    largest = 1
    for group in (metadata.row_group(place) for place in range(metadata.num_row_groups)):
        for column in (group.column(place) for place in range(group.num_columns)):
            if not _PLAIN.issuperset(column.encodings):
                largest = max(largest, column.total_uncompressed_size)
    return max(1, min(max_rows, BATCH_BYTES // largest))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    except DataError as fault:
        print(fault, file=sys.stderr)
        sys.exit(fault.exit_code)

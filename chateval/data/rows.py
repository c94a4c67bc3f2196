"""Rows of training data, read as a stream: JSON lines, JSON, CSV, Parquet, each with the place it came from."""

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from pydantic_core import from_json

from chateval.data.json_array import read_array
from chateval.errors import DataError, first_line
from chateval.parquet import count_rows, read_batches

MAX_ROW_BYTES = 64 * 1024 * 1024
"""A longer line, element or cell is no row of a chat; a file without line ends must not fill the memory."""
ENDINGS = (".jsonl", ".json", ".csv", ".parquet")
STDIN = "-"

_PARQUET_ROWS = 500


class Row(NamedTuple):
    """One row as it stands in a file. A tuple: millions of them are made."""

    path: str
    line: int
    """From 1; for Parquet, which has no lines, the row from 0."""
    fields: dict[str, Any] | None
    """None if the row could not be read."""
    fault: str = ""
    """Why there are no fields."""
    size: int = 0
    """Bytes or characters it takes in the file, roughly for Parquet."""

    @property
    def where(self) -> str:
        """Return path:line, or path[row] for Parquet."""
        return f"{self.path}[{self.line}]" if self.path.endswith(".parquet") else f"{self.path}:{self.line}"


class RowReader:
    """Reads files one after the other; knows how far it has come."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Check that the files are there and of a kind that is read.

        Args:
            paths: Files ending in .jsonl, .json, .csv (each also with .gz) or .parquet; `-` is JSON lines on stdin.

        Raises:
            DataError: If one is absent or of another kind.
        """
        self._paths = tuple(paths)
        self._sizes = [_size(path) for path in self._paths]
        self._n_finished = 0
        self._tell: Callable[[], float] = lambda: 0.0

    @property
    def share_read(self) -> float | None:
        """Share of all bytes read so far, in [0, 1]; None where that cannot be known."""
        total = sum(self._sizes)
        if not total or STDIN in self._paths:
            return None
        current = self._sizes[self._n_finished] * self._tell() if self._n_finished < len(self._sizes) else 0.0
        return min(1.0, (sum(self._sizes[: self._n_finished]) + current) / total)

    def __iter__(self) -> Iterator[Row]:
        """Yield every row; one that cannot be read says why.

        Raises:
            DataError: If the rest of a file cannot be read, so that there are no more rows to find in it, or if there
                is no row in any of them.
        """
        n_rows = 0
        for row in self._rows():
            n_rows += 1
            yield row
        if n_rows == 0:
            raise DataError(f"{', '.join(self._paths)}: no row in it")

    def _rows(self) -> Iterator[Row]:
        for number, path in enumerate(self._paths):
            self._n_finished = number
            kind = _kind(path)
            try:
                if kind == ".parquet":
                    yield from self._read_parquet(path)
                elif path == STDIN:
                    yield from read_lines(sys.stdin.buffer, "stdin")
                else:
                    yield from self._read_text(path, kind)
            except (OSError, EOFError, zlib.error) as error:
                raise DataError(f"{path}: cannot be read: {error}") from error
        self._n_finished = len(self._paths)

    def _read_text(self, path: str, kind: str) -> Iterator[Row]:
        size = max(1, self._sizes[self._n_finished])
        with Path(path).open("rb") as raw:
            self._tell = lambda: 0.0 if raw.closed else raw.tell() / size
            file = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if path.endswith(".gz") else raw
            if kind == ".jsonl":
                yield from read_lines(file, path)
            elif kind == ".csv":
                yield from _read_csv(file, path)
            else:
                yield from _read_json(file, path)

    def _read_parquet(self, path: str) -> Iterator[Row]:
        import pyarrow

        n_all, number = max(1, count_rows(Path(path))), 0
        self._tell = lambda: number / n_all
        for batch in read_batches(Path(path), max_rows=_PARQUET_ROWS, max_bytes=None):
            size = batch.nbytes // max(1, batch.num_rows)
            try:
                rows = batch.to_pylist()
            except (pyarrow.ArrowException, ValueError, OverflowError) as error:
                raise DataError(f"{path}[{number}]: not plain data: {first_line(error)}") from error
            for fields in rows:
                yield Row(path, number, fields, size=size)
                number += 1


def in_batches(rows: Iterable[Row], *, n: int = 1_000, size: int = 8_000_000) -> Iterator[list[Row]]:
    """Yield rows together, at most `n` and not much more than `size` bytes of them."""
    batch: list[Row] = []
    taken = 0
    for row in rows:
        batch.append(row)
        taken += row.size
        if len(batch) >= n or taken >= size:
            yield batch
            batch, taken = [], 0
    if batch:
        yield batch


def read_lines(file: IO[bytes], path: str) -> Iterator[Row]:
    """Yield a row for each line that is not blank.

    Of a key that stands twice the last one counts, as in the loaders that train on such files.
    """
    number = 0
    while line := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) > MAX_ROW_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_ROW_BYTES)
            yield Row(path, number, None, f"a line of more than {MAX_ROW_BYTES:,} bytes")
        elif not line.isspace():
            yield _parse(line, path, number)


def _parse(line: bytes, path: str, number: int) -> Row:
    try:
        found = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        return Row(path, number, None, f"not valid JSON: {str(error).replace(' at line 1 ', ' at ')}", len(line))
    return row_of(found, path, number, len(line))


def row_of(found: Any, path: str, number: int, size: int) -> Row:
    """Return what was parsed as a row; anything but an object is at fault."""
    if isinstance(found, dict):
        return Row(path, number, found, size=size)
    return Row(path, number, None, f"a row must be a JSON object, found {type(found).__name__}", size)


def _read_json(file: IO[bytes], path: str) -> Iterator[Row]:
    """Read a JSON array; many files that end in .json hold JSON lines, which are read as such."""
    buffered = io.BufferedReader(file) if not isinstance(file, io.BufferedReader) else file  # type: ignore[type-var]
    head = buffered.peek(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{"):
        yield from read_lines(buffered, path)
        return
    for found, number, size in read_array(buffered, path, max_bytes=MAX_ROW_BYTES):
        yield row_of(found, path, number, size)


def _read_csv(file: IO[bytes], path: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_ROW_BYTES)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    try:
        names = next(reader, [])
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(f"{path}:1: column {twice!r} stands twice")
        for cells in reader:
            line, size = reader.line_num, sum(map(len, cells))
            if not cells:
                continue
            if len(cells) != len(names):
                yield Row(path, line, None, f"{len(names)} columns expected, found {len(cells)}", size)
            else:
                yield Row(path, line, dict(zip(names, cells, strict=True)), size=size)
    except UnicodeDecodeError as error:
        raise DataError(f"{path}:{reader.line_num + 1}: not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not valid CSV: {error}") from error
    finally:
        text.detach()


def _kind(path: str) -> str:
    return ".jsonl" if path == STDIN else Path(path.removesuffix(".gz")).suffix.lower()


def _size(path: str) -> int:
    if path == STDIN:
        return 0
    kind = _kind(path)
    if kind not in ENDINGS or (kind == ".parquet" and path.endswith(".gz")):
        raise DataError(f"{path}: files end in {', '.join(ENDINGS)} or .gz; - is JSON lines on standard input")
    if not Path(path).exists():
        raise DataError(f"{path}: no such file")
    if not Path(path).is_file():
        raise DataError(f"{path}: not a regular file; name the files in it")
    return Path(path).stat().st_size

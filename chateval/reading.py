"""Files that others wrote -> bytes: regular files only, within limits, and as they were when reading began."""

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from chateval.errors import DataError

MAX_LINE_BYTES = 64 * 2**20
"""Of one line, unpacked: a file without line ends must not fill the memory."""
MAX_TEXT_BYTES = 512 * 2**20
"""Of a file that is read whole."""
FREE_BYTES = 16 * 2**20
"""That anything packed may unpack to, however small it is."""
MAX_RATIO = 200
"""Of unpacked to packed bytes, beyond `FREE_BYTES`; texts pack 3 to 30 times, a bomb 1,000 times and more."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_BLANK = "\0"


def unpacked_limit(packed: int) -> int:
    """Return how many bytes so many packed ones may unpack to."""
    return max(FREE_BYTES, MAX_RATIO * packed)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a regular file, without waiting for anybody to write into it; at the end it must be as at the beginning.

    Raises:
        DataError: If it cannot be opened or read, is a folder, pipe, socket or device, or was changed meanwhile.
    """
    try:
        with _open(path) as file:
            before = os.fstat(file.fileno())
            for is_kind, name in _KINDS:
                if is_kind(before.st_mode):
                    raise DataError(f"{path}: cannot be read: it is {name}, not a file")
            yield file
            after = os.fstat(file.fileno())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DataError(f"{path}: was changed while it was read; read it again when nothing writes to it")


def _open(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except IsADirectoryError as error:
        raise DataError(f"{path}: cannot be read: it is a folder, not a file") from error
    except ValueError as error:  # a NUL in the path
        raise DataError(f"{path}: cannot be read: {error}") from error


def read_bytes(path: Path, limit: int = MAX_TEXT_BYTES) -> bytes:
    """Return the bytes of a file.

    Raises:
        DataError: If it cannot be read or is larger than `limit`.
    """
    with opened(path) as file:
        data = file.read(limit + 1)
        if len(data) > limit:
            raise DataError(f"{path}: larger than {limit:,} bytes, the most that is read")
    return data


def read_raw_lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (path:line, line without its end) of a file, one in memory at a time; `.gz` is unpacked on the way.

    Raises:
        DataError: If it cannot be read, a line is longer than `MAX_LINE_BYTES`, or it unpacks to far too much.
    """
    with opened(path) as raw:
        is_packed = path.suffix == ".gz"
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if is_packed else raw
        size = os.fstat(raw.fileno()).st_size
        left = unpacked_limit(size) if is_packed else size
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise DataError(f"{path}:{number}: a line of more than {MAX_LINE_BYTES:,} bytes, the most that is read")
            left -= len(line)
            if left < 0 and not is_packed:
                return  # somebody writes on; what was there when reading began is read, and `opened` says so
            if left < 0:
                raise DataError(
                    f"{path}:{number}: unpacks to more than {MAX_RATIO} times its size, as no data does; "
                    "unpack it yourself if you trust it"
                )
            yield f"{path}:{number}", line.removesuffix(b"\n")


def as_text(data: bytes, *, where: str, line: int | None = None, is_start: bool = True) -> str:
    """Return UTF-8 as text; a byte order mark at its start is dropped.

    Args:
        data: What was read.
        where: Of the data, for messages.
        line: Number of its first line, where `where` is a path; None where that is known already.
        is_start: Whether the data are the start of a file.

    Raises:
        DataError: If the bytes are not UTF-8, or hold a NUL, which no text does and UTF-16 is full of.
    """
    try:
        text = data.decode("utf-8-sig" if is_start else "utf-8")
        place = text.find(_BLANK)
        found = None if place < 0 else ("a NUL, as in UTF-16", text[:place].count("\n"))
    except UnicodeDecodeError as error:
        text, found = "", (f"byte {data[error.start]:#04x}", data[: error.start].count(b"\n"))
    if found is None:
        return text
    why, before = found
    place_of = where if line is None else f"{where}:{line + before}"
    raise DataError(f"{place_of}: not UTF-8 ({why}); save the file as UTF-8")

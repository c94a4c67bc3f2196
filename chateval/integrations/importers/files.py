"""Files that other programs wrote -> JSON values, within limits; what is too large, too deep or broken is refused."""

import gzip
import json
import math
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from chateval import reading
from chateval.codec import HUGE
from chateval.errors import DataError
from chateval.reading import opened, read_raw_lines

MAX_FILE_BYTES = 2 * 2**30
"""Of a file that is read whole."""
MAX_FILES = 20_000
"""That are looked at below a folder."""

MAX_REMEMBERED = 64 * 2**20
"""Bytes of the files whose JSON is kept for a second look; of more, the last file's is."""

_SECRET = re.compile(r"token$|key$|secret|password", re.IGNORECASE)
_SECRET_PAIR = re.compile(r"(\b\w*(?:token|key|secret|password))=[^,\s]+", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"

_PARSED: ContextVar[OrderedDict[tuple[str, Path], tuple[int, Any]] | None] = ContextVar("parsed", default=None)
"""Part of a file -> its size and its JSON, or the error that it is none; None where nothing is remembered."""


@contextmanager
def parsing_once() -> Iterator[None]:
    """Remember in this context what `read_json` reads, for several importers look at one file; forget it at the end.

    What it returns is then the same object each time, which nobody may change.
    """
    token = _PARSED.set(OrderedDict())
    try:
        yield
    finally:
        _PARSED.reset(token)


def parse(data: bytes | str, *, where: str) -> Any:
    """Parse JSON as Python writes it, in which NaN and infinite numbers become the texts that they are written as.

    A score that is such a text is said to be unscored, and what is kept of a log can be written as JSON again.

    Raises:
        DataError: If it is not JSON; the message starts with `where`.
    """
    try:
        spelt = data if isinstance(data, str) else data.decode("utf-8")
        return json.loads(spelt, parse_constant=str, parse_float=None if HUGE.search(spelt) is None else _finite)
    except RecursionError as error:
        raise DataError(f"{where}: nested too deeply") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 (byte {error.object[error.start]:#04x})") from error
    except ValueError as error:
        raise DataError(f"{where}: not valid JSON: {error}") from error


def _finite(spelt: str) -> float | str:
    found = float(spelt)
    return found if math.isfinite(found) else spelt


def read_json(path: Path) -> Any:
    """Read a file of JSON, within `parsing_once` only the first time.

    Raises:
        DataError: If it cannot be read, is larger than `MAX_FILE_BYTES` or is not JSON.
    """
    is_line = _is_one_line(path)
    return _once("first line" if is_line else "whole", path, lambda: (read_bytes(path), str(path)))


def _is_one_line(path: Path) -> bool:
    """Return whether the first line of a file is remembered, and is all of it."""
    known = _PARSED.get()
    size, _ = known.get(("first line", path), (0, None)) if known else (0, None)
    try:
        return size > 0 and size >= path.stat().st_size - len(_BOM)
    except OSError:
        return False


def _once(part: str, path: Path, read: Callable[[], tuple[bytes, str]]) -> Any:
    """Return the JSON of part of a file.

    Args:
        part: Which one.
        path: The file.
        read: Returns the bytes and where they stand.
    """
    known = _PARSED.get()
    if known is None:
        data, where = read()
        return parse(data, where=where)
    if (part, path) not in known:
        known[part, path] = _parsed(read)
        while len(known) > 1 and sum(size for size, _ in known.values()) > MAX_REMEMBERED:
            known.popitem(last=False)
    _, found = known[part, path]
    if isinstance(found, DataError):
        raise found
    return found


def _parsed(read: Callable[[], tuple[bytes, str]]) -> tuple[int, Any]:
    try:
        data, where = read()
        return len(data), parse(data, where=where)
    except DataError as error:
        return 0, error


def object_in(path: Path) -> dict[str, Any] | None:
    """Return the JSON object that a file holds; None where it holds none, without reading what cannot be one."""
    if path.suffix == ".gz" or read_start(path) != b"{":
        return None
    try:
        found = read_json(path)
    except DataError:
        return None
    return found if isinstance(found, dict) else None


def read_bytes(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Read a file of at most `limit` bytes.

    Raises:
        DataError: If it cannot be read or is larger.
    """
    return reading.read_bytes(path, limit).removeprefix(_BOM)


def read_objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path:line, object) for each line of JSONL that is not blank; `.gz` is unpacked on the way.

    Raises:
        DataError: If the file cannot be read, a line is longer than is read or is not a JSON object.
    """
    for where, line in _lines(path):
        row = parse(line, where=where)
        if not isinstance(row, dict):
            raise DataError(f"{where}: a line must be a JSON object, found {type(row).__name__}")
        yield where, row


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (path:line, line) for each line that is not blank."""
    for number, (where, line) in enumerate(read_raw_lines(path)):
        if line and not line.isspace():
            yield where, line.removeprefix(_BOM) if number == 0 else line


def first_object(path: Path) -> dict[str, Any] | None:
    """Return the first object of a JSONL file; None where its first line is none."""
    try:
        found = _once("first line", path, lambda: _first_line(path))
    except DataError:
        return None
    return found if isinstance(found, dict) else None


def _first_line(path: Path) -> tuple[bytes, str]:
    where, line = next(_lines(path), (str(path), b""))
    return line, where


def read_start(path: Path) -> bytes:
    """Return the first byte of a file that is no space; empty where there is none near, or it cannot be read."""
    try:
        with opened(path) as raw:
            file = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
            return file.read(4096).removeprefix(_BOM).lstrip()[:1]
    except DataError:
        return b""


def stem_of(path: Path) -> str:
    """Return the name of a file without its endings."""
    name = path.name
    for ending in (".gz", ".jsonl", ".json", ".parquet", ".csv", ".tsv", ".eval"):
        name = name.removesuffix(ending)
    return name


def files_below(path: Path, *endings: str) -> list[Path]:
    """Return the file itself, or the files below a folder that end so, in order; links to folders are not followed.

    Raises:
        DataError: If there are more than `MAX_FILES`.
    """
    if path.is_file():
        return [path]
    found: list[Path] = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        paths = (Path(folder) / name for name in sorted(names) if name.endswith(endings))
        found += [one for one in paths if is_regular(one)]
        if len(found) > MAX_FILES:
            raise DataError(f"{path}: more than {MAX_FILES:,} files below it; name the folder of one run")
    return found


def is_regular(path: Path) -> bool:
    """Return whether a path is a file, or a link to one, and no pipe, socket or device."""
    try:
        return path.is_file()
    except OSError:
        return False


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> Sequence[Any]:
    """Return an array as it is, and anything else as an empty one."""
    return value if isinstance(value, (list, tuple)) else ()


def text(value: Any, *, limit: int | None = None) -> str:
    """Return a text as it is, None as the empty text, and other values as JSON; cut at `limit` characters."""
    if value is None:
        return ""
    found = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return found if limit is None else found[:limit]


def count(value: Any) -> int:
    """Return a number of things, at least 0; 0 where there is no such number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    return int(value) if 0 <= value < 2**62 else 0


def without_secrets(value: Any) -> Any:
    """Return settings without the values of what is called a token, key, secret or password, at any depth."""
    if isinstance(value, dict):
        return {
            name: "[left out]" if isinstance(one, str) and _SECRET.search(str(name)) else without_secrets(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(one) for one in value]
    return _SECRET_PAIR.sub(r"\1=[left out]", value) if isinstance(value, str) else value

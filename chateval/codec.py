"""Bytes to data and back, strictly: JSON, lines of it, records. Says path:line for every fault."""

import hashlib
import json
import re
from collections.abc import Hashable, Iterator
from dataclasses import fields
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from chateval.errors import DataError
from chateval.reading import as_text, read_bytes, read_raw_lines

T = TypeVar("T")

_SURROGATE = re.compile("[\ud800-\udfff]")


def canonical(value: Any) -> bytes:
    """Return the one JSON spelling of `value`: sorted keys, no spaces, UTF-8, no NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    """Return the sha256 of the canonical JSON of `value`, 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def encode(record: Any) -> str:
    """Return a record as one line of JSON, without the newline; a lone surrogate becomes U+FFFD, NaN is refused."""
    text = _ENCODER.encode(record)
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _plain(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _field_names(cast("Hashable", type(record)))}


@cache
def _field_names(kind: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cast("type[Any]", kind)))


# What is not JSON by itself is asked for its fields one level at a time; asdict would copy every list within.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def decode(kind: type[T], line: str | bytes, *, where: str) -> T:
    """Parse one line of JSON into a record; unknown keys, wrong types and what `parse_json` refuses are refused.

    Raises:
        DataError: If the line is not such a record; the message starts with `where`.
    """
    parse_json(line, where=where)
    return decode_own(kind, line, where=where)


def decode_own(kind: type[T], line: str | bytes, *, where: str) -> T:
    """Parse a line that `encode` wrote, as a checksum shows: keys that stand twice are not looked for again.

    Raises:
        DataError: If the line is not such a record; the message starts with `where`.
    """
    try:
        record: T = _adapter(cast("Hashable", kind)).validate_json(line, strict=True, extra="forbid")
    except ValidationError as error:
        faults = "; ".join(f"{dotted(fault['loc']) or 'line'}: {fault['msg']}" for fault in error.errors()[:3])
        raise DataError(f"{where}: {faults}") from error
    return record


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("type[Any]", kind))


def parse_json(text: str | bytes, *, where: str) -> Any:
    """Parse JSON as RFC 8259 has it: a key that stands twice, NaN and Infinity are refused.

    Raises:
        DataError: If the text is not JSON; the message starts with `where`.
    """
    try:
        spelt = text if isinstance(text, str) else text.decode("utf-8")
        return (_PARSE if HUGE.search(spelt) is None else _PARSE_HUGE)(spelt)
    except RecursionError as error:
        raise DataError(f"{where}: nested too deeply for a sample") from error
    except ValueError as error:
        raise DataError(f"{where}: not valid JSON: {error}") from error


def _finite(spelt: str) -> float:
    found = float(spelt)
    if not isfinite(found):
        raise ValueError(f"{spelt:.40} is too large for a number")
    return found


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key[:200]!r} stands twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


HUGE = re.compile(r"[eE]\+?[0-9]{3}|[0-9]{300}", re.ASCII)
"""Numbers that may be infinite as floats; a look for them costs less than a look at each number."""

_PARSE = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant).decode
_PARSE_HUGE = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_constant=_refuse_constant, parse_float=_finite
).decode


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file; a byte order mark is dropped.

    Raises:
        DataError: If the file cannot be read or is not UTF-8; the message has the line of the first bad byte.
    """
    return as_text(read_bytes(path), where=str(path), line=1)


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (path:line, line) for each line of a UTF-8 file that is not empty, one in memory at a time.

    A file that ends in `.gz` is unpacked on the way.

    Raises:
        DataError: If the file cannot be read or is not UTF-8; the message has the line of the first bad byte.
    """
    for number, (where, line) in enumerate(read_raw_lines(path)):
        text = as_text(line, where=where, is_start=number == 0)
        if text:
            yield where, text


def read_json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path:line, object) for each line that is not blank.

    Raises:
        DataError: If a line is not a JSON object.
    """
    for where, line in read_lines(path):
        if not line.strip():
            continue
        row = parse_json(line, where=where)
        if not isinstance(row, dict):
            raise DataError(f"{where}: a line must be a JSON object, found {type(row).__name__}")
        yield where, row


def dotted(place: tuple[str | int, ...]) -> str:
    """Return keys and indices as a reader writes them, such as `scorers[1].name`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text

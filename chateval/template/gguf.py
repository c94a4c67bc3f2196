"""The header of a GGUF file, read within the file's own bounds: its fields, and the shapes of its tensors.

A count or a length is checked against the bytes that are left before anything is read or looped over.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO

from chateval.errors import CheckpointError

MAX_HEADER_BYTES = 256 * 2**20
"""Of all fields and tensor entries; a vocabulary of 260,000 tokens with scores and merges takes 15 MB."""
MAX_TEXT_BYTES = 16 * 2**20
MAX_TENSORS = 1_000_000

_VERSIONS = (2, 3)
_MAGIC = b"GGUF"
_ALIGNMENT = 32
_TEXT, _ARRAY = 8, 9
_SCALARS: Mapping[int, str] = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
"""Type number -> how a value is packed."""
_MAX_DIMS = 4
_MAX_NESTING = 4

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a GGUF file says of itself."""

    fields: Mapping[str, Value]
    """Key -> text or number; None for arrays, which are walked over and not kept."""
    shapes: Mapping[str, tuple[int, ...]]
    """Tensor -> its dimensions, the fastest one first."""


def read_gguf(path: Path) -> GgufHeader:
    """Return the header of a GGUF file.

    Raises:
        CheckpointError: If it does not describe this file: another magic or version, a count or length beyond the
            file, a key or tensor that stands twice, an unknown type, data outside the file.

    Source:
        https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _Reader(file, size).header()
    except _HeaderError as fault:
        raise CheckpointError(f"{path}: not a readable GGUF file: {fault}; fetch or convert it again") from fault
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error


class _HeaderError(ValueError):
    """What the header says cannot be."""


class _Reader:
    """Reads forward; every read is checked against what is left of the file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self._at = 0

    def header(self) -> GgufHeader:
        if self._take(4) != _MAGIC:
            raise _HeaderError("it does not begin with GGUF")
        version = self._number("<I")
        if version not in _VERSIONS:
            raise _HeaderError(f"version {version}; {_VERSIONS[0]} and {_VERSIONS[1]} of this byte order are read")
        n_tensors, n_fields = self._number("<Q"), self._number("<Q")
        self._check_count(n_fields, 13, "fields")
        self._check_count(min(n_tensors, MAX_TENSORS + 1), 24, "tensors")
        if n_tensors > MAX_TENSORS:
            raise _HeaderError(f"{n_tensors:,} tensors; at most {MAX_TENSORS:,} are read")
        fields: dict[str, Value] = {}
        for _ in range(n_fields):
            key = self._text()
            if key in fields:
                raise _HeaderError(f"key {key[:80]!r} stands twice")
            fields[key] = self._value(self._number("<I"))
        entries = [self._tensor() for _ in range(n_tensors)]
        shapes = {name: shape for name, shape, _ in entries}
        if len(shapes) < len(entries):
            raise _HeaderError("a tensor stands twice")
        self._check_data(entries, fields.get("general.alignment", _ALIGNMENT))
        return GgufHeader(fields, shapes)

    def _tensor(self) -> tuple[str, tuple[int, ...], int]:
        name, n_dims = self._text(), self._number("<I")
        if not 1 <= n_dims <= _MAX_DIMS:
            raise _HeaderError(f"tensor {name[:80]!r} has {n_dims} dimensions; 1 to {_MAX_DIMS} are allowed")
        shape = tuple(self._number("<Q") for _ in range(n_dims))
        self._number("<I")
        return name, shape, self._number("<Q")

    def _check_data(self, entries: list[tuple[str, tuple[int, ...], int]], alignment: Value) -> None:
        """Hold what the tensors say of the data against its size; no format takes less than one bit for a number."""
        if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
            raise _HeaderError(f"general.alignment is {alignment!r}, not a power of two")
        n_bytes = self._size - -(-self._at // alignment) * alignment
        for name, shape, offset in entries:
            if offset + prod(shape) // 8 > max(n_bytes, 0):
                raise _HeaderError(f"tensor {name[:80]!r} lies outside the file (truncated?)")

    def _value(self, kind: int, depth: int = 0) -> Value:
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        if kind == _TEXT:
            return self._text()
        if kind != _ARRAY:
            raise _HeaderError(f"a value of type {kind}, which is none")
        if depth == _MAX_NESTING:
            raise _HeaderError(f"arrays nested more than {_MAX_NESTING} deep")
        inner, count = self._number("<I"), self._number("<Q")
        if inner in _SCALARS:
            self._skip(count * struct.calcsize(_SCALARS[inner]))
            return None
        self._check_count(count, 8, "entries of an array")
        for _ in range(count):
            if inner == _TEXT:
                self._skip(self._number("<Q"))
            else:
                self._value(inner, depth + 1)
        return None

    def _text(self) -> str:
        length = self._number("<Q")
        if length > MAX_TEXT_BYTES:
            raise _HeaderError(f"a text of {length:,} bytes; at most {MAX_TEXT_BYTES:,} are read")
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError as error:
            raise _HeaderError("a text is not UTF-8") from error

    def _number(self, form: str) -> int:
        [found] = struct.unpack(form, self._take(struct.calcsize(form)))
        number: int = found
        return number

    def _take(self, n_bytes: int) -> bytes:
        self._check_left(n_bytes)
        self._at += n_bytes
        return self._file.read(n_bytes)

    def _skip(self, n_bytes: int) -> None:
        self._check_left(n_bytes)
        self._at += n_bytes
        self._file.seek(self._at)

    def _check_count(self, count: int, least_bytes: int, what: str) -> None:
        if count * least_bytes > self._size - self._at:
            raise _HeaderError(f"{count:,} {what} do not fit into {self._size:,} bytes (truncated?)")

    def _check_left(self, n_bytes: int) -> None:
        if n_bytes > self._size - self._at:
            raise _HeaderError(f"{n_bytes:,} bytes wanted at {self._at:,} of {self._size:,} (truncated?)")
        if self._at + n_bytes > MAX_HEADER_BYTES:
            raise _HeaderError(f"a header of more than {MAX_HEADER_BYTES:,} bytes")

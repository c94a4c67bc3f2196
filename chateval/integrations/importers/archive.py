"""A zip of JSON from a stranger: members are read within limits, whether stored, deflated or zstd."""

import io
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any, Self

from chateval.errors import DataError, first_line
from chateval.integrations.importers.files import is_regular, parse
from chateval.reading import unpacked_limit

MAX_MEMBER_BYTES = 512 * 2**20
"""Of one member, unpacked."""
MAX_TOTAL_BYTES = 16 * 2**30
"""Of all members that are read, unpacked, however large the file is."""
MAX_MEMBERS = 1_000_000

_ZSTD = 93
_LOCAL_HEADER = struct.Struct("<4s22xHH")


def is_archive(path: Path) -> bool:
    """Return whether a file begins and ends as a zip does."""
    return is_regular(path) and zipfile.is_zipfile(path)


class Archive:
    """The members of a zip as JSON."""

    def __init__(self, path: Path) -> None:
        """Open a zip.

        Raises:
            DataError: If it is none, or has more than `MAX_MEMBERS` members.
        """
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise DataError(f"{path}: not a zip that can be read: {error}") from error
        listed = self._zip.namelist()
        self.names = set(listed)
        self._size = path.stat().st_size
        self._limit = min(MAX_TOTAL_BYTES, unpacked_limit(self._size))
        self._n_read = 0
        if len(listed) > MAX_MEMBERS:
            raise DataError(f"{path}: {len(listed):,} members; at most {MAX_MEMBERS:,} are read")
        if len(listed) > len(self.names):
            twice = next(name for name, n in Counter(listed).items() if n > 1)
            raise DataError(f"{path}: member {twice!r} stands twice, so that nobody can say which one counts")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, name: str) -> Any:
        """Return a member's JSON.

        Raises:
            DataError: If it is broken, or unpacks to more than the limits.
        """
        where = f"{self.path}: {name}"
        limit = min(MAX_MEMBER_BYTES, self._limit - self._n_read)
        try:
            info = self._zip.getinfo(name)
            data = self._unpack_zstd(info, limit) if info.compress_type == _ZSTD else self._unpack(info, limit)
        except (
            OSError,
            EOFError,
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            RuntimeError,
            ValueError,
            MemoryError,
            struct.error,
        ) as error:
            raise DataError(f"{where}: cannot be unpacked: {first_line(error)}") from error
        if len(data) > limit:
            raise DataError(_too_much(where, limit))
        self._n_read += len(data)
        return parse(data, where=where)

    def _unpack(self, info: zipfile.ZipInfo, limit: int) -> bytes:
        if info.file_size > limit:
            raise DataError(_too_much(f"{self.path}: {info.filename}", limit))
        with self._zip.open(info) as file:
            return file.read(limit + 1)

    def _unpack_zstd(self, info: zipfile.ZipInfo, limit: int) -> bytes:
        """Unpack a member as zstd, which the zip module of Python knows from 3.14 on."""
        try:
            import zstandard
        except ImportError as error:
            raise DataError(
                f"{self.path}: packed with zstd; install what reads it: pip install 'chateval[inspect]'"
            ) from error
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            signature, n_name, n_extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
            if signature != b"PK\x03\x04":
                raise zipfile.BadZipFile("no local header where the directory says")
            file.seek(n_name + n_extra, io.SEEK_CUR)
            packed = io.BytesIO(file.read(min(info.compress_size, self._size)))
        try:
            with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
                return bytes(reader.read(limit + 1))
        except zstandard.ZstdError as error:
            raise zipfile.BadZipFile(str(error)) from error


def _too_much(where: str, limit: int) -> str:
    return f"{where}: unpacks to more than {max(0, limit):,} bytes, the most that is read of a file of this size"

"""Digests of checkpoint files. A large file is read once; its digest is remembered until the file changes."""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from chateval.codec import digest
from chateval.errors import CheckpointError, StoreError
from chateval.files import make_private, write_whole

_SHA256 = re.compile("[0-9a-f]{64}")
_MAX_BYTES = 64 * 2**20
"""Of the file of known digests; a longer one is begun anew."""
_SETTLED_SECONDS = 3
"""A file that was written less long ago may be written again within one tick of its clock, and is not remembered."""
_LARGE_BYTES = 1_000_000

Place = tuple[int, int, int, int, int]
"""Device, inode, size, and both times of change in ns."""


class DigestCache:
    """sha256 of files, remembered in one JSON file by inode, size and both times of change.

    The time of a status change (ctime) cannot be set by a program, so weights replaced in place are seen even if their
    modification time was put back. What this trusts: that the clock of the file's system was not put back in between.
    """

    def __init__(self, path: Path, *, is_trusted: bool = True) -> None:
        """Open the file of known digests.

        Args:
            path: Of that file; one that is absent or broken costs time only.
            is_trusted: Whether to believe it; else every file is read again.
        """
        self._path = path
        self._known = _read(path) if is_trusted else {}
        self._seen: dict[Path, tuple[Place | None, str]] = {}
        """Files that digests were taken of, as they were then."""

    def file(self, path: Path) -> str:
        """Return the sha256 of a file, 64 hex digits.

        Raises:
            CheckpointError: If it cannot be read, or was written to while it was read.
        """
        try:
            with path.open("rb") as file:
                place = _place(os.fstat(file.fileno()))
                key = ":".join(map(str, place))
                if key not in self._known:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
                    if _place(os.fstat(file.fileno())) != place:
                        raise changed(path)
                    self._seen[path] = place, found
                    if time.time_ns() - place[-1] < _SETTLED_SECONDS * 10**9:
                        return found
                    self._known[key] = found
                    if place[2] > _LARGE_BYTES:
                        self._save()
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
        self._seen[path] = place, self._known[key]
        return self._known[key]

    def files(self, paths: Iterable[Path]) -> str:
        """Return one digest over the names and contents of the files that exist.

        Raises:
            CheckpointError: If one cannot be read.
        """
        found = []
        for path in paths:
            if path.is_file():
                found.append([path.name, self.file(path)])
            else:
                self._seen[path] = None, ""
        return digest(found)

    def check_unchanged(self) -> None:
        """Hold every file that a digest was taken of against what it was then.

        A model may read its file as long as it answers: it is mapped into memory, not copied.

        Raises:
            CheckpointError: If one was written to, replaced, removed or has appeared since.
        """
        for path, (before, known) in list(self._seen.items()):
            now = _place_of(path)
            if now == before:
                continue
            if now is None or before is None or now[:4] != before[:4] or self.file(path) != known:
                raise changed(path)

    def _save(self) -> None:
        """Keep what is known beside what others found; a folder that cannot be written costs time, not results."""
        with suppress(OSError, StoreError):
            make_private(self._path.parent)
            write_whole(self._path, (json.dumps(_read(self._path) | self._known),))


def changed(path: Path) -> CheckpointError:
    """Return what is said of a file that is not what its digest was taken of."""
    return CheckpointError(
        f"{path}: changed while the run read it; no answer since is kept. Let nothing write there, and give the same "
        "command again"
    )


def _read(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    entries = known.items() if isinstance(known, dict) else ()
    return {key: found for key, found in entries if isinstance(found, str) and _SHA256.fullmatch(found)}


def _place(stat: os.stat_result) -> Place:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _place_of(path: Path) -> Place | None:
    try:
        return _place(path.stat()) if path.is_file() else None
    except OSError:
        return None

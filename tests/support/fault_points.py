"""The points of a command where the machine may fail it: what it writes, renames, removes, and says to SQLite."""

import builtins
import errno
import io
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

SQL_ERRORS = {
    "ENOSPC": ("SQLITE_FULL", "database or disk is full"),
    "EIO": ("SQLITE_IOERR", "disk I/O error"),
    "EROFS": ("SQLITE_READONLY", "attempt to write a readonly database"),
    "EACCES": ("SQLITE_CANTOPEN", "unable to open database file"),
}
"""What SQLite says where the system says so."""

KILL = "SIGKILL"
PAUSE = "pause"
"""The command stands still, until a signal or the end of the test wakes it."""


@dataclass
class Points:
    """Counts the points of a process that lie at or below some folders, and makes one of them fail."""

    roots: Sequence[str]
    at: int = 0
    """The point that fails, from 1; 0 for none."""
    act: str = KILL
    """KILL, PAUSE, another signal by name (which the process gets, and may go on), or the name of an errno."""
    is_lasting: bool = False
    """Whether all points after it fail, too."""
    log: Callable[[str], None] = lambda line: None
    n: int = 0
    _files: dict[int, str] = field(default_factory=dict)

    def covers(self, path: Any) -> bool:
        """Return whether a path, or what a descriptor was opened for, is one of those that count."""
        if isinstance(path, int):
            try:
                path = os.readlink(f"/proc/self/fd/{path}")  # noqa: PTH115 - pathlib is what is being watched
            except OSError:
                return False
        full = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - pathlib is what is being watched
        return any(full == root or full.startswith(root + os.sep) for root in self.roots)

    def reach(self, what: str, path: Any, half: Callable[[], object] = lambda: None) -> None:
        """Count a point; where it is the one, do half of what was to be done, and fail."""
        self.n += 1
        name = path if isinstance(path, int) else os.fsdecode(path).rpartition(os.sep)[2]
        self.log(f"point {self.n} {what} {name}")
        if self.n != self.at and not (self.is_lasting and 0 < self.at < self.n):
            return
        if self.act == PAUSE:
            self.log("paused")
            time.sleep(60)
        elif self.act == KILL:
            half()
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.act.startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, self.act))
        elif what.startswith("sql"):
            name, words = SQL_ERRORS[self.act]
            error = sqlite3.OperationalError(words)
            error.sqlite_errorname, error.sqlite_errorcode = name, getattr(sqlite3, name)
            raise error
        else:
            half()
            number = getattr(errno, self.act)
            raise OSError(number, os.strerror(number), os.fsdecode(path) if not isinstance(path, int) else None)


class _Raw(io.FileIO):
    """A file each of whose writes is a point; the one that fails leaves half of its bytes."""

    def __init__(self, points: Points, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._points = points

    def write(self, data: Any) -> int:
        whole = bytes(data)
        self._points.reach("write", self.name, lambda: super(_Raw, self).write(whole[: len(whole) // 2]))
        return super().write(whole)


def install(points: Points) -> None:
    """Watch this process; for one that does nothing else, as nothing is put back."""
    real_open = io.open

    def watched_open(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not set(mode) & set("wax+") or not points.covers(file):
            return real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        points.reach("open", file)
        raw = _Raw(points, file, mode.replace("b", "").replace("t", ""), closefd, opener)
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

    io.open = builtins.open = watched_open  # type: ignore[assignment]
    for name in ("fsync", "fdatasync", "replace", "rename", "link", "unlink", "remove", "mkdir", "rmdir", "ftruncate"):
        _watch(points, name)
    real_os_open = os.open

    def watched_os_open(path: Any, flags: int, *args: Any, **options: Any) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR) and points.covers(path):
            points.reach("os.open", path)
        return real_os_open(path, flags, *args, **options)

    os.open = watched_os_open
    real_connect = sqlite3.connect

    def watched_connect(database: Any, *args: Any, **options: Any) -> Any:
        path = os.fsdecode(database).removeprefix("file:").partition("?")[0]
        if points.covers(path):
            points.reach("sql connect", path)
            options["factory"] = _connection(points, path)
        return real_connect(database, *args, **options)

    sqlite3.connect = watched_connect


def _watch(points: Points, name: str) -> None:
    real = getattr(os, name)

    def watched(path: Any, *args: Any, **options: Any) -> Any:
        if points.covers(path):
            points.reach(name, path)
        return real(path, *args, **options)

    setattr(os, name, watched)


def _connection(points: Points, path: Any) -> type[sqlite3.Connection]:
    """Return a connection each of whose statements is a point."""

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> Any:
            points.reach(f"sql {' '.join(sql.split()[:2])}", path)
            return super().execute(sql, *args)

        def executemany(self, sql: str, *args: Any) -> Any:
            points.reach(f"sql {' '.join(sql.split()[:2])}", path)
            return super().executemany(sql, *args)

        def executescript(self, sql: str) -> Any:
            points.reach("sql script", path)
            return super().executescript(sql)

        def commit(self) -> None:
            points.reach("sql commit", path)
            super().commit()

    return Watched

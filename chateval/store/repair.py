"""Whether a response store is whole, and what can be read of one that is not."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chateval.codec import decode
from chateval.errors import DataError, StoreError
from chateval.files import flush_folder, unwritable
from chateval.records import Response
from chateval.store.database import (
    REPAIR,
    SCHEMA_VERSION,
    check_schema,
    connect,
    day,
    explain,
    open_database,
    row_checksum,
)

_FAULTS_SHOWN = 20
_PREFIXES = ["", *(f"{number:03x}" for number in range(1, 4096))]
"""Where the ranges of keys begin that are salvaged each for itself; a damaged page costs the rows on it, no more."""
_SHARED_BYTES = (510, 0x40000002)
"""Length and start of the bytes of a file that SQLite locks for as long as anybody has it open."""

Row = tuple[bytes, bytes, bytes]
"""Key, body and checksum."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a store is whole."""

    path: str
    n_responses: int
    """Rows that could be read."""
    faults: tuple[str, ...]
    """What is damaged, in words: the first of them; empty for a store that is whole."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of a damaged store."""

    n_kept: int
    n_lost: int
    """Rows that were found and are not as they were put; those that could not even be found are not counted."""
    damaged_path: str
    """Where the damaged file is now."""


def check_store(path: Path) -> Checked:
    """Go through a whole store: SQLite's own check, the checksum of each row, and each record.

    Raises:
        StoreError: If there is no store, it is not one, or another process has locked it.
    """
    faults: list[str] = []
    n_responses = 0
    try:
        with reading(path, schemas=(1, SCHEMA_VERSION)) as db:
            said = [str(row[0], "utf-8", "replace") for row in db.execute(f"PRAGMA integrity_check({_FAULTS_SHOWN})")]
            faults += [" ".join(line.split()) for line in said if line != "ok"]
            for row in db.execute(f"SELECT key, body, {_checksum_in(db)} FROM response"):  # noqa: S608
                n_responses += 1
                if fault := fault_in(*row):
                    faults.append(fault)
    except StoreError as error:
        if not str(error).startswith(f"{path}: damaged"):
            raise
        faults.append(str(error).removeprefix(f"{path}: ").removesuffix(f"; {REPAIR}"))
    return Checked(str(path), n_responses, tuple(faults[:_FAULTS_SHOWN]))


def _checksum_in(db: sqlite3.Connection) -> str:
    """Return what to ask for as the checksum of a row: stores of schema 1 have none."""
    columns = [row[1] for row in db.execute("PRAGMA table_info(response)")]
    return "checksum" if b"checksum" in columns else "''"


def fault_in(key: bytes, body: bytes, checksum: bytes) -> str:
    """Return what is wrong with a row, in words; empty if nothing is."""
    name = key.decode("utf-8", "replace")
    if checksum and row_checksum(key, body) != checksum:
        return f"response {name}: not as it was put"
    try:
        decode(Response, body, where=f"response {name}")
    except DataError as error:
        return str(error)
    return ""


def repair_store(path: Path) -> Repaired:
    """Put the readable rows of a damaged store into a new one in its place; the damaged file stays beside it.

    Raises:
        StoreError: If a process has the store open, or the new file cannot be written.
    """
    new, damaged = path.with_name(f"{path.name}.new"), _free(path)
    with _alone(path) as file:
        with damaged.open("xb") as copy:
            shutil.copyfileobj(file, copy)
        for ending in ("-wal", "-shm"):
            if path.with_name(path.name + ending).exists():
                shutil.copyfile(path.with_name(path.name + ending), damaged.with_name(damaged.name + ending))
        _remove(new)
        try:
            n_kept, n_lost = _fill(new, damaged)
        except sqlite3.Error as error:
            raise explain(new, error, "written") from error
        for ending in ("-wal", "-shm"):  # before the new file is there: it must not be read with the old log
            path.with_name(path.name + ending).unlink(missing_ok=True)
        new.replace(path)
        _remove(new)
        flush_folder(path.parent)
    return Repaired(n_kept, n_lost, str(damaged))


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal", ".lock"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _free(path: Path) -> Path:
    number = 1
    while (found := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return found


def _fill(new: Path, damaged: Path) -> tuple[int, int]:
    """Copy the good rows of a damaged file into a new store; return how many are good, and how many are not."""
    n_kept, lost = 0, set()
    with closing(open_database(new)) as to:
        to.execute("BEGIN IMMEDIATE")
        for key, body, checksum in _salvaged(damaged):
            if fault_in(key, body, checksum):
                lost.add(key)
            else:
                row = (key.decode(), body.decode(), row_checksum(key, body).decode())
                n_kept += to.execute("INSERT OR IGNORE INTO response VALUES (?, ?, ?)", row).rowcount
        to.execute("INSERT INTO use SELECT key, ? FROM response", (day(),))
        to.execute("COMMIT")
        to.execute("PRAGMA journal_mode = DELETE")
    return n_kept, len(lost)


def _salvaged(path: Path) -> Iterator[Row]:
    """Yield the rows that SQLite can read: each range of keys from its start, then from its end."""
    try:
        with closing(connect(path)) as db:
            checksum = _checksum_in(db)
            if (yield from _range(db, ("",), checksum)):
                return
            for start, end in zip(_PREFIXES, [*_PREFIXES[1:], None], strict=True):
                yield from _range(db, (start,) if end is None else (start, end), checksum)
    except sqlite3.DatabaseError:
        return  # not even its list of tables can be read


def _range(db: sqlite3.Connection, bounds: tuple[str, ...], checksum: str) -> Generator[Row, None, bool]:
    """Yield the rows of a range of keys; return whether that went to its end without a fault."""
    upper = "AND key < ?" if len(bounds) > 1 else ""
    for order in ("ASC", "DESC"):
        try:
            yield from db.execute(
                f"SELECT key, body, {checksum} FROM response WHERE key >= ? {upper} ORDER BY key {order}",  # noqa: S608
                bounds,
            )
        except sqlite3.DatabaseError:
            continue
        return order == "ASC"
    return False


@contextmanager
def reading(path: Path, *, schemas: tuple[int, ...] = (SCHEMA_VERSION,)) -> Iterator[sqlite3.Connection]:
    """Open a store that is there and change nothing in it.

    Raises:
        StoreError: If there is none, it is of another schema than these, or it cannot be read.
    """
    if not path.is_file():
        raise StoreError(f"{path}: no store there; `chateval run` makes one, and CHATEVAL_CACHE says where")
    try:
        # Where nothing can be written nobody writes, and the memory that SQLite shares with writers cannot be made.
        mode = "rwc" if os.access(path.parent, os.W_OK) else "ro&immutable=1"
        with closing(connect(path, mode=mode)) as db:
            found = check_schema(db, path)
            if found not in schemas:
                raise StoreError(f"{path}: of schema {found}; the next `chateval run` brings it up to date")
            yield db
    except sqlite3.Error as error:
        raise explain(path, error, "read") from error


@contextmanager
def _alone(path: Path) -> Iterator[BinaryIO]:
    """Hold a store so that no other process opens it.

    Raises:
        StoreError: If one has it open, or the file cannot be had.
    """
    try:
        with path.open("r+b") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, *_SHARED_BYTES)
            except BlockingIOError as error:
                raise StoreError(f"{path}: a process has it open; repair it when no run is going on") from error
            yield file
    except OSError as error:
        raise unwritable(path, error) from error

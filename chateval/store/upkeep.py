"""The response store looked after: what is in it, what nobody asked for lately, a copy of it."""

import gzip
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from chateval.errors import StoreError
from chateval.files import flush_folder, unwritable, write_whole
from chateval.store.database import REPAIR, connect, day, explain
from chateval.store.repair import fault_in, reading


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a store has."""

    path: str
    n_responses: int
    n_bytes: int
    """Of the file and its write-ahead log."""
    n_unused: int = 0
    """Responses that nobody asked for in so many days as were said."""
    n_unused_bytes: int = 0


def take_inventory(path: Path, *, unused_days: int = 0) -> Inventory:
    """Return what a store has, and how much of it was not asked for in so many days.

    Raises:
        StoreError: If there is no store, or it cannot be read.
    """
    with reading(path) as db:
        [n_responses] = db.execute("SELECT count(*) FROM response").fetchone()
        before = day() - unused_days
        n_unused, n_bytes = db.execute(
            "SELECT count(*), coalesce(sum(length(CAST(body AS BLOB)) + length(response.key)), 0) "
            "FROM response JOIN use USING (key) WHERE day < ?",
            (before,),
        ).fetchone()
    whole = sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.is_file())
    return Inventory(str(path), n_responses, whole, n_unused, n_bytes)


def remove_unused(path: Path, days: int) -> Inventory:
    """Remove responses that nobody asked for in so many days, give their room back, and return what went.

    Raises:
        StoreError: If there is no store, or it cannot be written.
    """
    before = take_inventory(path, unused_days=days)
    try:
        with closing(connect(path)) as db:
            db.execute("BEGIN IMMEDIATE")
            limit = day() - days
            db.execute("DELETE FROM response WHERE key IN (SELECT key FROM use WHERE day < ?)", (limit,))
            db.execute("DELETE FROM use WHERE day < ?", (limit,))
            db.execute("COMMIT")
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise explain(path, error, "written") from error
    return before


def export_store(path: Path, to: Path) -> int:
    """Write a copy of a store as it is at one moment, others may write on: `.sqlite`, `.jsonl` or `.jsonl.gz`.

    Returns:
        The number of responses.

    Raises:
        StoreError: If there is no store, a row is damaged, the ending is another, or the copy cannot be written.
    """
    if to.exists() and to.resolve() == path.resolve():
        raise StoreError(f"{to}: the store itself; name another file")
    if to.name.endswith((".jsonl", ".jsonl.gz")):
        with reading(path) as db:
            db.execute("BEGIN")
            [n_responses] = db.execute("SELECT count(*) FROM response").fetchone()
            lines = _lines(db, path)
            write_whole(to, _packed(lines) if to.suffix == ".gz" else lines)
        return int(n_responses)
    if to.suffix != ".sqlite":
        raise StoreError(f"{to}: say a name that ends in .sqlite, .jsonl or .jsonl.gz")
    temporary = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with reading(path) as db:
            db.execute("VACUUM INTO ?", (str(temporary),))
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(to)
        flush_folder(to.parent)
    except OSError as error:
        raise unwritable(to, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return take_inventory(to).n_responses


def _lines(db: sqlite3.Connection, path: Path) -> Iterator[bytes]:
    for key, body, checksum in db.execute("SELECT key, body, checksum FROM response ORDER BY key"):
        if fault := fault_in(key, body, checksum):
            raise StoreError(f"{path}: damaged: {fault}; {REPAIR}")
        head = json.dumps({"key": key.decode(), "checksum": checksum.decode()})
        yield head[:-1].encode() + b', "response": ' + body + b"}\n"


def _packed(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what gzip makes of lines, without a clock in it."""
    held: list[bytes] = []

    class _Sink:
        def write(self, data: bytes) -> int:
            held.append(bytes(data))
            return len(data)

        def flush(self) -> None: ...

    with gzip.GzipFile(filename="", mode="wb", fileobj=_Sink(), mtime=0) as file:
        for line in lines:
            file.write(line)
            yield from held
            held.clear()
    yield from held

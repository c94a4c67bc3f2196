"""The SQLite file under the responses: its schema, how it is opened, made and migrated, what its errors mean."""

import hashlib
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from chateval.errors import StoreError
from chateval.files import disk_full, flush_folder, make_private, unwritable

SCHEMA_VERSION = 2
APPLICATION_ID = 0x63686576
"""In the header of the file, so that `file` and we know whose it is: "chev"."""
BUSY_SECONDS = 120.0
"""Longest wait for other processes, each of which writes for milliseconds."""
REPAIR = "`chateval store verify --repair` keeps what can be read, and the same command then does the rest"
_SCHEMA = (
    "CREATE TABLE response (key TEXT PRIMARY KEY, body TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID, STRICT",
    "CREATE TABLE use (key TEXT PRIMARY KEY, day INTEGER NOT NULL) WITHOUT ROWID, STRICT",
)
"""`use` has the day on which a response was last asked for; it stands apart so that noting it moves no responses."""
_DIGITS = 16
_LAST_VERSION = 1_000
"""No chateval will write a higher one; a header that has one is damaged."""
_SECONDS_A_DAY = 86_400
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_MISMATCH)
_UNWRITABLE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_MAGIC = b"SQLite format 3\0"


def row_checksum(key: bytes, body: bytes) -> bytes:
    """Return the checksum of a row: the first 16 hex digits of the sha256 of key, newline and body."""
    digest = hashlib.sha256(key)
    digest.update(b"\n")
    digest.update(body)
    return digest.hexdigest()[:_DIGITS].encode()


def day() -> int:
    """Return today as days since 1970-01-01, UTC; it is kept in the store and in no record."""
    return int(time.time() // _SECONDS_A_DAY)


def open_database(path: Path) -> sqlite3.Connection:
    """Open the file of a store for reading and writing, made or migrated if need be; texts come as bytes.

    Raises:
        StoreError: If the file cannot be written, is not a store, is damaged, or is of a newer version.
    """
    try:
        make_private(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    if path.is_dir():
        raise StoreError(f"{path}: a folder, not a response store; move it away or set CHATEVAL_CACHE")
    db = None
    try:
        before = _inode(path)
        if before is not None and path.stat().st_size and not _has_magic(path):  # SQLite writes over a short file
            raise _no_store(path)
        db = connect(path)
        if not _is_current(db, path):
            _make_current(db, path)
        db.execute("BEGIN IMMEDIATE")  # a file that cannot be written is found now, and not after the first answer
        db.execute("ROLLBACK")
        if before not in (None, _inode(path)):  # it was repaired, and replaced, while we waited for it
            raise StoreError(f"{path}: was repaired just now; give the same command again")
    except BaseException as error:
        if db is not None:
            db.close()
        if isinstance(error, sqlite3.Error):
            raise explain(path, error, "opened") from error
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise
    return db


def _inode(path: Path) -> int | None:
    return path.stat().st_ino if path.exists() else None


def connect(path: Path, *, mode: str = "rwc") -> sqlite3.Connection:
    """Return a connection without a look at what is in the file; `mode` is that of SQLite's file names."""
    where = f"{path.resolve().as_uri()}?mode={mode}"
    db = sqlite3.connect(where, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    db.text_factory = bytes
    db.execute("PRAGMA synchronous = FULL")
    return db


def check_schema(db: sqlite3.Connection, path: Path) -> int:
    """Return the schema of a file, 0 for one that is new and empty.

    Raises:
        StoreError: If it is not a store, of a newer version, or damaged.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if SCHEMA_VERSION < version <= _LAST_VERSION:
        raise StoreError(
            f"{path}: written by a newer chateval (schema {version}, this one knows {SCHEMA_VERSION}); "
            "upgrade chateval, or set CHATEVAL_CACHE to another folder"
        )
    tables = {
        name.decode("utf-8", "replace")
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    }
    columns = [row[1].decode("utf-8", "replace") for row in db.execute("PRAGMA table_info(response)")]
    found = {
        (): 0,
        ("key", "body"): 1,
        ("key", "body", "checksum"): 2,
    }.get(tuple(columns))
    wanted = {0: set(), 1: {"response"}, 2: {"response", "use"}}
    if found is None or tables != wanted[found]:
        raise StoreError(f"{path}: a database of something else, not a response store; set CHATEVAL_CACHE")
    if version not in (found, 0) or (found == SCHEMA_VERSION and version == 0):
        raise StoreError(f"{path}: damaged: its header says schema {version}, its tables are of {found}; {REPAIR}")
    return found


def _is_current(db: sqlite3.Connection, path: Path) -> bool:
    return (
        check_schema(db, path) == SCHEMA_VERSION and db.execute("PRAGMA journal_mode").fetchone()[0].lower() == b"wal"
    )


def _make_current(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables, or migrate them; of processes that come at the same time one does it, the others wait."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=BUSY_SECONDS):
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")  # an older chateval heeds no lock but this
            try:
                found = check_schema(db, path)
                if found == 1:
                    _back_up(path)
                    _migrate(db)
                elif found == 0:
                    for statement in _SCHEMA:
                        db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
    except Timeout as error:
        raise StoreError(
            f"{path}: another process has been setting it up for {BUSY_SECONDS:.0f} s; try again"
        ) from error


def _back_up(path: Path) -> None:
    """Copy the store as it is, writers held off, to a file beside it."""
    backup = path.with_name(f"{path.name}.v1.backup")
    temporary = path.with_name(f"{backup.name}.part")
    temporary.unlink(missing_ok=True)
    try:
        with closing(connect(path, mode="ro")) as source, closing(connect(temporary)) as to:
            source.backup(to)
            to.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        temporary.unlink(missing_ok=True)
        raise explain(backup, error, "written") from error
    temporary.replace(backup)
    flush_folder(path.parent)


def _migrate(db: sqlite3.Connection) -> None:
    """Bring tables of schema 1 to 2, within a transaction: each row gets its checksum, and is in use today."""
    db.create_function("row_checksum", 2, lambda key, body: row_checksum(key, body).decode(), deterministic=True)
    db.execute("ALTER TABLE response RENAME TO response_1")
    for statement in _SCHEMA:
        db.execute(statement)
    db.execute(
        "INSERT INTO response SELECT key, body, row_checksum(CAST(key AS BLOB), CAST(body AS BLOB)) FROM response_1"
    )
    db.execute("INSERT INTO use SELECT key, ? FROM response_1", (day(),))
    db.execute("DROP TABLE response_1")


def explain(path: Path, error: sqlite3.Error, verb: str) -> StoreError:
    """Return what an error of SQLite means for the user of a store, in one line with what to do."""
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF
    said = " ".join(str(error).split())
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:  # no room for the -shm beside it
        return disk_full(path)
    if primary == sqlite3.SQLITE_NOTADB and not _has_magic(path):
        return _no_store(path)
    if primary in _DAMAGED or (isinstance(error, sqlite3.DatabaseError) and primary == sqlite3.SQLITE_ERROR):
        return StoreError(f"{path}: damaged ({said}); {REPAIR}")
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            f"{path}: another process has kept it locked for {BUSY_SECONDS:.0f} s; give the same command again"
        )
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    where = "; set CHATEVAL_CACHE to a folder that can be written" if primary in _UNWRITABLE else ""
    return StoreError(f"{path}: the response store cannot be {verb}: {said} ({name}){where}")


def _no_store(path: Path) -> StoreError:
    return StoreError(
        f"{path}: not a response store, or one whose first bytes are damaged; move it away, or set CHATEVAL_CACHE"
    )


def _has_magic(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False

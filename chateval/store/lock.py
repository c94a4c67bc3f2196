"""One run folder, one writer: a lock that a dead process never holds, with who holds it."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from chateval.errors import StoreError
from chateval.files import unwritable
from chateval.store.seal import LOCK, is_sealed

POLL_SECONDS = 0.2
"""Between two looks at a lock that is waited for."""


@contextmanager
def lock_run(folder: Path, *, wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold a run folder for writing; within a thread it may be held more than once.

    The kernel holds the lock for this process and for none that it starts: when it dies, however it dies, the folder
    is free. What is left of a run that broke off is the file, which says who it was.

    Args:
        folder: Of the run, which is there.
        wait: Hears for whom it waits; without it, a folder that another process holds is an error.

    Raises:
        StoreError: If another process holds it, or it cannot be locked.
    """
    from filelock import FileLock, Timeout

    path = folder.resolve() / LOCK
    lock = FileLock(path, is_singleton=True)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            if wait is None:
                raise StoreError(
                    f"{folder}: {_holder(path)}; wait for it (--wait) or give another folder (--out)"
                ) from error
            wait(f"waiting for {folder}: {_holder(path)}")
            while not lock.is_locked:
                time.sleep(POLL_SECONDS)
                with suppress(Timeout):
                    lock.acquire(blocking=False)
        if lock.lock_counter == 1:
            path.write_text(json.dumps(_self()), "utf-8")
    except BaseException as error:
        if lock.is_locked:
            lock.release()
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise
    is_done = False
    try:
        yield
        is_done = True
    finally:
        if lock.lock_counter == 1 and (is_done or is_sealed(folder)):
            with suppress(OSError):
                path.unlink()  # while it is held: whoever waits for this file looks for a new one then
        lock.release()


def has_lock(folder: Path) -> bool:
    """Return whether a process holds a folder, or broke off with it."""
    return (folder / LOCK).is_file()


def _self() -> dict[str, object]:
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since}


def _holder(path: Path) -> str:
    """Return who holds a lock, in words; its file is empty for a moment at the start."""
    try:
        found = json.loads(path.read_text("utf-8"))
        return f"locked by pid {int(found['pid'])} on {found['host']} since {found['since']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "locked by another process"

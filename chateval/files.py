"""Files written whole or not at all: a temporary file takes the place, flushed to disk with the folder it is in."""

import errno
import hashlib
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from chateval.errors import StoreError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_whole(path: Path, parts: Iterable[str | bytes]) -> str:
    """Write a file from its parts as they come; a crash at any moment leaves the old file or the new one.

    Returns:
        The sha256 of what was written, 64 hex digits, reckoned on the way.

    Raises:
        StoreError: If it cannot be written; that a disk is full is said as such.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}")
    digest = hashlib.sha256()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb", buffering=1 << 18) as file:
            for part in parts:
                data = part.encode("utf-8") if isinstance(part, str) else part
                digest.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        flush_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise unwritable(path, error) from error
        raise
    return digest.hexdigest()


def flush_folder(folder: Path) -> None:
    """Put the names of a folder on disk, so that a file that was replaced or removed stays so after a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems cannot flush a folder
            raise
    finally:
        os.close(handle)


def unwritable(path: Path, error: OSError) -> StoreError:
    """Return what is said of a file that cannot be written."""
    if error.errno in _FULL:
        return disk_full(path)
    return StoreError(f"{path}: cannot be written: {error.strerror or error}")


def disk_full(path: Path) -> StoreError:
    """Return what is said where there is no room for a file."""
    return StoreError(f"disk full at {path}: make room and give the same command again; what was answered is kept")


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter, and those above it; one that is there stays as it is.

    Raises:
        OSError: If it cannot be made.
    """
    if folder.parent != folder and not folder.parent.exists():
        make_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)

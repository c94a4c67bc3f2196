"""The seal of a run folder: SHA256SUMS, written last. Without it a run did not end; a file that differs is refused."""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from chateval.errors import StoreError
from chateval.files import flush_folder, unwritable, write_whole

MANIFEST = "manifest.json"
SAMPLES = "samples.jsonl"
RESPONSES = "responses.jsonl"
SCORES = "scores.jsonl"
REPORT = "report.json"
SEALED = (MANIFEST, SAMPLES, RESPONSES, SCORES, REPORT)
"""What is sealed; efforts.jsonl holds a clock, and report.md and report.html can be made again."""
JUDGEMENTS = "judgements.jsonl"
SOMETIMES = (JUDGEMENTS,)
"""What is sealed where it is there: of runs with judges."""
SUMS = "SHA256SUMS"
LOCK = ".lock"
"""Stands in the folder while a process writes it, and after one that broke off."""
_LINE = re.compile(r"([0-9a-f]{64}) [ *]([^/\0]+)")
_OTHERS = ("efforts.jsonl", "report.md", "report.html", "probe")
_LEFT = re.compile(rf"\.({'|'.join(map(re.escape, (*SEALED, *SOMETIMES, SUMS, *_OTHERS)))})\.[0-9.]+")
"""What a process that is killed leaves of a file that it was writing."""
_REMEDY = "give the run's command again: its answers are in the store"
_CHUNK = 1 << 20
"""Bytes of a file that are in memory at once."""


class Seal:
    """A run folder that is being written: it has no seal from the start of this to `close`."""

    def __init__(self, folder: Path, *, kept: Collection[str] = (), stale: Collection[str] = ()) -> None:
        """Take the seal away, for good even after a power cut, before anything is written.

        Args:
            folder: Of the run.
            kept: Files that stay as they are, with the sums that they have in the old seal.
            stale: Files of an earlier run that must not outlive the start of this one.

        Raises:
            StoreError: If the folder cannot be written, or the old seal has no sum of a file that is kept.
        """
        self.folder = folder
        old = read_sums(folder) if kept else {}
        self._sums = {name: old[name] for name in kept if name in old or name not in SOMETIMES}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / SUMS).unlink(missing_ok=True)
            flush_folder(folder)
            for left in folder.glob(".*.*"):  # of a process that was killed; the lock lets no other write
                if _LEFT.fullmatch(left.name):
                    left.unlink(missing_ok=True)
            for name in stale:
                (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(folder / SUMS, error) from error

    def write(self, name: str, parts: Iterable[str]) -> None:
        """Write a file of the folder and remember its sum.

        Raises:
            StoreError: If it cannot be written.
        """
        self._sums[name] = write_whole(self.folder / name, parts)

    def close(self) -> None:
        """Write the seal: the folder has all that it should have.

        Raises:
            StoreError: If it cannot be written.
        """
        write_whole(self.folder / SUMS, (f"{self._sums[name]}  {name}\n" for name in self._sealed()))

    def _sealed(self) -> Iterator[str]:
        yield from SEALED
        yield from (name for name in SOMETIMES if name in self._sums)


def is_sealed(folder: Path) -> bool:
    """Return whether a folder is that of a run that ended."""
    return (folder / SUMS).is_file() and any((folder / name).is_file() for name in SEALED)


def check_ended(path: Path) -> None:
    """Raise StoreError if a run in this folder broke off, or is still going on; any other path is let pass."""
    if not (path / SUMS).is_file() and (_is_begun(path) or _has_records(path)):
        raise StoreError(
            f"{path}: no {SUMS} in it: this run did not end, is still going on, or is of an older chateval; {_REMEDY}"
        )


def _has_records(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() and ((folder / SAMPLES).is_file() or (folder / RESPONSES).is_file())


def _is_begun(folder: Path) -> bool:
    """Return whether the lock of a run is left in a folder; other programs call theirs so, too."""
    try:
        return b'"since"' in (folder / LOCK).read_bytes()
    except OSError:
        return False


def check_seal(folder: Path, names: Collection[str] = SEALED) -> None:
    """Raise StoreError if a file of a run is not as it was written.

    Args:
        folder: Of a run that ended.
        names: The files that are looked at.

    Raises:
        StoreError: If the folder has no seal, or a file is absent, cannot be read, or differs.
    """
    check_ended(folder)
    sums = read_sums(folder)
    further = [name for name in SOMETIMES if name in sums and names == SEALED]
    for name in (*names, *further):
        path = folder / name
        if not path.is_file():
            raise StoreError(f"{path}: not there, though {SUMS} has it; {_REMEDY}")
        if _sum(path) != sums[name]:
            raise StoreError(f"{path}: not as it was written ({SUMS}); {_REMEDY}")


def read_sums(folder: Path) -> Mapping[str, str]:
    """Return the sums of a seal: file -> sha256, 64 hex digits.

    Raises:
        StoreError: If the seal is absent, cannot be read, or is not as it was written.
    """
    path = folder / SUMS
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise StoreError(f"{folder}: no {SUMS} in it, so it is not a run that ended; {_REMEDY}") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise StoreError(f"{path}: not as it was written; {_REMEDY}") from error
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {match[2]: match[1] for match in found if match}
    if not all(found) or set(sums) - set(SOMETIMES) != set(SEALED) or len(found) != len(sums):
        raise StoreError(f"{path}: not as it was written; {_REMEDY}")
    return sums


def _sum(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            while data := file.read(_CHUNK):
                digest.update(data)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()

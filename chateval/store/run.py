"""The run folder: manifest, samples, responses, scores, efforts and reports, each file replaced whole."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from chateval.codec import decode, encode, read_lines
from chateval.errors import StoreError
from chateval.records import Answered, Asked, Effort, Score

T = TypeVar("T")

MANIFEST = "manifest.json"
RESPONSES = "responses.jsonl"
SCORES = "scores.jsonl"
SAMPLES = "samples.jsonl"
EFFORTS = "efforts.jsonl"
UNFINISHED = ".unfinished"
"""Stands in the folder from the start of a run to its end."""


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all: a temporary file, flushed to disk, takes its place.

    Raises:
        StoreError: If it cannot be written.
    """
    _write(path, (text,))


def _write(path: Path, parts: Iterable[str]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
        raise


def check_writable(folder: Path) -> None:
    """Raise StoreError now, before hours of work, if the run folder cannot be written."""
    probe = folder / f".probe.{os.getpid()}"
    try:
        write_file(probe, "")
    except StoreError as error:
        raise StoreError(f"{folder}{str(error).removeprefix(str(probe))}") from error
    probe.unlink()


def mark_begun(folder: Path) -> None:
    """Mark a run folder as one that is being written."""
    write_file(folder / UNFINISHED, "")


def mark_ended(folder: Path) -> None:
    """Take the mark away: the folder has all that it should have."""
    (folder / UNFINISHED).unlink(missing_ok=True)


def check_ended(folder: Path) -> None:
    """Raise StoreError if a run in this folder broke off, or is still going on."""
    if (folder / UNFINISHED).exists():
        raise StoreError(f"{folder}: this run did not end; give its command again, it goes on from there")


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a run."""
    write_file(folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder.

    Raises:
        StoreError: If there is none or it is not JSON.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise StoreError(f"{folder}: no {MANIFEST} in it, so it is not a run folder")
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise StoreError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(manifest, dict) or not {"checkpoints", "tasks", "baseline"} <= manifest.keys():
        raise StoreError(f"{path}: not the manifest of a run")
    return manifest


def write_records(path: Path, records: Iterable[Any]) -> None:
    """Write one record a line, as they come."""
    _write(path, (f"{encode(record)}\n" for record in records))


def read_records(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield the records of a file.

    Raises:
        StoreError: If the file is absent.
        DataError: If a line is broken; the message starts with path:line.
    """
    if not path.is_file():
        raise StoreError(f"{path}: not there; is the folder a finished run?")
    for where, line in read_lines(path):
        yield decode(kind, line, where=where)


def write_answers(folder: Path, answers: Iterable[Answered]) -> None:
    """Write responses.jsonl."""
    write_records(folder / RESPONSES, answers)


def read_answers(folder: Path) -> Iterator[Answered]:
    """Yield what responses.jsonl holds."""
    return read_records(folder / RESPONSES, Answered)


def write_scores(folder: Path, scores: Iterable[Score]) -> None:
    """Write scores.jsonl."""
    write_records(folder / SCORES, scores)


def read_scores(folder: Path) -> list[Score]:
    """Return what scores.jsonl holds."""
    return list(read_records(folder / SCORES, Score))


def write_samples(folder: Path, samples: Iterable[Asked]) -> None:
    """Write samples.jsonl: what was asked, so that the run can be read without its tasks."""
    write_records(folder / SAMPLES, samples)


def read_samples(folder: Path) -> Iterator[Asked]:
    """Yield what samples.jsonl holds."""
    return read_records(folder / SAMPLES, Asked)


def write_efforts(folder: Path, efforts: Iterable[Effort]) -> None:
    """Write efforts.jsonl; a checkpoint whose answers all came from the store keeps the line that it had.

    The one file of a run that holds a clock: equal runs write all others equally.
    """
    new = {effort.checkpoint: effort for effort in efforts if effort.n_responses}
    if new or not (folder / EFFORTS).is_file():
        write_records(folder / EFFORTS, ({effort.checkpoint: effort for effort in read_efforts(folder)} | new).values())


def read_efforts(folder: Path) -> list[Effort]:
    """Return what efforts.jsonl holds; nothing where there is none."""
    return list(read_records(folder / EFFORTS, Effort)) if (folder / EFFORTS).is_file() else []

"""The run folder: manifest, samples, responses, scores, efforts and reports, each file replaced whole."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from chateval.codec import decode, encode, parse_json, read_lines, read_text
from chateval.errors import DataError, StoreError
from chateval.files import unwritable, write_whole
from chateval.records import Answered, Asked, Effort, Judgement, Score
from chateval.store.seal import JUDGEMENTS, MANIFEST, RESPONSES, SAMPLES, SCORES, Seal

T = TypeVar("T")

EFFORTS = "efforts.jsonl"


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all: a temporary file, flushed to disk, takes its place.

    Raises:
        StoreError: If it cannot be written.
    """
    write_whole(path, (text,))


def check_writable(folder: Path) -> None:
    """Raise StoreError now, before hours of work, if the run folder cannot be written."""
    probe = folder / f".probe.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with probe.open("wb") as file:
            file.write(b"probe\n")
            file.flush()
            os.fsync(file.fileno())
        probe.unlink(missing_ok=True)  # a run that begins in this folder at this moment clears such files away
    except OSError as error:
        with suppress(OSError):
            probe.unlink()
        raise unwritable(folder, error) from error


def write_manifest(to: Seal, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a run."""
    to.write(MANIFEST, (json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False), "\n"))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a run folder.

    Raises:
        StoreError: If there is none or it is not JSON.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise StoreError(f"{folder}: no {MANIFEST} in it, so it is not a run folder")
    try:
        manifest = parse_json(read_text(path), where=str(path))
    except DataError as error:
        raise StoreError(str(error)) from error
    if not isinstance(manifest, dict) or not {"checkpoints", "tasks", "baseline"} <= manifest.keys():
        raise StoreError(f"{path}: not the manifest of a run")
    return manifest


def _lines(records: Iterable[Any]) -> Iterator[str]:
    return (f"{encode(record)}\n" for record in records)


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


def write_answers(to: Seal, answers: Iterable[Answered]) -> None:
    """Write responses.jsonl."""
    to.write(RESPONSES, _lines(answers))


def read_answers(folder: Path) -> Iterator[Answered]:
    """Yield what responses.jsonl holds."""
    return read_records(folder / RESPONSES, Answered)


def write_judgements(to: Seal, judgements: Iterable[Judgement]) -> None:
    """Write judgements.jsonl."""
    to.write(JUDGEMENTS, _lines(judgements))


def read_judgements(folder: Path) -> list[Judgement]:
    """Return what judgements.jsonl holds; nothing where no judge was asked."""
    return list(read_records(folder / JUDGEMENTS, Judgement)) if (folder / JUDGEMENTS).is_file() else []


def write_scores(to: Seal, scores: Iterable[Score]) -> None:
    """Write scores.jsonl."""
    to.write(SCORES, _lines(scores))


def read_scores(folder: Path) -> list[Score]:
    """Return what scores.jsonl holds."""
    return list(read_records(folder / SCORES, Score))


def write_samples(to: Seal, samples: Iterable[Asked]) -> None:
    """Write samples.jsonl: what was asked, so that the run can be read without its tasks."""
    to.write(SAMPLES, _lines(samples))


def read_samples(folder: Path) -> Iterator[Asked]:
    """Yield what samples.jsonl holds."""
    return read_records(folder / SAMPLES, Asked)


def write_efforts(folder: Path, efforts: Iterable[Effort]) -> None:
    """Write efforts.jsonl; a checkpoint whose answers all came from the store keeps the line that it had.

    The one file of a run that holds a clock: equal runs write all others equally.
    """
    new = {effort.checkpoint: effort for effort in efforts if effort.n_responses}
    if new or not (folder / EFFORTS).is_file():
        known = {effort.checkpoint: effort for effort in read_efforts(folder)}
        write_whole(folder / EFFORTS, _lines((known | new).values()))


def read_efforts(folder: Path) -> list[Effort]:
    """Return what efforts.jsonl holds; nothing where there is none."""
    return list(read_records(folder / EFFORTS, Effort)) if (folder / EFFORTS).is_file() else []

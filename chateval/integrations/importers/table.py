"""Plain tables of scores, JSONL, CSV, TSV, JSON or Parquet -> a draft.

Long form: a row for each score, with columns for its scorer and its value. Wide form: a row for each answer, and a
column for each scorer.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chateval.errors import DataError, first_line
from chateval.integrations.importers.about import Setting, Subject
from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import (
    MAX_FILE_BYTES,
    count,
    read_bytes,
    read_json,
    read_objects,
    read_start,
    stem_of,
    text,
)
from chateval.integrations.importers.values import Value
from chateval.parquet import read_batches
from chateval.reading import MAX_LINE_BYTES, as_text, opened
from chateval.records import Prompt, Response, Sample

HARNESS = "table"

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "checkpoint": ("checkpoint", "model", "model_name", "model_id"),
    "task": ("task", "task_name", "dataset"),
    "sample": ("sample_id", "id", "doc_id", "example_id", "item_id"),
    "question": ("question", "prompt", "input", "query"),
    "scorer": ("scorer", "metric", "metric_name"),
    "value": ("value", "score"),
    "response": ("response", "output", "completion", "prediction", "answer"),
    "target": ("target", "reference", "expected", "label"),
    "tags": ("tags", "tag", "category"),
    "repeat": ("repeat", "epoch", "trial"),
    "reason": ("reason", "explanation"),
}
"""What a column is for -> the names it may have, the first one that is there counting."""

Row = tuple[str, Mapping[str, Any]]
"""Where, and the row by its columns."""


def columns_of(names: Any) -> dict[str, str]:
    """Return what is there for each purpose -> the name of its column, whatever its case."""
    lower = {str(name).strip().lower(): str(name) for name in names}
    return {
        purpose: next(lower[one] for one in known if one in lower)
        for purpose, known in COLUMNS.items()
        if any(one in lower for one in known)
    }


def find(path: Path) -> list[Path]:
    """Return the file if it is a table with a column for its samples, whether or not the others are there.

    Raises:
        DataError: If it is called a table, and its first row is broken.
    """
    if not path.is_file():
        return []
    try:
        _, first = next(iter(rows_of(path)), ("", {}))
    except DataError:
        if path.suffix in (".csv", ".tsv", ".jsonl"):
            raise
        return []
    return [path] if {"sample", "question", "value"} & columns_of(first).keys() else []


def read(path: Path, files: list[Path]) -> Draft:
    """Read a table.

    Raises:
        DataError: If a column is missing; the message says which and which names it may have.
    """
    draft = Draft(path, HARNESS)
    for file in files:
        columns: dict[str, str] | None = None
        metrics: list[str] = []
        for where, row in rows_of(file):
            if columns is None:
                columns = columns_of(row)
                _check(columns, where, row)
            if "value" not in columns or "scorer" not in columns:
                metrics = metrics + [name for name in row if name not in metrics and name not in columns.values()]
            _take(draft, (where, row), columns, metrics, stem_of(file))
    return draft


def rows_of(path: Path) -> Iterator[Row]:
    """Yield (path:line, row) of a table of any of the kinds, told apart by its ending and its first bytes.

    Raises:
        DataError: If it is broken.
    """
    if is_parquet(path):
        yield from ((f"{path}: row {place}", row) for place, row in enumerate(parquet_rows(path), start=1))
    elif path.suffix in (".csv", ".tsv"):
        yield from _separated(path, "\t" if path.suffix == ".tsv" else ",")
    elif read_start(path) == b"[":
        listed = read_json(path)
        for place, row in enumerate(listed):
            if not isinstance(row, dict):
                raise DataError(f"{path}: [{place}]: must be a JSON object, found {type(row).__name__}")
            yield f"{path}: [{place}]", row
    else:
        yield from read_objects(path)


def _separated(path: Path, separator: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_LINE_BYTES)
    lines = io.StringIO(as_text(read_bytes(path), where=str(path), line=1), newline="")
    reader = csv.DictReader(lines, delimiter=separator, restkey="", strict=True)
    try:
        names = [name for name in reader.fieldnames or () if name]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise DataError(f"{path}:1: column {twice!r} stands twice")
        for row in reader:
            if any(row.get("") or ()):
                raise DataError(f"{path}:{reader.line_num}: more cells than the header has columns")
            yield (
                f"{path}:{reader.line_num}",
                {name: (cell if cell != "" else None) for name, cell in row.items() if name},
            )
    except csv.Error as error:
        raise DataError(f"{path}:{reader.reader.line_num}: not valid CSV: {error}") from error


def is_parquet(path: Path) -> bool:
    """Return whether a file begins as Parquet does."""
    try:
        with opened(path) as file:
            return file.read(4) == b"PAR1"
    except DataError:
        return False


def parquet_columns(path: Path) -> set[str]:
    """Return the columns of a Parquet file; none where it is broken."""
    import pyarrow
    from pyarrow import parquet

    try:
        return set(parquet.read_schema(path).names)
    except (pyarrow.ArrowException, OSError, ValueError):
        return set()


def parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file.

    Raises:
        DataError: If it is broken, or unpacks to more than is read of a file.
    """
    import pyarrow

    for batch in read_batches(path, max_bytes=MAX_FILE_BYTES):
        try:
            yield from batch.to_pylist()
        except (pyarrow.ArrowException, ValueError, OverflowError) as error:
            raise DataError(f"{path}: not plain data: {first_line(error)}") from error


def _check(columns: Mapping[str, str], where: str, row: Mapping[str, Any]) -> None:
    missing = [] if "checkpoint" in columns else ["checkpoint"]
    if not {"sample", "question"} & columns.keys():
        missing.append("sample")
    if "scorer" in columns and "value" not in columns:
        missing.append("value")
    if missing:
        wanted = "; ".join(f"{purpose} ({', '.join(COLUMNS[purpose])})" for purpose in missing)
        raise DataError(f"{where}: columns missing: {wanted}; found: {', '.join(map(str, row))[:200]}")


def _take(draft: Draft, row: Row, columns: Mapping[str, str], metrics: list[str], stem: str) -> None:
    """Take in one row."""
    where, cells = row
    found = {purpose: cells.get(name) for purpose, name in columns.items()}
    checkpoint = text(found.get("checkpoint"))
    if not checkpoint:
        raise DataError(f"{where}: {columns['checkpoint']} is empty")
    task = text(found.get("task")) or stem
    draft.subjects.setdefault(checkpoint, Subject())
    draft.tasks.setdefault(task, Setting())
    repeat = count(_integer(found.get("repeat")))
    sample_id = _sample_id(draft, where, found)
    sample = draft.ask(
        task,
        Sample(
            id=sample_id,
            inputs={},
            messages=({"role": "user", "content": text(found["question"])},) if found.get("question") else (),
            target=text(found.get("target")),
            tags=_tags(found.get("tags")),
        ),
    )
    if found.get("response") is not None:
        said = text(found["response"])
        draft.answer(
            checkpoint,
            task,
            Prompt(
                sample_id, sample.messages, text(found.get("question")), (), draft.tasks[task].decoding, repeat=repeat
            ),
            Response(sample_id, said, "unknown", said, repeat=repeat),
        )
    reason = text(found.get("reason"))
    if "value" in columns:
        scorer = text(found.get("scorer")) or columns["value"]
        draft.value(checkpoint, task, scorer, Value(sample_id, found.get("value"), None, reason, repeat))
    for name in metrics if "scorer" not in columns else ():
        draft.value(checkpoint, task, name, Value(sample_id, cells.get(name), None, reason, repeat))


def _sample_id(draft: Draft, where: str, found: Mapping[str, Any]) -> str:
    given = found.get("sample")
    if given is not None and given != "":
        return text(given, limit=200)
    question = text(found.get("question"))
    if not question:
        raise DataError(f"{where}: no sample id and no question, so that the score pairs with no other")
    content = {"question": question, "target": text(found.get("target"))}
    return draft.place("", "", content, "")


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 10 else value


def _tags(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    return tuple(text(one).strip() for one in value if text(one).strip()) if isinstance(value, (list, tuple)) else ()

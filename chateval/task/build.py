"""A table in Python -> Task: rows of a DataFrame, a Dataset or a list, and what a task.yaml would say of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chateval.errors import TaskError
from chateval.records import Task
from chateval.task.load import Check, make_task
from chateval.task.rows import Row, plain
from chateval.task.spec import TaskSpec
from chateval.yaml_file import Document

WHERE = "in Python"
"""Stands for the file in messages, and for `Task.path`."""

DEFAULTS: Mapping[str, Any] = {"version": 1, "source": "a table in Python"}

Table = Any
"""A pandas DataFrame, a `datasets.Dataset`, or any iterable of mappings."""


def build_task(data: Table, said: Mapping[str, Any], *, check: Check) -> Task:
    """Return the task that a task.yaml with these keys would be, with `data` as its rows.

    Args:
        data: One row for each sample. Missing values of a DataFrame become None; numpy's types become plain ones.
        said: Keys of a task.yaml but `samples` and `dataset`; `version` and `source` may be left out.
        check: Called for each scorer and measure.

    Raises:
        TaskError: If the keys are not those of a task; the message says which one, what was found and what is allowed.
        DataError: If a row is wrong; the message starts with its number.
    """
    for key in ("samples", "dataset"):
        if key in said:
            raise TaskError(f"{WHERE}: {key!r} is what `data` is for")
    keys = {**DEFAULTS, **said, "samples": WHERE}
    document = Document(Path(WHERE), keys, {(): 1})
    spec = _validated(keys)
    return replace(make_task(spec, document, check=check, rows=rows_of(data)), path=WHERE)


def rows_of(data: Table) -> Iterator[Row]:
    """Yield the rows of a table, each with its number.

    Raises:
        TaskError: If it is none of the tables that are understood.
    """
    for index, row in enumerate(_records(data)):
        if not isinstance(row, Mapping):
            raise TaskError(f"data[{index}]: a row is a mapping of fields, found {type(row).__name__}")
        yield f"data[{index}]", {str(key): plain(value) for key, value in row.items()}


def _records(data: Table) -> Iterable[Any]:
    if hasattr(data, "to_dict") and hasattr(data, "iloc"):
        filled = data.astype(object).where(data.notna(), None)
        return filled.to_dict(orient="records")  # type: ignore[no-any-return]
    if isinstance(data, Mapping):
        names = ", ".join(map(str, data))
        raise TaskError(f"data: one table is needed, found a mapping of {names}; take one of them")
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise TaskError(f"data: a DataFrame, a Dataset or a list of rows is needed, found {type(data).__name__}")
    return data


def _validated(keys: Mapping[str, Any]) -> TaskSpec:
    from pydantic import ValidationError

    try:
        return TaskSpec.model_validate({key: _as_yaml(value) for key, value in keys.items()})
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "task"
        said = str(fault.get("ctx", {}).get("error", "")) or fault["msg"]
        known = f"; allowed: {', '.join(TaskSpec.model_fields)}" if fault["type"] == "extra_forbidden" else ""
        raise TaskError(f"{place}: {said[0].lower()}{said[1:]}{known}") from error


def _as_yaml(value: Any) -> Any:
    """Return tuples as lists, as YAML would have them."""
    if isinstance(value, Mapping):
        return {key: _as_yaml(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_as_yaml(inner) for inner in value]
    return value

"""The records -> the published JSON Schema of report.json and of the lines of a run folder."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter

from chateval.records import Answered, Asked, Effort, Judgement, Report, Score

FORMAT = next(field.default for field in fields(Report) if field.name == "format")
ID = f"urn:chateval:report:{FORMAT}"

LINES = {
    "samples.jsonl": Asked,
    "responses.jsonl": Answered,
    "judgements.jsonl": Judgement,
    "scores.jsonl": Score,
    "efforts.jsonl": Effort,
}
"""File of a run folder -> the record on each of its lines, whose schema is in `$defs` under its name."""


def report_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of report.json, with those of the lines of a run folder in its `$defs`."""
    kinds: tuple[type[Any], ...] = (Report, *LINES.values())
    adapters: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (kind.__name__, "validation", TypeAdapter(kind)) for kind in kinds
    ]
    _, whole = TypeAdapter.json_schemas(adapters)
    found: dict[str, Any] = dict(sorted(whole["$defs"].items()))
    for kind in _records(kinds):
        _describe(found[kind.__name__], kind)
    root = found.pop("Report")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "report.json of chateval",
        **{key: value for key, value in root.items() if key != "title"},
        "$defs": found,
    }


def schema_text() -> str:
    """Return the schema as it stands in docs/report.schema.json."""
    return json.dumps(report_schema(), indent=1, ensure_ascii=True) + "\n"


def _records(kinds: tuple[type[Any], ...]) -> set[type[Any]]:
    """Return the dataclasses that are in these, at any depth."""
    found: set[type[Any]] = set()
    waiting: list[Any] = list(kinds)
    while waiting:
        kind = waiting.pop()
        waiting.extend(getattr(kind, "__args__", ()))
        if isinstance(kind, type) and is_dataclass(kind) and kind not in found:
            found.add(kind)
            waiting.extend(inspect.get_annotations(kind, eval_str=True).values())
    return found


def _describe(schema: dict[str, Any], kind: type[Any]) -> None:
    """Put the docstrings of a record and of its fields into its schema."""
    schema["description"] = inspect.getdoc(kind)
    for name, text in _field_docstrings(kind):
        schema["properties"][name]["description"] = " ".join(text.split())


def _field_docstrings(kind: type[Any]) -> Iterator[tuple[str, str]]:
    body = next(iter(ast.iter_child_nodes(ast.parse(textwrap.dedent(inspect.getsource(kind))))))
    statements = list(ast.iter_child_nodes(body))
    for one, after in pairwise(statements):
        match one, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, text

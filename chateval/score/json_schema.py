"""The scorer for answers that have to follow a JSON Schema, and the check that it shares with other formats."""

import atexit
import json
import re
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import jsonschema_rs

from chateval.records import Case, Mark
from chateval.score.json_format import read_json, shorten
from chateval.score.process import Companion
from chateval.score.schema_loop import loop_in
from chateval.secret import without_secrets

SECONDS = 5.0
"""Most processor time that one validation by a schema with references may take, s; a usual one takes microseconds."""
CLOCK = 10
"""Seconds by the clock for each second of processor time."""

_REFERENCE = re.compile(r'"\$(?:dynamicRef|recursiveRef|ref)"')

Schema = Mapping[str, Any] | bool
"""A loaded JSON Schema: an object, or true and false, which allow everything and nothing."""


def json_schema(
    case: Case,
    *,
    schema: Schema | None = None,
    field: str | None = None,
    documents: Mapping[str, Schema] | None = None,
    allow_fence: bool = True,
) -> Mark:
    """Tell whether the response is JSON that follows a JSON Schema, formats included.

    Args:
        case: The response; the target is not looked at.
        schema: The loaded schema; the draft follows `$schema` (4, 6, 7, 2019-09, 2020-12), 2020-12 without it.
        field: Field of the row that holds the schema, as an object or as JSON text; instead of `schema`.
        documents: URI -> schema, what `$ref` may point to besides the schema itself; nothing is fetched.
        allow_fence: A single ``` or ```json fence around the value is no fault.

    Returns:
        1.0 if it follows the schema, else 0.0 with path and fault of the first error. A reference that leads back to
        itself on the same value allows everything, and the reason says so.

    Raises:
        ValueError: If the schema is absent, not valid, or refers to something outside itself and `documents`.
        TimeoutError: If the references of the schema multiply, so that validating takes longer than 5 s.
    """
    follow = validator(schema_of(case, schema, field), documents)
    text = case.response.text.strip()
    try:
        value = read_json(text, allow_fence=allow_fence)
    except ValueError as fault:
        return Mark(0.0, answer=shorten(text), reason=str(fault))
    fault_found, loop = violation(follow, value), _loop(follow.schema)
    note = f"the schema refers to itself without end: $ref {shorten(loop)}" if loop else ""
    reason = "; ".join(part for part in (fault_found, note) if part)
    return Mark(float(not fault_found), answer=shorten(text), reason=reason)


def schema_of(case: Case, schema: Schema | None, field: str | None) -> Schema:
    """Return the schema of the task, or the one that stands in a field of the row.

    Raises:
        ValueError: If both or neither are named, or the field holds no schema.
    """
    if (schema is None) == (field is None):
        raise ValueError("either schema or field names the schema")
    if field is None:
        return schema if schema is not None else True
    if field not in case.sample.inputs:
        raise ValueError(f"the row has no field {field!r}")
    found = case.sample.inputs[field]
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError) as fault:
            raise ValueError(shorten(f"field {field!r} is not JSON: {fault}")) from fault
    if not isinstance(found, (Mapping, bool)):
        raise ValueError(f"field {field!r} is not a schema: neither an object nor true or false")
    return found


@dataclass(frozen=True, slots=True)
class Validator:
    """A schema that is valid, and what it may refer to, as canonical JSON."""

    schema: str
    documents: str


def validator(schema: Schema, documents: Mapping[str, Schema] | None = None) -> Validator:
    """Return the validator of a schema, formats asserted; `documents` is what it may refer to by URI.

    Raises:
        ValueError: If the schema is not valid or refers to something else; nothing is fetched.
    """
    found = Validator(_canonical(schema), _canonical(documents or {}))
    direct_validator(found.schema, found.documents)
    return found


def violation(follow: Validator, value: Any) -> str:
    """Return path and message of the first fault of a value, or '' if there is none.

    Raises:
        TimeoutError: If a schema with references takes longer than `SECONDS`.
    """
    if _REFERENCE.search(follow.schema) is None:
        return fault_in(direct_validator(follow.schema, follow.documents), value)
    try:
        text = json.dumps(value)
    except RecursionError:
        return "cannot be validated: nested too deeply"
    question = {"schema": follow.schema, "documents": follow.documents, "value": text, "seconds": SECONDS}
    with _LOCK:
        process = _running()
        said = process.ask(question, CLOCK * SECONDS)
        if said is None:
            is_late = process.ending in (None, -signal.SIGPROF)
            process.stop()
            if is_late:
                raise TimeoutError(f"validating took longer than {SECONDS:g} s; the schema's references multiply")
            return "cannot be validated: the validator ended"
    return str(said.get("fault", shorten(f"cannot be validated: {said.get('error')}")))


def fault_in(follow: jsonschema_rs.Validator, value: Any) -> str:
    """Return path and message of the first fault of a value, or '' if there is none, however long that takes."""
    try:
        follow.validate(value)
    except jsonschema_rs.ValidationError as error:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        message = error.message if len(error.message) <= 120 else f"{error.message[:30]} … {error.message[-80:]}"
        return shorten(f"${path[:80]}: {message}")
    except ValueError as fault:  # nested too deeply for the validator, or a lone surrogate, which is no text
        return shorten(f"cannot be validated: {fault}")
    return ""


def _canonical(value: Any) -> str:
    plain = dict(value) if isinstance(value, Mapping) else value
    try:
        return json.dumps(plain, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as fault:
        raise ValueError(f"the schema is not JSON: {fault}") from fault


@lru_cache(maxsize=64)
def direct_validator(schema: str, documents: str) -> jsonschema_rs.Validator:
    """Return the library's validator of a schema, both as JSON.

    Raises:
        ValueError: As `validator`.
    """
    known = json.loads(documents)

    def look_up(uri: str) -> Any:
        return known[uri] if uri in known else _stay(uri)

    try:
        return jsonschema_rs.validator_for(json.loads(schema), validate_formats=True, retriever=look_up)
    except (ValueError, jsonschema_rs.ReferencingError) as fault:
        raise ValueError(shorten(f"the schema is not valid: {fault}")) from fault


def _stay(uri: str) -> NoReturn:
    raise ValueError(f"{uri} lies outside the schema and is not fetched")


@lru_cache(maxsize=64)
def _loop(schema: str) -> str:
    return loop_in(json.loads(schema)) if _REFERENCE.search(schema) else ""


_LOCK = threading.Lock()
_processes: list[Companion] = []


def _running() -> Companion:
    """Return the process that validates by schemas with references, started if there is none."""
    while _processes:
        if _processes[0].is_running:
            return _processes[0]
        _processes.pop().stop()
    _processes.append(Companion("chateval.score.schema_worker", env=without_secrets()))
    return _processes[0]


@atexit.register
def _stop() -> None:
    while _processes:
        _processes.pop().stop()

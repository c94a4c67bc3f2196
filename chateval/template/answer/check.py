"""Calls against the tools that were declared: is there such a tool, and do the arguments follow its schema."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from chateval.template.answer.records import ToolCall, UnreadableError
from chateval.template.answer.values import call_of, declaration, parameters_of

_SHOWN = 200
"""Characters of a library's message that are shown."""


def check_calls(calls: Iterable[ToolCall | Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with calls, one line each; nothing if all of them are right.

    Args:
        calls: As `read_answer` returns them, or as JSON: {"name", "arguments" or "parameters"}, {"tool", "parameters"},
            or either under "function"; arguments as an object or as its JSON text.
        tools: {"type": "function", "function": {...}} or the inner part alone, its `parameters` a JSON Schema. Nothing
            outside the schema is fetched.
    """
    declared = {entry["name"]: entry for entry in map(declaration, tools) if isinstance(entry.get("name"), str)}
    faults: list[str] = []
    for number, given in enumerate(calls, start=1):
        try:
            call = given if isinstance(given, ToolCall) else call_of(given)
        except UnreadableError as error:
            faults.append(f"call {number}: {error}")
            continue
        if fault := _fault(call, declared):
            faults.append(f"call {number}, {_shorten(call.name)}: {fault}")
    return faults


def _fault(call: ToolCall, declared: Mapping[str, Mapping[str, Any]]) -> str:
    if call.name not in declared:
        return f"no such tool; declared: {_shorten(', '.join(sorted(declared)) or 'none')}"
    if call.arguments is None:
        return "the arguments cannot be read"
    schema = parameters_of(declared[call.name])
    return "" if schema is None else _schema_fault(call.arguments, schema)


def _schema_fault(arguments: Mapping[str, Any], schema: Any) -> str:
    import jsonschema_rs

    try:
        validator = jsonschema_rs.validator_for(schema, validate_formats=True, retriever=_stay)
    except (ValueError, TypeError, jsonschema_rs.ReferencingError) as fault:
        return f"the tool's schema is not valid: {_shorten(str(fault))}"
    try:
        validator.validate(dict(arguments))
    except jsonschema_rs.ValidationError as error:
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
        return f"${path[:80]}: {_shorten(error.message)}"
    except ValueError as fault:  # nested too deeply for the validator, or a lone surrogate, which is no text
        return f"cannot be validated: {_shorten(str(fault))}"
    return ""


def _stay(uri: str) -> NoReturn:
    raise ValueError(f"{uri} lies outside the schema and is not fetched")


def _shorten(text: str) -> str:
    line = " ".join(text[: 4 * _SHOWN].split())
    line = "".join(letter if letter.isprintable() else "\ufffd" for letter in line)
    return line if len(line) <= _SHOWN and len(text) <= 4 * _SHOWN else f"{line[: _SHOWN - 1]}…"

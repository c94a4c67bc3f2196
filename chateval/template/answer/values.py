"""Arguments of calls, from text to JSON values: JSON itself, and the looser literals of Python and Gemma."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from chateval.template.answer.records import ToolCall, UnreadableError

DEEPEST = 200
"""Levels of lists and objects that a call may have."""
_LONGEST_INT = 300
"""Digits of the longest integer that is read exactly; a longer one is read as a float."""
_NAMES = ("name", "tool_name", "tool", "function")
_ARGUMENTS = ("arguments", "parameters", "args")
_IDS = ("id", "tool_call_id", "call_id")

_NAME_TEXT = re.compile(r'"(?:name|tool_name|tool|function)"\s*+:\s*+"([^"\\]{1,256}+)"')
_ID_TEXT = re.compile(r'"(?:id|tool_call_id|call_id)"\s*+:\s*+"([^"\\]{1,256}+)"')
_ARGUMENTS_TEXT = re.compile(r'"(?:arguments|parameters|args)"\s*+:\s*+')


class CutOffError(UnreadableError):
    """A value that is right as far as it goes, but ends with the text."""


def read_value(text: str, start: int) -> tuple[Any, int]:
    """Return the JSON value that starts at `start`, and where it ends.

    Raises:
        CutOffError: If the text ends inside the value.
        UnreadableError: If it is not JSON by RFC 8259 (newlines inside strings are let pass), has a key twice or is
            nested more than 200 levels deep.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as fault:
        kind = CutOffError if _is_cut(fault, text) else UnreadableError
        raise kind(f"{fault.msg.removesuffix(' at')} at character {fault.pos}") from fault
    except RecursionError as fault:
        raise UnreadableError("nested too deeply") from fault
    if _depth_exceeds(value, DEEPEST):
        raise UnreadableError("nested too deeply")
    return value, end


def calls_of(value: Any) -> tuple[ToolCall, ...]:
    """Return the calls that a JSON value spells, one or a list, whatever the keys its family uses.

    Raises:
        UnreadableError: If part of it is no call.
    """
    if isinstance(value, Mapping) and isinstance(value.get("tool_calls"), list):
        value = value["tool_calls"]
    entries = value if isinstance(value, list) else [value]
    return tuple(call_of(entry) for entry in entries)


def call_of(entry: Any) -> ToolCall:
    """Return the call that one JSON object spells.

    Understood are {"name" or "tool_name" or "tool": ..., "arguments" or "parameters": ...}, the same under "function",
    and {"<name>": {...}}; arguments may be an object or its JSON text, and be absent.

    Raises:
        UnreadableError: If it is none of these.
    """
    if not isinstance(entry, Mapping):
        raise UnreadableError("a call is not an object")
    call_id = next((entry[key] for key in _IDS if isinstance(entry.get(key), str)), None)
    if isinstance(entry.get("function"), Mapping):
        entry = entry["function"]
    key = next((key for key in _NAMES if key in entry), None)
    if key is None:
        if len(entry) != 1 or not isinstance(next(iter(entry.values())), Mapping):
            raise UnreadableError("an object without the name of a function")
        [(name, arguments)] = entry.items()
    else:
        name, arguments = entry[key], next((entry[key] for key in _ARGUMENTS if key in entry), {})
    if not isinstance(name, str) or not name.strip():
        raise UnreadableError("the name of the function is not a string")
    if arguments is None or (isinstance(arguments, str) and not arguments.strip()):
        arguments = {}
    raw = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    if isinstance(arguments, str):
        arguments = whole_value(arguments)
    if not isinstance(arguments, Mapping):
        raise UnreadableError("the arguments are not an object")
    return ToolCall(name.strip(), dict(arguments), raw, call_id)


def whole_value(text: str) -> Any:
    """Return the JSON value that the whole of `text` is.

    Raises:
        UnreadableError: If it is none, cut off or not.
    """
    text = text.strip()
    try:
        value, end = read_value(text, 0)
    except CutOffError as fault:
        raise UnreadableError(str(fault)) from fault
    if end < len(text):
        raise UnreadableError(f"text after the JSON at character {end}")
    return value


def cut_call(text: str, start: int) -> ToolCall | None:
    """Return as much of the call as stands in JSON that is cut off after `start`; None if not even its name does."""
    name = _NAME_TEXT.search(text, start)
    if not name:
        return None
    call_id = _ID_TEXT.search(text, start)
    arguments = _ARGUMENTS_TEXT.search(text, name.end())
    raw = text[arguments.end() :] if arguments else ""
    return ToolCall(name[1], None, raw, call_id[1] if call_id else None)


def typed_value(text: str, schema: Any) -> Any:
    """Return the value that a parameter's bare text stands for, by the JSON Schema of the parameter.

    Text for a string parameter is taken as it is; for other types, and without a schema, it is read as JSON and stays
    a string where that fails or gives a type that the schema, which allows strings, does not.
    """
    types = _types(schema)
    if types == {"string"}:
        return text
    try:
        value = whole_value(text)
    except UnreadableError:
        return text
    return text if "string" in types and _kind(value) not in types else value


def allows_text(schema: Any) -> bool:
    """Tell whether a JSON Schema says that a value may be a string."""
    return "string" in _types(schema)


def parameter_schemas(tools: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """Return the schema of each parameter of the tool called `name`; empty where nothing is declared."""
    for tool in tools:
        declared = declaration(tool)
        if declared.get("name") == name:
            schema = parameters_of(declared)
            properties = schema.get("properties") if isinstance(schema, Mapping) else None
            return properties if isinstance(properties, Mapping) else {}
    return {}


def declaration(tool: Any) -> Mapping[str, Any]:
    """Return the part of a tool that has its name, whether or not it stands under `function`; empty if there is none.

    Args:
        tool: {"type": "function", "function": {...}} or {"name": ..., "parameters": ...}.
    """
    inner = tool.get("function", tool) if isinstance(tool, Mapping) else {}
    return inner if isinstance(inner, Mapping) else {}


def parameters_of(declared: Mapping[str, Any]) -> Any:
    """Return the JSON Schema of a declared tool's arguments; None if it has none."""
    return next((declared[key] for key in ("parameters", "input_schema", "arguments") if key in declared), None)


def _types(schema: Any) -> set[str]:
    """Return the JSON types that a schema allows at its top, as far as it names them."""
    found: set[str] = set()
    for part in _alternatives(schema):
        named = part.get("type")
        found.update([named] if isinstance(named, str) else named if isinstance(named, list) else [])
        if "type" not in part and isinstance(values := part.get("enum"), list):
            found.update(map(_kind, values))
    return found | {"number"} if "integer" in found else found


def _alternatives(schema: Any) -> list[Mapping[str, Any]]:
    if not isinstance(schema, Mapping):
        return []
    inner = [part for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list) for part in schema[key]]
    return [schema, *(part for part in inner if isinstance(part, Mapping))]


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _is_cut(fault: json.JSONDecodeError, text: str) -> bool:
    if fault.msg.startswith("Unterminated string"):
        return True
    rest = text[fault.pos : fault.pos + 8].strip()
    ends_here = fault.pos + 8 >= len(text)
    return ends_here and (not rest or any(word.startswith(rest) for word in ("true", "false", "null")))


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    found = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [inner for inner in found if isinstance(inner, dict | list)]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableError("a key stands twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise UnreadableError(f"{constant} is no JSON value")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INT else float(digits)


_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_object, parse_constant=_refuse, parse_int=_integer)

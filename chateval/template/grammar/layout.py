"""Tool calls and results as a dialect writes them, read and written by one declared pattern."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from chateval.template.grammar.dialect import ToolLayout

_PLACEHOLDER = re.compile(r"\{(name|arguments|id|call|calls|parameters|key|value|content|result)\}")
_DECODER = json.JSONDecoder()

Call = Mapping[str, Any]
"""`{"type": "function", "function": {"name", "arguments"}}`, and `id` where the layout writes one."""


@cache
def _pieces(layout: str) -> tuple[tuple[str, str], ...]:
    """Return the literals of a layout, each with the placeholder after it."""
    parts = _PLACEHOLDER.split(layout)
    return tuple(zip(parts[::2], [*parts[1::2], ""], strict=True))


def _fill(layout: str, values: Mapping[str, str]) -> str:
    return "".join(literal + (values.get(name, "") if name else "") for literal, name in _pieces(layout))


def dump_json(value: Any) -> str:
    """Return JSON as chat templates write it: spaces after separators, no escapes of letters."""
    return json.dumps(value, ensure_ascii=False)


def read_json(text: str, place: int) -> tuple[Any, int] | None:
    """Return the JSON value that starts at `place` and where it ends; None if there is none."""
    try:
        return _DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        return None


# -- reading


def read_calls(content: str, tools: ToolLayout) -> tuple[str, tuple[Call, ...]] | None:
    """Split an answer into its own text and its calls; None if no call stands in it or one cannot be read."""
    if not tools.call or tools.is_turn:
        return None
    first = tools.open + _pieces(tools.call)[0][0]
    start = content.find(first) if first else 0
    if start < 0:
        return None
    place = start + len(tools.open)
    calls: list[Call] = []
    while True:
        found = _read_call(content, place, tools)
        if found is None:
            return None
        calls += found[0]
        place = found[1]
        following = tools.between + _pieces(tools.call)[0][0]
        if not following or not content.startswith(following, place):
            break
        place += len(tools.between)
    if not content.startswith(tools.close, place) or content[place + len(tools.close) :].strip():
        return None
    own = content[:start]
    return own.removesuffix(tools.separator) if own else own, tuple(calls)


def _read_call(content: str, place: int, tools: ToolLayout) -> tuple[list[Call], int] | None:
    found = _read_pieces(content, place, tools.call, tools)
    if found is None:
        return None
    values, end = found
    if "calls" in values:
        listed = values["calls"]
        if not isinstance(listed, list) or not listed:
            return None
        calls = [_from_object(one, tools) for one in listed]
    elif "call" in values:
        calls = [_from_object(values["call"], tools)]
    else:
        arguments = values.get("arguments", values.get("parameters"))
        calls = [_call(values.get("name"), arguments, values.get("id"))]
    whole = [one for one in calls if one is not None]
    return (whole, end) if len(whole) == len(calls) else None


def _read_pieces(text: str, place: int, layout: str, tools: ToolLayout) -> tuple[dict[str, Any], int] | None:
    values: dict[str, Any] = {}
    pieces = _pieces(layout)
    for number, (literal, name) in enumerate(pieces):
        if not text.startswith(literal, place):
            return None
        place += len(literal)
        if not name:
            continue
        following = pieces[number + 1][0]
        read = _read_value(text, place, name, following, tools)
        if read is None:
            return None
        values[name], place = read
    return values, place


def _read_value(text: str, place: int, name: str, following: str, tools: ToolLayout) -> tuple[Any, int] | None:
    if name in ("call", "calls", "arguments", "result"):
        return read_json(text, place)
    if name == "parameters":
        return _read_parameters(text, place, tools)
    end = text.find(following, place) if following else len(text)
    return None if end < 0 else (text[place:end], end)


def _read_parameters(text: str, place: int, tools: ToolLayout) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        read = _read_pieces(text, place, tools.parameter, tools) if tools.parameter else None
        if read is None or read[1] == place:
            return found, place
        values, place = read
        parsed = read_json(values["value"], 0)
        is_json = parsed is not None and parsed[1] == len(values["value"]) and not isinstance(parsed[0], str)
        found[values["key"]] = parsed[0] if is_json and parsed is not None else values["value"]


def _from_object(value: Any, tools: ToolLayout) -> Call | None:
    if not isinstance(value, dict) or not {tools.name_key, tools.arguments_key} <= set(value):
        return None
    return _call(value[tools.name_key], value[tools.arguments_key], value.get(tools.id_key))


def _call(name: Any, arguments: Any, call_id: Any) -> Call | None:
    if not isinstance(name, str) or not name.strip():
        return None
    found: dict[str, Any] = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return {**found, "id": call_id} if call_id is not None else found


def read_results(content: str, tools: ToolLayout) -> tuple[Mapping[str, Any], ...] | None:
    """Return the tool messages of a turn that carries results; None if its content is not so laid out."""
    if not tools.result:
        return None
    found: list[Mapping[str, Any]] = []
    place = 0
    while True:
        read = _read_pieces(content, place, tools.result, tools)
        if read is None:
            return None
        values, place = read
        if isinstance(values.get("result"), dict):
            value = values["result"]
            values = {"content": value.get("content"), "id": value.get("call_id")}
        text = values.get("content")
        message = {"role": "tool", "content": text if isinstance(text, str) else dump_json(text)}
        found.append({**message, "tool_call_id": values["id"]} if values.get("id") is not None else message)
        if place == len(content):
            return tuple(found)
        if not content.startswith("\n", place):
            return None
        place += 1


# -- writing


def write_calls(calls: Sequence[Call], tools: ToolLayout) -> str:
    """Return the calls of one message as the dialect writes them."""
    if "{calls}" in tools.call:
        written = [_fill(tools.call, {"calls": dump_json([_to_object(one, tools) for one in calls])})]
    else:
        written = [_fill(tools.call, _values(one, tools)) for one in calls]
    return tools.open + tools.between.join(written) + tools.close


def _values(call: Call, tools: ToolLayout) -> dict[str, str]:
    function = call.get("function", call)
    arguments = function.get("arguments", {})
    given = arguments if isinstance(arguments, dict) else {}
    return {
        "name": str(function.get("name", "")),
        "id": str(call.get("id", "")),
        "arguments": arguments if isinstance(arguments, str) else dump_json(arguments),
        "call": dump_json(_to_object(call, tools)),
        "parameters": "".join(
            _fill(tools.parameter, {"key": key, "value": value if isinstance(value, str) else dump_json(value)})
            for key, value in given.items()
        ),
    }


def _to_object(call: Call, tools: ToolLayout) -> dict[str, Any]:
    function = call.get("function", call)
    found = {tools.name_key: function.get("name"), tools.arguments_key: function.get("arguments", {})}
    return {**found, tools.id_key: call["id"]} if "id" in call and "{calls}" in tools.call else found


def write_result(content: str, call_id: str | None, tools: ToolLayout) -> str:
    """Return the content of a result as the dialect writes it."""
    if not tools.result:
        return content
    result = dump_json({"content": content, "call_id": call_id})
    return _fill(tools.result, {"content": content, "id": call_id or "", "result": result})

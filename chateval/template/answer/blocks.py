"""The text behind the marker that opens a call, read by the shape of its format: one reader for each shape.

A reader returns the calls and where they end; it raises UnreadableError if the text is none, and returns what there is
of a call that the end of the text cuts off.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from chateval.template.answer.formats import CallFormat, Shape
from chateval.template.answer.literals import to_json
from chateval.template.answer.nested import nested_value
from chateval.template.answer.records import Block, ToolCall, UnreadableError
from chateval.template.answer.values import (
    CutOffError,
    allows_text,
    calls_of,
    cut_call,
    parameter_schemas,
    read_value,
    typed_value,
    whole_value,
)

Tools = Sequence[Mapping[str, Any]]

_FENCE = re.compile(r"\s*+(?:```(?:json)?\s*+)?")
_FENCE_END = re.compile(r"\s*+(?:```)?")
_SPACE = re.compile(r"\s*+")
_MORE_JSON = re.compile(r"[\s;,]*+(?=[{\[])")
_BARE = re.compile(r'\{\s*+"(?:type|name|function)"\s*+:|\[\s*+\{\s*+"(?:type|name|function)"\s*+:')
_PYTHON_NAME = re.compile(r"[\s,]*+([^\W\d][\w.\-]{0,255}+)(?=\()")


def read_block(text: str, start: int, form: CallFormat, tools: Tools) -> Block:
    """Return the calls that stand behind `start` in one format.

    Args:
        text: The answer.
        start: Index behind the text that opens the call.
        form: The format.
        tools: Tools that the prompt declared; their schemas tell the types of bare arguments.

    Raises:
        UnreadableError: If the text there is no call.
    """
    try:
        if form.shape == "tagged":
            return _tagged(text, start, form, tools)
        return _READERS[form.shape](text, start, form)
    except RecursionError as fault:
        raise UnreadableError("nested too deeply") from fault


def _json(text: str, start: int, form: CallFormat) -> Block:
    first = position = _after(_FENCE, text, start)
    if not form.opens and not _BARE.match(text, first):
        raise UnreadableError("no call")
    calls: list[ToolCall] = []
    try:
        while True:
            value, end = read_value(text, position)
            calls.extend(calls_of(value))
            more = _MORE_JSON.match(text, end)
            if not more or not form.closes:
                break
            position = more.end()
    except CutOffError as fault:
        begun = cut_call(text, position)
        if not begun and not calls:
            raise
        return Block((*calls, begun) if begun else tuple(calls), len(text), _CUT.format(fault), is_partial=True)
    if not form.opens and not _has_arguments(value):
        raise UnreadableError("no call")
    if first > start and "```" in text[start:first]:
        end = _after(_FENCE_END, text, end)
    return _close(text, end, form, calls)


def _named(text: str, start: int, form: CallFormat) -> Block:
    head = _head(text, start, form)
    call_id = head.groupdict().get("id")
    position = _after(_SPACE, text, head.end())
    try:
        value, end = read_value(text, position)
    except CutOffError as fault:
        begun = ToolCall(head["name"], None, text[position:], call_id)
        return Block((begun,), len(text), _CUT.format(fault), is_partial=True)
    if not isinstance(value, dict):
        raise UnreadableError("the arguments are not an object")
    call = ToolCall(head["name"], value, text[position:end], call_id)
    if head[0].endswith("```json"):
        end = _after(_FENCE_END, text, end)
    return _close(text, end, form, [call])


def _tagged(text: str, start: int, form: CallFormat, tools: Tools) -> Block:
    head = _head(text, start, form)
    position = head.end()
    schemas = parameter_schemas(tools, head["name"])
    arguments: dict[str, Any] = {}
    while found := _pattern(form.argument).match(text, position):
        key = found["name"]
        end, behind = _argument_end(text, found.end(), form.argument_closes.replace("{name}", key))
        if end < 0:
            break
        if key in arguments:
            raise UnreadableError(f"the argument {key!r} stands twice")
        is_text = found.groupdict().get("text") is not None
        bare = _inner(text[found.end() : end])
        arguments[key] = bare if is_text else _argument(bare, schemas.get(key), form)
        position = behind
    raw = text[head.end() : position]
    rest = _after(_SPACE, text, position)
    if found or rest == len(text):
        begun = ToolCall(head["name"], None, text[head.end() :], None)
        return Block((begun,), len(text), _CUT.format("the text ends inside the arguments"), is_partial=True)
    if not text.startswith(form.closes, rest):
        raise UnreadableError(f"{form.closes} is missing at character {rest}")
    return _close(text, rest, form, [ToolCall(head["name"], arguments, raw.strip())])


def _pythonic(text: str, start: int, form: CallFormat) -> Block:
    position = _after(_SPACE, text, start)
    is_list = text.startswith("[", position)
    position += is_list
    if not form.opens and not (is_list and _PYTHON_NAME.match(text, position)):
        raise UnreadableError("no call")
    calls: list[ToolCall] = []
    while found := _PYTHON_NAME.match(text, position):
        name = found[1].removesuffix(".call")
        try:
            written, position = to_json(text, found.end())
        except CutOffError as fault:
            calls.append(ToolCall(name, None, text[found.end() :]))
            return Block(tuple(calls), len(text), _CUT.format(fault), is_partial=True)
        calls.append(ToolCall(name, _arguments(written), text[found.end() + 1 : position - 1]))
        if not is_list:
            break
    if not calls:
        return _bare_json(text, start, form)
    position = _after(_SPACE, text, position)
    if is_list and not text.startswith("]", position):
        raise UnreadableError(f"] is missing at character {position}")
    return _close(text, position + is_list, form, calls)


def _literal(text: str, start: int, form: CallFormat) -> Block:
    head = _head(text, start, form)
    try:
        written, end = to_json(text, head.end(), quote=form.quote)
    except CutOffError as fault:
        begun = ToolCall(head["name"], None, text[head.end() :])
        return Block((begun,), len(text), _CUT.format(fault), is_partial=True)
    return _close(text, end, form, [ToolCall(head["name"], _arguments(written), text[head.end() : end])])


_READERS: Mapping[Shape, Callable[[str, int, CallFormat], Block]] = {
    "json": _json,
    "named": _named,
    "pythonic": _pythonic,
    "literal": _literal,
}

_CUT = "tool call is cut off: {}"


def _bare_json(text: str, start: int, form: CallFormat) -> Block:
    """Read what `<|python_tag|>` may hold besides a call of a built-in tool: JSON, else code, which is no call here."""
    if _BARE.match(text, _after(_SPACE, text, start)):
        return _json(text, start, form)
    raise UnreadableError("neither f(...) nor JSON")


def _close(text: str, end: int, form: CallFormat, calls: Sequence[ToolCall]) -> Block:
    if not form.closes:
        return Block(tuple(calls), end)
    behind = _after(_SPACE, text, end)
    if text.startswith(form.closes, behind):
        return Block(tuple(calls), behind + len(form.closes))
    fault = f"tool call is not closed: {form.closes} is missing at character {behind}"
    return Block(tuple(calls), end, fault)


def _head(text: str, start: int, form: CallFormat) -> re.Match[str]:
    found = _pattern(form.head).match(text, start)
    if not found:
        raise UnreadableError(f"no name of a function behind {form.opens!r}")
    return found


def _argument_end(text: str, start: int, closes: str) -> tuple[int, int]:
    """Return where the value that starts at `start` ends and where its closing text does; -1 if there is none."""
    search = start
    if text.startswith("<![CDATA[", start):
        search = max(text.find("]]>", start), start)
    end = text.find(closes, search)
    return end, end + len(closes)


def _inner(value: str) -> str:
    """Return an argument without the newlines, or the CDATA marks, that its tags put around it."""
    if value.startswith("<![CDATA[") and value.endswith("]]>"):
        return value[9:-3]
    if value.startswith("\n"):
        return value[1:].removesuffix("\n")
    return value


def _argument(text: str, schema: Any, form: CallFormat) -> Any:
    if form.argument_mark and form.argument_mark in text and not allows_text(schema):
        return nested_value(text, form.argument_mark, schema)
    return typed_value(text, schema)


def _arguments(written: str) -> dict[str, Any]:
    value = whole_value(written)
    if not isinstance(value, dict):
        raise UnreadableError("the arguments are not an object")
    return value


def _has_arguments(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    inner = first.get("function", first) if isinstance(first, dict) else None
    inner = inner if isinstance(inner, dict) else first
    return isinstance(inner, dict) and ("parameters" in inner or "arguments" in inner)


def _after(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Return the index behind what a pattern, which may be empty, matches at `start`."""
    found = pattern.match(text, start)
    return found.end() if found else start


@lru_cache(maxsize=256)
def _pattern(regex: str) -> re.Pattern[str]:
    return re.compile(regex)

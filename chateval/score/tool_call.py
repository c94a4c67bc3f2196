"""Scorer for answers that call a function: the right one, with the right arguments, or none where none fits."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chateval.records import Case, Mark
from chateval.score.json_format import read_json, shorten

_OPEN = "<tool_call>"
_CLOSE = "</tool_call>"
_TOKEN = re.compile(r'[{}"\\]')
_BROKEN = re.compile(r"\{\s*+[\"']")
"""How an object starts that was meant as JSON, if none could be read."""
_MOST_OBJECTS = 100
"""Unreadable stretches between braces after which prose is given up."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call as a response spells it."""

    name: str
    """Name of the function, white space at both ends left out; never empty."""
    arguments: Mapping[str, Any]


def tool_call(case: Case) -> Mark:
    """Compare the call in the response with the target.

    The name must be equal. Arguments must be the same set with equal values: numbers as numbers (5 equals 5.0), strings
    without case and outer white space, lists in order; a boolean is no number, and "5" is not 5.

    Args:
        case: The response and the sample it answers; `case.sample.target` must be the JSON text of
            `{"name": ..., "arguments": {...}}`, or `null` where no function fits.

    Returns:
        1.0 for exactly one call that is right, or for no call where none fits; else 0.0. The reason starts with one of
        right, wrong tool, wrong arguments, malformed, should not have called, missing call, several calls.

    Raises:
        ValueError: If the target is neither: the task is at fault, not the model.
    """
    wanted = _target(case.sample.target)
    try:
        calls = read_calls(case.response.text)
    except ValueError as fault:
        return Mark(0.0, answer=shorten(case.response.text), reason=shorten(f"malformed: {fault}"))
    answer = shorten("; ".join(_spell(call) for call in calls[:3])) or "no call"
    reason = _verdict(calls, wanted)
    return Mark(float(reason == "right"), answer=answer, reason=shorten(reason))


def read_calls(text: str) -> tuple[ToolCall, ...]:
    """Return the calls that a response makes, in order; none for `null`, `{"tool": null}` and prose.

    Looks, in this order, into `<tool_call>` tags, at the whole text, into ``` fences, and at the first balanced JSON
    object in prose. A call is `{"tool" or "name": ..., "parameters" or "arguments": {...}}`, alone, under `function`,
    in a list or under `tool_calls`; its arguments may be the text of a JSON object, and be absent if there are none.

    Args:
        text: Untrusted text of any length; the time taken grows with it linearly.

    Raises:
        ValueError: If the text is empty or starts a call that cannot be read; one short line says what is wrong.
    """
    text = text.strip()
    if not text:
        raise ValueError("empty answer")
    if _OPEN in text:
        blocks = (block.partition(_CLOSE)[0] for block in text.split(_OPEN)[1:])
        return tuple(call for block in blocks for call in _calls(read_json(block, allow_fence=True)))
    try:
        value = read_json(text, allow_fence=True)
    except ValueError as fault:
        return _search(text, fault)
    return tuple(_calls(value)) if isinstance(value, dict | list) else ()


def _search(text: str, fault: ValueError) -> tuple[ToolCall, ...]:
    """Return the calls of a text that is not JSON as a whole; `fault` is why."""
    fenced = [part.strip() for part in text.split("```")[1::2]]
    fenced = [part.removeprefix("json").removeprefix("tool_call").lstrip() for part in fenced]
    if calls := [part for part in fenced if part.startswith(("{", "["))]:
        return tuple(call for part in calls for call in _calls(read_json(part)))
    for candidate in islice(_balanced(text), _MOST_OBJECTS):
        try:
            value = read_json(candidate)
        except ValueError:
            continue
        return tuple(_calls(value))
    if text.startswith("{") or _BROKEN.search(text):
        raise fault
    return ()


def _balanced(text: str) -> Iterator[str]:
    """Yield the outermost stretches from a brace to the one that closes it, in one pass; quoted braces do not count."""
    depth = start = 0
    escaped = -1
    is_quoted = False
    for token in _TOKEN.finditer(text):
        sign, at = token[0], token.start()
        if at == escaped or (not depth and sign != "{"):
            continue
        if is_quoted:
            escaped = at + 1 if sign == "\\" else escaped
            is_quoted = sign != '"'
        elif sign == '"':
            is_quoted = True
        elif sign == "{":
            start = start if depth else at
            depth += 1
        elif sign == "}":
            depth -= 1
            if not depth:
                yield text[start : at + 1]


def _calls(value: Any) -> Iterator[ToolCall]:
    """Yield the calls of a JSON value; raise ValueError if it is none."""
    if isinstance(value, dict) and "tool_calls" in value:
        value = value["tool_calls"]
    for entry in value if isinstance(value, list) else [value]:
        if entry is not None and (call := _call(entry)):
            yield call


def _call(entry: Any) -> ToolCall | None:
    if isinstance(entry, dict) and isinstance(entry.get("function"), dict):
        entry = entry["function"]
    if not isinstance(entry, dict):
        raise ValueError("a call is not an object")
    key = next((key for key in ("tool", "name") if key in entry), None)
    if key is None:
        raise ValueError("an object without the name of a function")
    name = entry[key]
    if name is None:
        return None
    if not isinstance(name, str) or not name.strip():
        raise ValueError("the name of the function is not a string")
    arguments = next((entry[key] for key in ("parameters", "arguments") if key in entry), None)
    if isinstance(arguments, str):
        arguments = read_json(arguments) if arguments.strip() else None
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise ValueError("the arguments are not an object")
    return ToolCall(name.strip(), arguments)


def _target(text: str) -> ToolCall | None:
    try:
        value = read_json(text)
    except ValueError as fault:
        raise ValueError(f"the target cannot be read: {fault}") from fault
    if value is None:
        return None
    if isinstance(value, dict) and value.keys() == {"name", "arguments"}:
        name, arguments = value["name"], value["arguments"]
        if isinstance(name, str) and name.strip() and isinstance(arguments, dict):
            return ToolCall(name.strip(), arguments)
    raise ValueError(f'target {shorten(text)}: allowed are null and {{"name": "...", "arguments": {{...}}}}')


def _verdict(calls: Sequence[ToolCall], wanted: ToolCall | None) -> str:
    if wanted is None:
        return f"should not have called: {calls[0].name}" if calls else "right"
    if not calls:
        return f"missing call: {wanted.name}"
    if len(calls) > 1:
        return f"several calls: {len(calls)}"
    [call] = calls
    if call.name != wanted.name:
        return f"wrong tool: {call.name}, not {wanted.name}"
    for key, value in wanted.arguments.items():
        if key not in call.arguments:
            return f"wrong arguments: {key} is missing"
        if not _equal(call.arguments[key], value):
            return f"wrong arguments: {key} is not {json.dumps(value, ensure_ascii=False)}"
    extra = next((key for key in call.arguments if key not in wanted.arguments), None)
    return "right" if extra is None else f"wrong arguments: {extra} is not asked for"


def _equal(found: Any, wanted: Any) -> bool:
    """Compare two JSON values; goes no deeper than `wanted`, which the task has written."""
    if isinstance(wanted, str):
        return isinstance(found, str) and found.strip().casefold() == wanted.strip().casefold()
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(_equal(found[key], value) for key, value in wanted.items())
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(_equal, found, wanted))
    return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)


def _spell(call: ToolCall) -> str:
    """Return a call on one line; lists and objects among its arguments are not spelt out, however deep they go."""
    shown = (
        f"{key}: {'…' if isinstance(value, dict | list) else shorten(str(value))}"
        for key, value in islice(call.arguments.items(), 20)
    )
    return shorten(f"{call.name}({', '.join(shown)})")

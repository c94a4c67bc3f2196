"""An answer's text to the calls it makes, in whichever spelling it makes them."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from chateval.records import Case
from chateval.score.json_format import read_json
from chateval.score.tool.python import read_python
from chateval.score.tool.record import ToolCall
from chateval.template.answer import Answer, AnswerFormat, find_format, format_behind, read_answer

_OPEN = "<tool_call>"
_CLOSE = "</tool_call>"
_TOKEN = re.compile(r'[{}"\\]')
_BROKEN = re.compile(r"\{\s*+[\"']")
"""How an object starts that was meant as JSON, if none could be read."""
_NAMES = ("tool", "name")
_ARGUMENTS = ("parameters", "arguments")
_FENCE_NAME = re.compile(r"(?:json|python|tool_call|tool_code)?\s*+")
_MOST_OBJECTS = 100
"""Unreadable stretches between braces after which prose is given up."""
_MOST_BLOCKS = 1000
"""Tags or fences of one answer that are read; what stands behind them is passed over."""


def calls_of(case: Case) -> tuple[ToolCall, ...]:
    """Return the calls that the response of a case makes, the spelling of the checkpoint's chat template first.

    Raises:
        ValueError: As `read_calls` does.
    """
    response, template = case.response, case.facts.text
    if not template:
        return read_calls(response.text)
    answer = read_answer(response.raw_text or response.text, format_behind(_format(template), case.prompt.text))
    if answer.tool_calls and not answer.faults:
        return tuple(ToolCall(call.name, call.arguments or {}) for call in answer.tool_calls)
    return read_calls(_without_reasoning(answer, response.text))


def read_calls(text: str) -> tuple[ToolCall, ...]:
    """Return the calls that a response makes, in order; none for `null`, `{"tool": null}` and prose.

    Looks, in this order, into `<tool_call>` tags, at the whole text, into ``` fences, and at the first balanced JSON
    object in prose. A call is `{"tool" or "name": ..., "parameters" or "arguments": {...}}` or `{"<name>": {...}}`,
    alone, under `function`, in a list or under `tool_calls`; its arguments may be the text of a JSON object, and be
    absent if there are none. Or the calls are Python's, `[f(a=1), g()]`, with or without the brackets.

    Args:
        text: Untrusted text of any length; the time taken grows with it linearly.

    Raises:
        ValueError: If the text is empty or starts a call that cannot be read; one short line says what is wrong.
    """
    text = text.strip()
    if not text:
        raise ValueError("empty answer")
    if _OPEN in text:
        blocks = (block.partition(_CLOSE)[0] for block in text.split(_OPEN, _MOST_BLOCKS + 1)[1 : _MOST_BLOCKS + 1])
        return tuple(call for block in blocks for call in _block(block))
    if (calls := read_python(text)) is not None:
        return calls
    try:
        value = read_json(text, allow_fence=True)
    except ValueError as fault:
        return _search(text, fault)
    return tuple(_calls(value)) if isinstance(value, dict | list) else ()


def calls_in(value: Any) -> tuple[ToolCall, ...]:
    """Return the calls that a JSON value spells, in any of the spellings of `read_calls`; none for null.

    Raises:
        ValueError: If it is no call and no list of calls.
    """
    return tuple(_calls(value))


def _block(text: str) -> tuple[ToolCall, ...]:
    """Return the calls of a text that must be calls and nothing else."""
    calls = read_python(text)
    return tuple(_calls(read_json(text, allow_fence=True))) if calls is None else calls


def _search(text: str, fault: ValueError) -> tuple[ToolCall, ...]:
    """Return the calls of a text that is not JSON as a whole; `fault` is why."""
    fenced = [part.strip() for part in text.split("```", 2 * _MOST_BLOCKS)[1 : 2 * _MOST_BLOCKS : 2]]
    fenced = [_FENCE_NAME.sub("", part, count=1) for part in fenced]
    if blocks := [part for part in fenced if part.startswith(("{", "["))]:
        return tuple(call for part in blocks for call in _block(part))
    if calls := [call for part in fenced for call in read_python(part) or ()]:
        return tuple(calls)
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
    inner = entry.get("function") if isinstance(entry, dict) else None
    if isinstance(inner, dict) and not inner.keys().isdisjoint(_NAMES):
        entry = inner
    if not isinstance(entry, dict):
        raise ValueError("a call is not an object")
    key = next((key for key in _NAMES if key in entry), None)
    if key is None:
        return _keyed_by_name(entry)
    name = entry[key]
    if name is None:
        return None
    if not isinstance(name, str) or not name.strip():
        raise ValueError("the name of the function is not a string")
    return ToolCall(name.strip(), _arguments(next((entry[key] for key in _ARGUMENTS if key in entry), None)))


def _keyed_by_name(entry: dict[str, Any]) -> ToolCall:
    """Return the call that `{"<name>": {...}}` is, the arguments an object or its JSON text."""
    [(name, arguments)] = entry.items() if len(entry) == 1 else [("", None)]
    is_call = isinstance(arguments, dict) or (isinstance(arguments, str) and arguments.lstrip().startswith("{"))
    if not name.strip() or not is_call:
        raise ValueError("an object without the name of a function")
    return ToolCall(name.strip(), _arguments(arguments))


def _arguments(arguments: Any) -> dict[str, Any]:
    if isinstance(arguments, str):
        arguments = read_json(arguments) if arguments.strip() else None
    if arguments is None:
        return {}
    if not isinstance(arguments, dict):
        raise ValueError("the arguments are not an object")
    return arguments


def _without_reasoning(answer: Answer, text: str) -> str:
    """Return what of an answer may hold calls in another spelling: all but its reasoning."""
    return answer.content if answer.reasoning else text


@lru_cache(maxsize=32)
def _format(template: str) -> AnswerFormat:
    return find_format(template)

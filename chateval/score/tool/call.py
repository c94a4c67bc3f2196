"""Scorer for answers that call a function: the right one, with the right arguments, or none where none fits."""

import json
from collections.abc import Sequence
from typing import Any

from chateval.records import Case, Mark
from chateval.score.json_format import read_json, shorten
from chateval.score.tool.read import calls_of
from chateval.score.tool.record import ToolCall, spell


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
        calls = calls_of(case)
    except ValueError as fault:
        return Mark(0.0, answer=shorten(case.response.text), reason=shorten(f"malformed: {fault}"))
    reason = _verdict(calls, wanted)
    return Mark(float(reason == "right"), answer=spell(calls), reason=shorten(reason))


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
    return fault_in_call(call, wanted) or "right"


def fault_in_call(call: ToolCall, wanted: ToolCall) -> str:
    """Return what keeps a call from being the one that is wanted; empty if nothing does.

    The text starts with `wrong tool` or `wrong arguments`.
    """
    if call.name != wanted.name:
        return f"wrong tool: {call.name}, not {wanted.name}"
    for key, value in wanted.arguments.items():
        if key not in call.arguments:
            return f"wrong arguments: {key} is missing"
        if not same_value(call.arguments[key], value):
            return f"wrong arguments: {key} is not {json.dumps(value, ensure_ascii=False)}"
    extra = next((key for key in call.arguments if key not in wanted.arguments), None)
    return "" if extra is None else f"wrong arguments: {extra} is not asked for"


def same_value(found: Any, wanted: Any) -> bool:
    """Compare two values, a tuple being a list; goes no deeper than `wanted`, which the task has written."""
    if isinstance(wanted, str):
        return isinstance(found, str) and found.strip().casefold() == wanted.strip().casefold()
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and found.keys() == wanted.keys()
            and all(same_value(found[key], value) for key, value in wanted.items())
        )
    if isinstance(wanted, list):
        return isinstance(found, list | tuple) and len(found) == len(wanted) and all(map(same_value, found, wanted))
    return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)

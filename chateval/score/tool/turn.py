"""One answer of a dialogue: the calls that its chat template's family reads in it, or why there are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chateval.records import Response
from chateval.score.tool.read import read_calls
from chateval.score.tool.record import ToolCall, unwritable
from chateval.template.answer import Answer, AnswerFormat, read_answer, split_thinking

LOST = "parser lost"
MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Turn:
    """What an answer says and calls."""

    content: str
    """Without reasoning and calls that were read; the whole text where neither stands in it."""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    fault: str = ""
    """Why a call was not read; starts with `parser lost` or `malformed`."""
    is_native: bool = False
    """Whether the calls are in the format of the chat template."""
    is_separated: bool = False
    """Whether thinking, be it empty, was taken out of the answer."""


def read_turn(response: Response, form: AnswerFormat | None, tools: Sequence[Mapping[str, Any]]) -> Turn:
    """Read an answer as what serves the model would.

    Where the chat template has a format of calls, that alone is read: what stands there in another one is lost to
    whoever deploys it, and is a fault. Where it has none, or the tools are not offered by it but in words of the task's
    own, calls are read as `read_calls` does.

    Args:
        response: With special tokens in `raw_text`.
        form: Formats of the template; None where it is not known.
        tools: On offer; they tell the types of arguments that are written without quotes.
    """
    turn = _read(response, form, tools)
    fault = next((fault for call in turn.calls if (fault := unwritable(call.arguments))), "")
    return replace(turn, calls=(), fault=f"{MALFORMED}: arguments: {fault}", is_native=False) if fault else turn


def _read(response: Response, form: AnswerFormat | None, tools: Sequence[Mapping[str, Any]]) -> Turn:
    answer, is_separated = _parts(response, form, tools)
    text = answer.content if is_separated else response.text
    turn = _called(answer, form, text, tools)
    content = answer.content if is_separated or answer.tool_calls else response.text
    return replace(turn, content=content, reasoning=answer.reasoning, is_separated=is_separated)


def _parts(response: Response, form: AnswerFormat | None, tools: Sequence[Mapping[str, Any]]) -> tuple[Answer, bool]:
    """Return the parts of an answer, and whether thinking was taken out of it: as `separate` does for the scorers."""
    if form is None:
        return Answer(response.text), False
    text = response.raw_text or response.text
    if form.thinking is not None and not form.has_channels:
        thought = split_thinking(text, form.thinking, is_open=bool(form.is_thinking_open))
        if thought.spans and not thought.is_open:
            rest = read_answer(thought.answer, replace(form, thinking=None, is_thinking_open=None), tools=tools)
            return replace(rest, content=rest.content.strip(), reasoning=thought.reasoning), True
    answer = read_answer(text, form, tools=tools)
    return answer, bool(answer.reasoning)


def _called(answer: Answer, form: AnswerFormat | None, text: str, tools: Sequence[Mapping[str, Any]]) -> Turn:
    """Return what an answer calls; `text` is all of it but its thinking."""
    if form is None or not (form.calls or form.has_channels):
        calls, fault = _plain_calls(text)
        return Turn(text, calls=calls, fault=fault and f"{MALFORMED}: {fault}")
    faults = [fault for fault in answer.faults if not fault.startswith("reasoning is not closed")]
    if answer.tool_calls and not faults:
        native = tuple(ToolCall(call.name, call.arguments or {}) for call in answer.tool_calls)
        return Turn(text, calls=native, is_native=True)
    lost, _ = _plain_calls(text)
    offered = {str(tool.get("function", tool).get("name")) for tool in tools}
    if lost and (faults or any(call.name in offered for call in lost)):
        return Turn(text, fault=f"{LOST}: {lost[0].name}")
    if lost and not offered:
        return Turn(text, calls=lost)
    return Turn(text, fault=f"{MALFORMED}: {faults[0]}" if faults else "")


def _plain_calls(text: str) -> tuple[tuple[ToolCall, ...], str]:
    """Return the calls of a text in any spelling, and why one could not be read."""
    if not text.strip():
        return (), ""
    try:
        return read_calls(text), ""
    except ValueError as fault:
        return (), str(fault)

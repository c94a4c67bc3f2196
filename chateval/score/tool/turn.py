"""One answer of a dialogue: the calls that its chat template's family reads in it, or why there are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chateval.records import Response
from chateval.score.tool.read import read_calls
from chateval.score.tool.record import ToolCall
from chateval.template.answer import Answer, AnswerFormat, read_answer

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
    answer = (
        Answer(response.text) if form is None else read_answer(response.raw_text or response.text, form, tools=tools)
    )
    has_parts = bool(answer.reasoning or answer.tool_calls)
    content = answer.content if has_parts else response.text
    if form is None or not (form.calls or form.has_channels):
        calls, fault = _plain_calls(content)
        return Turn(content, answer.reasoning, calls, fault and f"{MALFORMED}: {fault}")
    faults = [fault for fault in answer.faults if not fault.startswith("reasoning is not closed")]
    if answer.tool_calls and not faults:
        native = tuple(ToolCall(call.name, call.arguments or {}) for call in answer.tool_calls)
        return Turn(content, answer.reasoning, native, is_native=True)
    lost, _ = _plain_calls(answer.content if answer.reasoning else response.text)
    offered = {str(tool.get("function", tool).get("name")) for tool in tools}
    if lost and (faults or any(call.name in offered for call in lost)):
        return Turn(content, answer.reasoning, fault=f"{LOST}: {lost[0].name}")
    if lost and not offered:
        return Turn(content, answer.reasoning, lost)
    return Turn(content, answer.reasoning, fault=f"{MALFORMED}: {faults[0]}" if faults else "")


def _plain_calls(text: str) -> tuple[tuple[ToolCall, ...], str]:
    """Return the calls of a text in any spelling, and why one could not be read."""
    if not text.strip():
        return (), ""
    try:
        return read_calls(text), ""
    except ValueError as fault:
        return (), str(fault)

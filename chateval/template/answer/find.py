"""A chat template to the formats of the answers it was made for: from its text, and from what it renders."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chateval.template.answer.families import CALLS, ENDS, THINKING, WRAPPERS
from chateval.template.answer.formats import AnswerFormat, CallFormat, Thinking
from chateval.template.answer.read import read_answer
from chateval.template.answer.records import ToolCall

Render = Callable[[Sequence[Mapping[str, Any]], Mapping[str, Any]], str]
"""Messages and the arguments of a rendering (`tools`, `add_generation_prompt`) to text; may raise anything."""

_USER = "Where does the river Quizzle rise?"
_NAME = "locate_spring"
_ARGUMENTS = {"river": "Quizzle"}
_TOOL = {
    "type": "function",
    "function": {
        "name": _NAME,
        "description": "Locate the spring of a river.",
        "parameters": {"type": "object", "properties": {"river": {"type": "string"}}, "required": ["river"]},
    },
}


def find_format(template: str, *, render: Render | None = None) -> AnswerFormat:
    """Return the formats of answers that a chat template uses.

    Args:
        template: The Jinja text.
        render: Renders with the template. With it, a probe that holds a tool call tells which of the known formats of
            calls is written, the generation prompt tells whether it opens the reasoning, and an answered question
            tells the end token where the template writes it as a variable.

    Returns:
        The formats; without `render`, those whose marks the text of the template holds. An unknown format is absent.
    """
    calls = _calls_in(template)
    is_open = None
    closed = ""
    has_channels = "<|message|>" in template and ("<|channel|>" in template or "<atem:" in template)
    thinking = next((pair for pair in THINKING if (pair.signature or pair.closes) in template), None)
    if render is not None:
        calls = _written_calls(render) or calls
        is_open = _is_open(render, thinking) if thinking else None
        closed = _behind_user(
            render, {"role": "assistant", "content": "In the hills."}, {"add_generation_prompt": False}
        )
    return AnswerFormat(
        calls=calls,
        thinking=None if has_channels else thinking,
        is_thinking_open=None if has_channels else is_open,
        wrappers=tuple(mark for sign, marks in WRAPPERS.items() if _holds(template, sign) for mark in marks),
        ends=tuple(mark for mark in ENDS if mark in template or mark in closed),
        has_channels=has_channels,
    )


def _calls_in(template: str) -> tuple[CallFormat, ...]:
    """Return the formats whose marks the template holds; the first of those that claim the same mark."""
    found: list[CallFormat] = []
    claimed: set[str] = set()
    for form in CALLS:
        is_free = not form.opens or not any(form.opens in mark for mark in claimed)
        if is_free and all(_holds(template, sign) for sign in form.signature):
            found.append(form)
            claimed.update((form.opens, *form.around))
    return tuple(found)


def _holds(template: str, sign: str) -> bool:
    """Tell whether a template holds a text, newlines and quotes in it written plainly or escaped."""
    return sign in template or sign.replace("\n", "\\n").replace('"', '\\"') in template


def _written_calls(render: Render) -> tuple[CallFormat, ...]:
    """Return the format that reads the call of the probe back from the rendered text; empty if none does."""
    for arguments in (_ARGUMENTS, '{"river": "Quizzle"}'):
        text = _behind_user(render, _answer(arguments), {"tools": [_TOOL], "add_generation_prompt": False})
        if _NAME in text:
            return next(((form,) for form in CALLS if _reads(text, form)), ())
    return ()


def _answer(arguments: object) -> Mapping[str, Any]:
    function = {"name": _NAME, "arguments": arguments}
    return {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"type": "function", "id": "a1B2c3D4e", "function": function}],
    }


def _reads(text: str, form: CallFormat) -> bool:
    """Tell whether a format, whose mark the text holds, finds exactly the call of the probe in it."""
    if not form.opens or form.opens not in text:
        return False
    answer = read_answer(text, AnswerFormat(calls=(form,)), tools=[_TOOL])
    return not answer.faults and [_plain(call) for call in answer.tool_calls] == [(_NAME, _ARGUMENTS)]


def _plain(call: ToolCall) -> tuple[str, Any]:
    return call.name, call.arguments


def _is_open(render: Render, thinking: Thinking) -> bool | None:
    """Tell whether the generation prompt opens the reasoning and leaves it open; None if it cannot be rendered."""
    text = _behind_user(render, None, {"add_generation_prompt": True})
    if not text:
        return None
    return text.rfind(thinking.opens.rstrip()) > text.rfind(thinking.closes)


def _behind_user(render: Render, answer: Mapping[str, Any] | None, options: Mapping[str, Any]) -> str:
    """Return what stands behind the user's question in a rendering; empty if it cannot be rendered."""
    messages: list[Mapping[str, Any]] = [{"role": "user", "content": _USER}]
    try:
        text = render([*messages, answer] if answer else messages, options)
    except Exception:  # noqa: BLE001 - a template may raise anything, and then tells nothing
        return ""
    return text.rpartition(_USER)[2] if _USER in text else ""

"""Tools of a dialogue in a prompt: as the chat template writes them, and what it does not write told in words."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from chateval.messages import content_text
from chateval.prompt.probe_tools import ARGUMENT, QUESTION, REMARK, RESULTS, TOOLS, VALUES, called, results
from chateval.records import Message
from chateval.template import Chat, Tokenizer, render_all

Arguments = Literal["object", "text", ""]
"""How a template takes the arguments of calls; empty if it writes no calls."""

FORMS: Sequence[Arguments] = ("object", "text")

OFFER = """You can call these functions:
{tools}
To call functions, answer with a JSON list of calls and nothing else: \
[{{"name": "<name>", "arguments": {{"<parameter>": <value>}}}}]
You are then told their results. If no function is needed, answer in words."""
"""What a model is told of the tools where its template does not write them."""

RESULT = "Result of {name}:\n{text}"
"""What it is told of a result, in the role of the user, where its template has no role for results."""


@dataclass(frozen=True, slots=True)
class ToolCarriage:
    """What of tools a chat template writes, as renderings of it show."""

    offers: bool = False
    """The tools on offer, with their descriptions and parameters."""
    arguments: Arguments = ""
    """A call, and the next one after its result, with the arguments in this form."""
    several: bool = False
    """Several calls in one answer, and all their results."""
    remarks: bool = False
    """What an answer says beside a call."""
    results: bool = False
    """The results of calls that it writes, in a role of their own."""
    bare_results: bool = False
    """Results that follow an answer of mere text, in a role of their own."""


NOTHING = ToolCarriage()
"""Of plain completion, and of endpoints, whose template is not known."""


@lru_cache(maxsize=64)
def find_carriage(tokenizer: Tokenizer) -> ToolCarriage:
    """Return what the chat template of a tokenizer writes of tools; what it refuses is not written.

    A template that does not write the tools on offer is not given them.
    """
    words = [word for tool in TOOLS for word in _words_of(tool)]
    offers = _holds(tokenizer, [QUESTION], words, has_tools=True)

    def holds(messages: Sequence[Message], words: Sequence[str], without: str = "") -> bool:
        return _holds(tokenizer, messages, words, without, has_tools=offers)

    arguments: Arguments = next((form for form in FORMS if _writes_calls(holds, form)), "")
    has_results = bool(arguments) and holds(_chain(arguments), RESULTS)
    two = [QUESTION, called(2, arguments), *(results(2) if has_results else [_told(0)])]
    remarked = [QUESTION, called(1, arguments, remark=REMARK), *(results(1) if has_results else [_told(0)])]
    answer: Message = {"role": "assistant", "content": REMARK}
    bare = [QUESTION, answer, *results(1, is_bare=True), answer, *results(2, is_bare=True)[1:]]
    return ToolCarriage(
        offers=offers,
        arguments=arguments,
        several=bool(arguments) and holds(two, (*VALUES, *(RESULTS if has_results else ()))),
        remarks=bool(arguments) and holds(remarked, [REMARK, VALUES[0]]),
        results=has_results,
        bare_results=holds(bare, RESULTS),
    )


def place_tools(
    messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], carriage: ToolCarriage, *, has_system: bool = True
) -> tuple[Message, ...]:
    """Return the messages with all that the template would lose of tools told in words.

    Calls that it does not write become the JSON text of their list, results a message of the user's, and the tools on
    offer stand in the system message, or before the first message of the user's where the template has none.

    Args:
        messages: With calls under `tool_calls` and results in the role `tool`.
        tools: On offer.
        carriage: What the template writes.
        has_system: Whether it writes system messages.
    """
    placed: list[Message] = []
    is_called = False
    for message in messages:
        if message["role"] == "assistant":
            is_called = _is_carried(message, carriage)
            placed.append(_answer(message, carriage) if message.get("tool_calls") else message)
        elif message["role"] == "tool" and not (carriage.results if is_called else carriage.bare_results):
            text = RESULT.format(name=message.get("name", "the call"), text=content_text(message))
            if placed and placed[-1]["role"] == "user":
                text = f"{placed.pop()['content']}\n\n{text}"
            placed.append({"role": "user", "content": text})
        else:
            placed.append(message)
    return tuple(placed) if carriage.offers or not tools else _offered(placed, tools, has_system=has_system)


def carriage_faults(carriage: ToolCarriage) -> list[str]:
    """Return what a template does not write of tools and what is done instead, in words."""
    faults = []
    if not carriage.offers:
        faults.append("the tools on offer (told in the system message instead)")
    if not carriage.arguments:
        faults.append("calls (told as text instead)")
    elif not carriage.several:
        faults.append("several calls in one answer (written as JSON text instead)")
    elif not carriage.remarks:
        faults.append("text beside a call (the call is then told as text, too)")
    if not (carriage.results if carriage.arguments else carriage.bare_results):
        faults.append("results (told in a message of the user's instead)")
    return faults


def _writes_calls(holds: Callable[[Sequence[Message], Sequence[str], str], bool], form: Arguments) -> bool:
    """Tell whether a call, and a second one after the result of the first, are written with their arguments."""
    first, second = (called(1, form, start=start) for start in (0, 1))
    chats = [_chain(form), [QUESTION, first, _told(0), second, _told(1)]]
    return any(holds(chat, VALUES, f'\\"{ARGUMENT}') for chat in chats)


def _chain(form: Arguments) -> list[Message]:
    """Return a question, a call, its result, a second call and its result."""
    return [QUESTION, called(1, form), *results(1), called(1, form, start=1), *results(2)[1:]]


def _told(place: int) -> Message:
    return {"role": "user", "content": RESULTS[place]}


def _holds(
    tokenizer: Tokenizer, messages: Sequence[Message], words: Sequence[str], without: str = "", *, has_tools: bool
) -> bool:
    """Tell whether all words stand in the rendered text, and what must not be there does not."""
    [found] = render_all(tokenizer, [Chat(messages, tools=TOOLS if has_tools else None)])
    if found.text is None or (without and without in found.text):
        return False
    return all(word in found.text for word in words)


def _words_of(tool: Mapping[str, Any]) -> tuple[str, ...]:
    function = tool["function"]
    return function["name"], function["description"], *function["parameters"]["properties"]


def _is_carried(message: Message, carriage: ToolCarriage) -> bool:
    calls = message.get("tool_calls") or ()
    has_room = len(calls) == 1 or carriage.several
    return bool(calls and carriage.arguments) and has_room and (carriage.remarks or not content_text(message).strip())


def _answer(message: Message, carriage: ToolCarriage) -> Message:
    """Return an answer that calls as the template takes it: with arguments in its form, or as text."""
    calls = [call["function"] for call in message["tool_calls"]]
    if _is_carried(message, carriage):
        as_text = carriage.arguments == "text"
        given = [
            {**call, "function": {**one, "arguments": _json(one["arguments"]) if as_text else one["arguments"]}}
            for call, one in zip(message["tool_calls"], calls, strict=True)
        ]
        return {**message, "tool_calls": given}
    written = _json([{"name": one["name"], "arguments": one["arguments"]} for one in calls])
    said = content_text(message).strip()
    kept = {key: value for key, value in message.items() if key != "tool_calls"}
    return {**kept, "content": f"{said}\n{written}" if said else written}


def _offered(
    messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], *, has_system: bool
) -> tuple[Message, ...]:
    listed = "\n".join(_json(tool.get("function", tool)) for tool in tools)
    told = OFFER.format(tools=listed)
    role = "system" if has_system else "user"
    for index, message in enumerate(messages):
        if message["role"] == role:
            content: Any = f"{content_text(message)}\n\n{told}" if has_system else f"{told}\n\n{content_text(message)}"
            if not isinstance(message["content"], str):
                part = {"type": "text", "text": told}
                content = [*message["content"], part] if has_system else [part, *message["content"]]
            return (*messages[:index], {**message, "content": content}, *messages[index + 1 :])
    return ({"role": role, "content": told}, *messages)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

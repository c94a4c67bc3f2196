"""Turns to messages: what a chat template was given, as far as the text still shows it."""

from collections.abc import Iterable, Mapping
from typing import Any

from chateval.template.grammar.dialect import Dialect
from chateval.template.grammar.layout import read_calls, read_json, read_results
from chateval.template.grammar.reading import Turn

Message = Mapping[str, Any]


def to_messages(turns: Iterable[Turn], dialect: Dialect, text: str) -> tuple[Message, ...]:
    """Return the messages of the turns; a reasoning turn is joined with the answer that follows it."""
    found: list[Message] = []
    reasoning: str | None = None
    is_first_user = True
    for turn in turns:
        if not turn.is_message:
            continue
        if dialect.thinking.is_turn and text[turn.opener_start : turn.start] == dialect.thinking.open:
            reasoning = turn.content if reasoning is None else f"{reasoning}\n{turn.content}"
            continue
        messages = _of_turn(turn, dialect, is_first_user)
        is_first_user = is_first_user and turn.role != "user"
        if reasoning is not None:
            messages = _with_reasoning(messages, reasoning)
            reasoning = None
        found += messages
    if reasoning is not None:
        found += _with_reasoning([], reasoning)
    return tuple(found)


def _with_reasoning(messages: list[Message], reasoning: str) -> list[Message]:
    if messages and messages[0]["role"] == "assistant":
        return [{**messages[0], "reasoning_content": reasoning}, *messages[1:]]
    return [{"role": "assistant", "content": "", "reasoning_content": reasoning}, *messages]


def _of_turn(turn: Turn, dialect: Dialect, is_first_user: bool) -> list[Message]:
    tools = dialect.tools
    if turn.role == tools.result_role:
        results = read_results(turn.content, tools)
        if results is not None:
            return list(results)
    if turn.role == "assistant":
        return [_answer(turn, dialect)]
    if turn.role == "user" and is_first_user and dialect.system == "wrapped":
        head, close, rest = turn.content.partition(dialect.system_close)
        if close and head.startswith(dialect.system_open):
            system = head.removeprefix(dialect.system_open)
            return [{"role": "system", "content": system}, {"role": "user", "content": rest}]
    rule = dialect.turn(turn.role)
    word = (turn.header or {}).get("word")
    if rule is not None and word is not None and word not in rule.words:
        return [{"role": turn.role, "name": word, "content": turn.content}]
    return [{"role": turn.role, "content": turn.content}]


def _answer(turn: Turn, dialect: Dialect) -> Message:
    content, extra = _split_reasoning(turn.content, dialect)
    recipient = (turn.header or {}).get("recipient")
    if recipient is not None and dialect.tools.is_turn:
        arguments = read_json(content, 0)
        function = {"name": recipient.rpartition(".")[2], "arguments": content if arguments is None else arguments[0]}
        return {"role": "assistant", "content": "", "tool_calls": ({"type": "function", "function": function},)}
    called = read_calls(content, dialect.tools)
    if called is not None:
        content, extra["tool_calls"] = called
    return {"role": "assistant", "content": content, **extra}


def _split_reasoning(content: str, dialect: Dialect) -> tuple[str, dict[str, Any]]:
    thinking = dialect.thinking
    if not thinking.open or thinking.is_turn or not content.startswith(thinking.open):
        return content, {}
    reasoning, close, rest = content.removeprefix(thinking.open).partition(thinking.close)
    return (rest, {"reasoning_content": reasoning}) if close else (content, {})

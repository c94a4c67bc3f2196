"""Messages to text, the way the grammar itself would render them; what a chat template of the dialect should write."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chateval.errors import TemplateError
from chateval.template.grammar.dialect import Dialect, TurnRule
from chateval.template.grammar.layout import write_calls, write_result

Message = Mapping[str, Any]


def normalise(messages: Sequence[Message], dialect: Dialect) -> tuple[Message, ...]:
    """Return what a template of the dialect keeps of a chat: what reading the text that `write` gives must find.

    Contents are trimmed, a system message is folded into the user turn where the dialect has none of its own, a default
    one is added where templates of the dialect do so, and reasoning is dropped where they drop it.

    Raises:
        TemplateError: If the dialect cannot carry the chat, such as a system message that it refuses.
    """
    found = [_plain(message, dialect) for message in messages]
    if dialect.injects_default and not any(one["role"] == "system" for one in found):
        found.insert(0, {"role": "system", "content": dialect.default_system[0]})
    found = _place_system(found, dialect)
    return tuple(_drop_reasoning(found, dialect))


def write(messages: Sequence[Message], dialect: Dialect, *, add_generation_prompt: bool = False) -> str:
    """Return the text of a chat.

    Raises:
        TemplateError: If the dialect cannot carry the chat.
    """
    kept = normalise(messages, dialect)
    is_pair = dialect.bos_rule == "pair"
    parts = [dialect.bos or ""] if dialect.bos_rule == "text" or is_pair else []
    wrapped = ""
    n_users = 0
    for number, message in enumerate(kept):
        role = message["role"]
        if role == "system" and dialect.system == "wrapped":
            wrapped = dialect.system_open + message["content"] + dialect.system_close
            continue
        if role == "user":
            n_users += 1
            if is_pair and n_users > 1:
                parts.append(dialect.bos or "")
        before = kept[number - 1]["role"] if number else ""
        after = kept[number + 1]["role"] if number + 1 < len(kept) else ""
        parts.append(_turn(message, dialect, wrapped if role == "user" else "", (before, after)))
        wrapped = "" if role == "user" else wrapped
    if add_generation_prompt:
        parts.append(dialect.generation_prompts[0] if dialect.generation_prompts else "")
    else:
        parts.append(dialect.final)
    return "".join(parts)


# -- what is kept


def _plain(message: Message, dialect: Dialect) -> dict[str, Any]:
    role = dict(dialect.rename).get(message["role"], message["role"])
    content = message.get("content")
    if isinstance(content, list | tuple):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    text = "" if content is None else str(content)
    kept: dict[str, Any] = {"role": role, "content": text.strip() if role in dialect.trim else text}
    thinking = message.get("reasoning_content")
    if thinking and dialect.thinking.open and role == "assistant":
        kept["reasoning_content"] = thinking
    if message.get("tool_calls"):
        if not dialect.tools.call:
            raise TemplateError(f"{dialect.name}: the dialect has no layout for tool calls")
        kept["tool_calls"] = tuple(_kept_call(call, dialect) for call in message["tool_calls"])
    if role == "tool" and message.get("tool_call_id") and "{" in dialect.tools.result and _has_ids(dialect):
        kept["tool_call_id"] = message["tool_call_id"]
    if role == "tool" and message.get("name") and _names_tool(dialect):
        kept["name"] = _tool_word(message, dialect)
    return kept


def _kept_call(call: Message, dialect: Dialect) -> Message:
    function = call.get("function", call)
    found = {"type": "function", "function": {"name": function["name"], "arguments": function.get("arguments", {})}}
    is_kept = call.get("id") is not None and ("{id}" in dialect.tools.call or "{calls}" in dialect.tools.call)
    return {**found, "id": call["id"]} if is_kept else found


def _has_ids(dialect: Dialect) -> bool:
    return "{id}" in dialect.tools.result or "{result}" in dialect.tools.result


def _names_tool(dialect: Dialect) -> bool:
    rule = dialect.turn("tool")
    return rule is not None and rule.words[0].endswith("*")


def _tool_word(message: Message, dialect: Dialect) -> str:
    rule = dialect.turn("tool")
    prefix = rule.words[0].removesuffix("*") if rule else ""
    name = str(message["name"])
    return name if name.startswith(prefix) else prefix + name


def _place_system(messages: list[dict[str, Any]], dialect: Dialect) -> list[dict[str, Any]]:
    systems = [one for one in messages if one["role"] == "system"]
    if not systems or dialect.system == "turn":
        return messages
    if dialect.system == "refused":
        raise TemplateError(f"{dialect.name}: the dialect refuses a system message")
    text = "\n\n".join(one["content"] for one in systems)
    others = [one for one in messages if one["role"] != "system"]
    users = [number for number, one in enumerate(others) if one["role"] == "user"]
    if dialect.system == "raw" or dialect.system == "wrapped":
        is_kept = bool(text) or dialect.system == "wrapped"
        return [{"role": "system", "content": text}, *others] if is_kept else others
    if not users:
        raise TemplateError(f"{dialect.name}: a system message needs a user turn to stand in")
    place = users[0] if dialect.system == "first_user" else users[-1]
    glued = text + dialect.system_close + others[place]["content"]
    others[place] = {**others[place], "content": glued}
    return others


def _drop_reasoning(messages: list[dict[str, Any]], dialect: Dialect) -> Iterable[dict[str, Any]]:
    history = dialect.thinking.history
    last_user = max((number for number, one in enumerate(messages) if one["role"] == "user"), default=-1)
    for number, message in enumerate(messages):
        is_dropped = history == "dropped" or (history == "dropped_before_last_user" and number < last_user)
        if is_dropped and "reasoning_content" in message:
            yield {key: value for key, value in message.items() if key != "reasoning_content"}
        else:
            yield message


# -- how it is written


def _turn(message: Message, dialect: Dialect, wrapped: str, neighbours: tuple[str, str]) -> str:
    role, content = str(message["role"]), str(message["content"])
    thinking, tools = dialect.thinking, dialect.tools
    before = ""
    if message.get("reasoning_content"):
        before = thinking.open + str(message["reasoning_content"]) + thinking.close
    calls = write_calls(message["tool_calls"], tools) if message.get("tool_calls") else ""
    if calls and tools.is_turn:
        return (before if thinking.is_turn else "") + calls
    rule = _rule(role, dialect)
    if role == "tool":
        content = write_result(content, message.get("tool_call_id"), tools)
        if tools.result_role != "tool":
            return _joined_result(content, dialect, neighbours)
    opener = _word(rule.opener[0], rule, message)
    body = wrapped + content
    if not thinking.is_turn:
        body, before = before + body, ""
    if calls:
        body = body + (tools.separator if body else "") + calls
        opener = "" if not opener.strip() and not content else opener
    return before + opener + body + rule.closer[0]


def _rule(role: str, dialect: Dialect) -> TurnRule:
    wanted = dialect.tools.result_role if role == "tool" else role
    rule = dialect.turn(wanted) or dialect.turn(role)
    if rule is None:
        known = ", ".join(one.role for one in dialect.turns)
        raise TemplateError(f"{dialect.name}: the dialect has no role {role!r}; known: {known}")
    return rule


def _word(opener: str, rule: TurnRule, message: Message) -> str:
    word = rule.words[0]
    if word.endswith("*"):
        word = str(message.get("name") or word.removesuffix("*") + "tool")
    return opener.replace("{word}", word).replace("{fields}", "")


def _joined_result(content: str, dialect: Dialect, neighbours: tuple[str, str]) -> str:
    """Results that share a user turn: the first opens it, the last closes it."""
    rule = _rule("tool", dialect)
    before, after = neighbours
    opener = "\n" if before == "tool" else _word(rule.opener[0], rule, {})
    return opener + content + (rule.closer[0] if after != "tool" else "")

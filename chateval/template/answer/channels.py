"""Harmony's messages: `<|start|>`, a header with role, recipient and channel, `<|message|>`, a body, an end."""

import re
from dataclasses import dataclass

_MARK = re.compile(r"<\|(start|channel|constrain|message|end|call|return|eom|eot)\|>")
_RECIPIENT = re.compile(r"\bto=([^\s<|]{1,256}+)")
_CHANNEL = re.compile(r"<\|channel\|>\s*+(\w{1,64}+)")
_ENDS = frozenset({"end", "call", "return", "eom", "eot"})


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an answer."""

    body: str
    recipient: str = ""
    """The tool that it is for; empty if it is for the user or for nobody."""
    is_reasoning: bool = False
    is_closed: bool = True
    """Whether a mark ends it; the last message of an answer often has none, since decoding stops there."""
    fault: str = ""


def split_messages(text: str) -> list[Message]:
    """Return the messages of an answer that starts behind `<|start|>assistant`.

    Text outside any message is a message for the user, with a fault.

    Source:
        The Harmony response format, OpenAI (github.com/openai/harmony).
    """
    messages: list[Message] = []
    at = 0
    while at < len(text):
        begin = text.find("<|message|>", at)
        if begin < 0:
            rest = _MARK.sub("", text[at:])
            if rest.strip() and rest.strip() != "assistant":
                messages.append(Message(rest, is_closed=False, fault="text outside any message"))
            break
        header = text[at:begin]
        start = begin + len("<|message|>")
        end, at, is_closed = _body_end(text, start)
        messages.append(_message(header, text[start:end], is_closed))
    return messages


def _body_end(text: str, start: int) -> tuple[int, int, bool]:
    """Return where a body ends, where the next header starts, and whether a mark ends the body."""
    for mark in _MARK.finditer(text, start):
        if mark[1] in _ENDS:
            return mark.start(), mark.end(), True
        if mark[1] == "start":
            return mark.start(), mark.start(), False
    return len(text), len(text), False


def _message(header: str, body: str, is_closed: bool) -> Message:
    channel = _CHANNEL.search(header)
    recipient = _RECIPIENT.search(header)
    to = recipient[1] if recipient else ""
    is_reasoning = to == "self" or (not to and bool(channel) and channel is not None and channel[1] == "analysis")
    return Message(body, "" if to in ("user", "self", "all") else to, is_reasoning, is_closed)

"""System messages that a template cannot carry: an error, or a policy the user names. Never silence."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from chateval.errors import TemplateError
from chateval.messages import content_text, media_of
from chateval.records import Message
from chateval.template import Tokenizer, render

SystemPolicy = Literal["error", "fold_into_user", "drop"]

_SENTINEL = "chateval-system"


def place_system(
    messages: Sequence[Message], tokenizer: Tokenizer, policy: SystemPolicy, *, completion: bool = False
) -> tuple[Message, ...]:
    """Return the messages as the template can carry them.

    Raises:
        TemplateError: If the template drops or refuses system messages and the policy is `error`.
    """
    if completion or not any(message["role"] == "system" for message in messages):
        return tuple(messages)
    fault = system_fault(tokenizer)
    if fault is None:
        return tuple(messages)
    match policy:
        case "fold_into_user":
            return _fold(messages)
        case "drop":
            return tuple(message for message in messages if message["role"] != "system")
        case _:
            raise TemplateError(
                f"the chat template {fault} a system message; say --system fold_into_user to put it into "
                "the first user message, or --system drop to leave it out"
            )


@lru_cache(maxsize=64)
def system_fault(tokenizer: Tokenizer) -> str | None:
    """Return what a template does to a system message, `drops` or `refuses`; None if it writes it."""
    probe = [{"role": "system", "content": _SENTINEL}, {"role": "user", "content": "chateval-question"}]
    try:
        return None if _SENTINEL in render(tokenizer, probe) else "drops"
    except TemplateError:
        return "refuses"


def _fold(messages: Sequence[Message]) -> tuple[Message, ...]:
    system = "\n\n".join(content_text(message) for message in messages if message["role"] == "system")
    rest = [message for message in messages if message["role"] != "system"]
    for index, message in enumerate(rest):
        if message["role"] == "user":
            content = message["content"]
            if isinstance(content, list) and media_of(message):
                rest[index] = {**message, "content": [{"type": "text", "text": f"{system}\n\n"}, *content]}
            else:
                rest[index] = {**message, "content": f"{system}\n\n{content_text(message)}"}
            return tuple(rest)
    raise TemplateError("no user message to fold the system message into")

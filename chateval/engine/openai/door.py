"""What a server takes, found out with a short prompt: token ids, text or messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chateval.engine.openai.client import Client
from chateval.engine.openai.exchange import Refused, RequestFailed
from chateval.engine.openai.reply import Asked, read_completion
from chateval.errors import CheckpointError

COMPLETIONS, CHAT = "/completions", "/chat/completions"

_OTHER_DOOR = (200, 400, 404, 405, 415, 422, 500, 501)
"""Statuses by which a server says that it does not take prompts this way; 200 with a reply that is odd."""


@dataclass(frozen=True, slots=True)
class Door:
    """How prompts are sent."""

    kind: Literal["ids", "text", "chat"]
    """Token ids or rendered text to `/completions`, messages to `/chat/completions`."""
    n_added: int = 0
    """Tokens that the server puts before a text."""


def find_door(client: Client, model: str, text: str, ids: Sequence[int]) -> Door:
    """Try the doors of a server with one prompt, the most faithful first.

    Args:
        client: Of the server.
        model: As it is served.
        text: A short prompt.
        ids: Its token ids.

    Raises:
        CheckpointError: If the server is not there, or answers at none of its doors.
    """
    said: list[str] = []
    tries: list[tuple[Door, str, dict[str, Any]]] = [
        (Door("ids"), COMPLETIONS, {"prompt": list(ids)}),
        (Door("text"), COMPLETIONS, {"prompt": text}),
        (Door("chat"), CHAT, {"messages": [{"role": "user", "content": "Hello"}]}),
    ]
    for door, path, prompt in tries:
        try:
            reply = _ask(client, path, {"model": model, **prompt, "max_tokens": 1})
            n_counted = read_completion(reply, Asked(model, 1)).n_prompt_tokens
        except (RequestFailed, Refused) as fault:
            words = client.redact(str(fault))
            if not may_do_otherwise(fault):
                raise CheckpointError(f"{client.address}: {words}") from None
            said.append(f"{door.kind}: {words}")
            continue
        if door.kind == "chat" or n_counted == len(ids):
            return door
        if door.kind == "text" and n_counted == len(ids) + 1:
            return Door("text", n_added=1)
        said.append(f"{door.kind}: {n_counted} tokens counted where {len(ids)} were sent")
    raise CheckpointError(f"{client.address}: {model!r} takes neither ids nor text nor messages: {'; '.join(said)}")


def may_do_otherwise(fault: RequestFailed | Refused) -> bool:
    """Return whether a server that refuses one way of asking may take another; elsewhere it is in trouble."""
    return fault.status in _OTHER_DOOR


def _ask(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.wait(client.ask(path, body, retries=1))

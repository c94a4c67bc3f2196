"""Messages with tools that no model has seen, to look what of them a chat template writes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chateval.records import Message

QUESTION: Message = {"role": "user", "content": "What is it like there?"}
REMARK = "Let me pelgrave that first."
ARGUMENT = "tramsil"
VALUES = ("Quorvale", "Belmsted")
RESULTS = ("Nimbrel 7041", "Nimbrel 8052")

_NAMES = ("get_velqua", "get_dorbin")
_IDS = ("callabcd1", "callabcd2")
"""Nine letters and digits, as Mistral's templates ask for."""

TOOLS: Sequence[Mapping[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Ask for the ferlode of a place by {name}.",
            "parameters": {
                "type": "object",
                "properties": {ARGUMENT: {"type": "string", "description": "The place"}},
                "required": [ARGUMENT],
            },
        },
    }
    for name in _NAMES
]


def called(n: int, form: str, *, start: int = 0, remark: str = "") -> Message:
    """Return an answer with `n` calls from number `start` on, their arguments an `object` or `text`."""
    calls = []
    for call_id, name, value in list(zip(_IDS, _NAMES, VALUES, strict=True))[start : start + n]:
        arguments: Any = {ARGUMENT: value}
        function = {"name": name, "arguments": json.dumps(arguments) if form == "text" else arguments}
        calls.append({"type": "function", "id": call_id, "function": function})
    return {"role": "assistant", "content": remark, "tool_calls": calls}


def results(n: int, *, is_bare: bool = False) -> list[Message]:
    """Return the results of the first `n` calls; bare ones name no call."""
    found: list[Message] = []
    for call_id, name, text in list(zip(_IDS, _NAMES, RESULTS, strict=True))[:n]:
        link = {} if is_bare else {"tool_call_id": call_id}
        found.append({"role": "tool", "name": name, **link, "content": text})
    return found

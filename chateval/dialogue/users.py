"""Who speaks after an answer: a user whose turns are written down, or one that another model plays."""

from collections.abc import Sequence

from chateval.messages import content_text
from chateval.records import Message, SimulatedUser


def user_messages(user: SimulatedUser, told: str, messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return what the model that plays the user is shown: its instructions, and the dialogue with the roles changed.

    Calls and results of tools are between the model under test and its tools, so the user does not see them.

    Args:
        user: What ends the dialogue.
        told: Whom it plays.
        messages: The dialogue so far; it ends with an answer of the assistant.
    """
    told = f"{told}\n\nWrite the user's next message only. Write {user.stop} when the user has what they wanted."
    turned: list[Message] = []
    for message in messages:
        if message["role"] not in ("user", "assistant") or not content_text(message).strip():
            continue
        role = "assistant" if message["role"] == "user" else "user"
        if turned and turned[-1]["role"] == role:
            turned[-1] = {"role": role, "content": f"{turned[-1]['content']}\n\n{content_text(message)}"}
        else:
            turned.append({"role": role, "content": content_text(message)})
    opening: Message = {"role": "user", "content": told}
    if turned and turned[0]["role"] == "user":
        return ({"role": "user", "content": f"{told}\n\n{turned[0]['content']}"}, *turned[1:])
    return (opening, *turned)


def user_turn(user: SimulatedUser, text: str) -> str | None:
    """Return what a simulated user says next; None where it has nothing to say, or has what it wanted."""
    text = text.strip()
    return None if not text or user.stop in text else text

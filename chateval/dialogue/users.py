"""Who speaks after an answer: a user whose turns are written down, or one that another model plays."""

from collections.abc import Sequence

from chateval.messages import content_text
from chateval.records import Message, SimulatedUser

OPENING = "Hello! How can I help you?"
"""What the model that plays the user is told first, so that its own first message has something to answer."""
SILENCE = "(no answer)"
"""What it is shown of an empty answer."""


def user_messages(user: SimulatedUser, told: str, messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return what the model that plays the user is shown: its instructions, and the dialogue with the roles changed.

    The instructions are the system message, so that they stay where the oldest turns are dropped. Calls and results of
    tools are between the model under test and its tools, so the user does not see them.

    Args:
        user: What ends the dialogue.
        told: Whom it plays.
        messages: The dialogue so far; it ends with an answer of the assistant.

    Source:
        tau-bench, tau_bench/envs/user.py, `LLMUserSimulationEnv`: instructions, a greeting, then roles changed.
    """
    told = f"{told}\n\nWrite the user's next message only. Write {user.stop} when the user has what they wanted."
    turned: list[Message] = [{"role": "user", "content": OPENING}]
    for message in messages:
        text = content_text(message).strip()
        if message["role"] not in ("user", "assistant") or (not text and message.get("tool_calls")):
            continue
        role = "assistant" if message["role"] == "user" else "user"
        text = text or SILENCE
        if turned[-1]["role"] == role:
            turned[-1] = {"role": role, "content": f"{turned[-1]['content']}\n\n{text}"}
        else:
            turned.append({"role": role, "content": text})
    return ({"role": "system", "content": told}, *turned)


def user_turn(user: SimulatedUser, text: str) -> str | None:
    """Return what a simulated user says next; None where it has nothing to say, or has what it wanted."""
    text = text.strip()
    return None if not text or user.stop in text else text

"""What an answer is made of. Frozen; no behaviour."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a function, as an answer makes it."""

    name: str
    """Never empty."""
    arguments: dict[str, Any] | None
    """None if they cannot be read, or are cut off."""
    raw_arguments: str
    """The arguments as the model wrote them; their JSON text where they are part of a larger JSON value."""
    id: str | None = None
    """The id that the model gave the call, if its format has one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by its parts; what could not be read as a call is left in `content`, tags included."""

    content: str
    """Without white space at the ends if the answer had any marker at all, else unchanged."""
    reasoning: str = ""
    """Without white space at the ends; several stretches are joined by a newline."""
    tool_calls: tuple[ToolCall, ...] = ()
    faults: tuple[str, ...] = ()
    """What is wrong with the answer as a text of its format, one line each."""
    is_partial: bool = False
    """Whether the answer ends inside its reasoning or inside a call."""


@dataclass(frozen=True, slots=True)
class Block:
    """What a reader made of the text behind the marker that opens a call."""

    calls: tuple[ToolCall, ...]
    end: int
    """Where the block ends, in characters of the whole answer."""
    fault: str = ""
    is_partial: bool = False


class UnreadableError(ValueError):
    """A text that starts like a call is none; the message says why."""

"""A dialogue of several rounds: what it may hold, what was said in it, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chateval.records.message import Message

Ending = Literal["answered", "rounds", "calls", "tokens", "context", "fault"]
"""Why a dialogue ended: nobody had anything to add, or a limit was met; `fault` is of a round that has no answer."""

HistoryPolicy = Literal["as_prompt", "drop_oldest_turns", "end"]
"""What becomes of a history that no longer fits: what the run says of prompts, the oldest turns go, or it ends."""


@dataclass(frozen=True, slots=True)
class DialogueLimits:
    """How long a dialogue may go on."""

    max_rounds: int = 8
    """Answers of the model, at least 1."""
    max_calls: int = 16
    """Calls of tools, in all rounds together."""
    max_tokens: int = 4096
    """Tokens of all answers together; a round that would begin behind them is not begun."""
    history: HistoryPolicy = "as_prompt"


@dataclass(frozen=True, slots=True)
class SimulatedUser:
    """A user whose turns another model writes."""

    model: str
    """Name of a checkpoint of the suite, or one of its `helpers`."""
    max_turns: int = 4
    stop: str = "[DONE]"
    """What the user writes when it has what it wanted; the dialogue then ends."""
    max_new_tokens: int = 128


@dataclass(frozen=True, slots=True)
class DialogueSpec:
    """How a task goes on after the first answer."""

    limits: DialogueLimits = DialogueLimits()
    tools_path: str = ""
    """Python file with a function for each tool, which the user has to trust; empty for recorded results."""
    tools_digest: str = ""
    """sha256 of that file."""
    user: SimulatedUser | None = None
    has_state: bool = False
    """Whether the tools act on a world whose state is kept."""


@dataclass(frozen=True, slots=True)
class Round:
    """One exchange of a dialogue."""

    told: tuple[Message, ...]
    """What was added to the messages since the answer before: the sample's own, results, a user turn."""
    text: str
    """The answer without special tokens."""
    raw_text: str
    finish: str
    n_prompt_tokens: int
    n_output_tokens: int
    calls: tuple[Mapping[str, Any], ...] = ()
    """What was called: `{"name": ..., "arguments": {...}}` each, in order."""
    fault: str = ""
    """Why a call could not be read; the text was then taken as an answer."""
    n_cut: int = 0
    """Messages that the history lost before this round."""
    reasoning: str = ""
    """The thinking before the answer, which is then no part of `text`."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What was said in a dialogue, and what became of the world that its tools act on."""

    rounds: tuple[Round, ...]
    ending: Ending
    state: Mapping[str, Any] | None = None
    """The world after the last call; None for a task without one."""
    calls_failed: int = 0
    """Calls that a tool answered with an error."""

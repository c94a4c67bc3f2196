"""What answers the calls of a model: recorded results, or functions of the task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chateval.codec import canonical
from chateval.score.tool.record import ToolCall

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Called:
    """What came of one call."""

    text: str
    """What the model is told."""
    state: State | None
    """The world after the call."""
    is_error: bool = False


class Tools(Protocol):
    """Answers calls. The same call on the same state has the same result, so that a run that breaks off can go on."""

    def call(self, call: ToolCall, state: State | None) -> Called:
        """Return what came of a call; a tool that fails, hangs or returns too much is an error the model is told of."""
        ...


class RecordedTools:
    """Results that the task has written down, by the name and the arguments of a call."""

    def __init__(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Take `{"name": ..., "arguments": {...}, "result": ...}` each; without arguments it answers any."""
        self._results = {
            (one["name"], canonical(one["arguments"]) if "arguments" in one else None): one["result"]
            for one in reversed(results)
        }

    def call(self, call: ToolCall, state: State | None) -> Called:
        """Return the result of the call with these arguments, or else of its name."""
        for key in ((call.name, canonical(dict(call.arguments))), (call.name, None)):
            if key in self._results:
                return Called(spelt(self._results[key]), state)
        return Called(f"error: no result of {call.name} with these arguments", state, is_error=True)


def spelt(result: Any) -> str:
    """Return a result as the model is told it: text as it is, all else as JSON."""
    return result if isinstance(result, str) else canonical(result).decode("utf-8", "replace")

"""What answers the calls of a model: recorded results, or functions of the task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chateval.codec import canonical
from chateval.score.tool.call import same_value
from chateval.score.tool.record import ToolCall
from chateval.template.answer import ToolCall as Written
from chateval.template.answer import check_calls

State = Mapping[str, Any]

ERROR = "error: "
"""What the text of a call that failed begins with."""


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


class DeclaredTools:
    """Tools behind a door that lets in only calls of tools on offer, with arguments that their schemas allow."""

    def __init__(self, tools: Tools, declared: Sequence[Mapping[str, Any]]) -> None:
        """Take what answers, and the tools that the model was offered; where those are none, every call is let in."""
        self._tools = tools
        self._declared = declared

    def call(self, call: ToolCall, state: State | None) -> Called:
        """Return what came of a call, or in words why it was not made."""
        if self._declared:
            faults = check_calls([Written(call.name, dict(call.arguments), "")], self._declared)
            if faults:
                return Called(f"{ERROR}{faults[0].partition(': ')[2]}", state, is_error=True)
        return self._tools.call(call, state)


class RecordedTools:
    """Results that the task has written down, by the name and the arguments of a call."""

    def __init__(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Take results, the first that fits counts.

        Args:
            results: `{"name": ..., "arguments": {...}, "result": ...}` each, or `error` in place of `result`: what a
                call that fails says. Without arguments it answers any.
        """
        self._results = sorted(results, key=lambda one: "arguments" not in one)

    def call(self, call: ToolCall, state: State | None) -> Called:
        """Return the result of the call with these arguments, compared as the scorers do, or else of its name."""
        for one in self._results:
            if one["name"] != call.name:
                continue
            if "arguments" not in one or same_value(dict(call.arguments), one["arguments"]):
                if "error" in one:
                    return Called(f"{ERROR}{one['error']}", state, is_error=True)
                return Called(spelt(one["result"]), state)
        return Called(f"{ERROR}nothing is known for {call.name} with these arguments", state, is_error=True)


def spelt(result: Any) -> str:
    """Return a result as the model is told it: text as it is, all else as JSON."""
    return result if isinstance(result, str) else canonical(result).decode("utf-8", "replace")

"""Functions of a task that answer calls, in a process with limits; one that fails or hangs fails for its call alone."""

import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chateval.dialogue.tools import ERROR, Called, State
from chateval.errors import TaskError
from chateval.score.process import Companion
from chateval.score.tool.record import ToolCall, unwritable
from chateval.secret import without_secrets

START_SECONDS = 60.0
"""Longest start, s: the file is imported, and what it imports."""
GRACE_SECONDS = 5.0
"""Beyond the limit on the clock, s, after which the process that should keep it is ended as well."""


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """What one call may use."""

    seconds: float = 2.0
    """Processor time, s."""
    clock_seconds: float = 10.0
    """Time on the clock, s: far more, as a busy machine must not change what a model is told."""
    memory_mib: int = 1024
    most_characters: int = 16_000
    """Of a result; a longer one is cut, and says so."""
    most_bytes: int = 1_000_000
    """Of a result or a state; a larger one is an error."""


class PythonTools:
    """Tools by their functions. Each call is made in a process of its own, so that it leaves nothing but the state."""

    def __init__(self, path: Path, *, has_state: bool, limits: ToolLimits = ToolLimits()) -> None:
        """Import the file in another process.

        Args:
            path: A Python file with a function for each tool; a `-` or `.` in the name of a tool is a `_` there.
            has_state: Whether each function takes the state, a dict that it may change, before the arguments.
            limits: Of one call.

        Raises:
            TaskError: If it cannot be imported.
        """
        self.path = path
        self.faults: Counter[tuple[str, str]] = Counter()
        """How often a tool failed other than by what it said, by its name and what it did."""
        self._has_state = has_state
        self._limits = limits
        self._process, self.names = self._start()

    def __enter__(self) -> "PythonTools":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.stop()

    def has(self, name: str) -> bool:
        """Return whether there is a function for a tool."""
        return function_name(name) in self.names

    def call(self, call: ToolCall, state: State | None) -> Called:
        """Return what the function of a tool returns; of one that fails the state is as it was before."""
        if not self.has(call.name):
            return Called(f"{ERROR}no such tool; there are: {', '.join(self.names)}", state, is_error=True)
        said = self._ask({"name": function_name(call.name), "arguments": dict(call.arguments), "state": state})
        if self._has_state and (fault := unwritable(said.get("state"))):
            said = {"fault": f"left a state that cannot be kept: {fault}"}
        if "fault" in said:
            self.faults[call.name, said["fault"]] += 1
            return Called(f"{ERROR}the tool {said['fault']}", state, is_error=True)
        if "error" in said:
            return Called(f"{ERROR}{said['error']}", state, is_error=True)
        return Called(said["text"], said["state"] if self._has_state else state)

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        if not self._process.is_running:
            self.close()
            self._process, _ = self._start()
        said = None
        with contextlib.suppress(RecursionError):  # arguments nested too deeply for JSON
            said = self._process.ask(question, self._limits.clock_seconds + GRACE_SECONDS)
        if isinstance(said, dict):
            return said
        self.close()
        return {"fault": "ended unexpectedly"}

    def _start(self) -> tuple[Companion, tuple[str, ...]]:
        limits = [str(value) for value in asdict(self._limits).values()]
        arguments = (str(self.path), "state" if self._has_state else "", *limits)
        environment = {**without_secrets(), "PYTHONHASHSEED": "0"}
        process = Companion("chateval.dialogue.tool_worker", *arguments, env=environment)
        said = process.ask({}, START_SECONDS)
        if isinstance(said, dict) and "names" in said:
            return process, tuple(said["names"])
        ending = process.ending
        process.stop()
        late = f"took longer than {START_SECONDS:g} s" if ending is None else "ended its process"
        raise TaskError(f"{self.path}: cannot be imported: {said['fault'] if isinstance(said, dict) else late}")


def function_name(tool: str) -> str:
    """Return the name of the function that answers the calls of a tool."""
    return tool.replace("-", "_").replace(".", "_")

"""The tools of a dialogue task, opened for a run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chateval.dialogue import RecordedTools, Tools
from chateval.records import Sample, Task

ToolsOf = Callable[[Sample], Tools | None]


@contextmanager
def open_tools(task: Task, *, trust_code: bool) -> Iterator[ToolsOf]:
    """Yield a function that returns what answers the calls of a sample; None where nothing does."""
    yield lambda sample: RecordedTools(sample.results) if sample.results else None

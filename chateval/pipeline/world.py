"""The tools of a dialogue task, opened for a run, and what checkpoints are told of them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chateval.codec import digest, read_text
from chateval.dialogue import DeclaredTools, PythonTools, RecordedTools, Tools
from chateval.errors import TaskError
from chateval.prompt import NOTHING, carriage_faults, find_carriage
from chateval.records import Sample, Task
from chateval.task import is_bundled
from chateval.template import Tokenizer

ToolsOf = Callable[[Sample], Tools | None]

_log = logging.getLogger(__name__)


@contextmanager
def open_tools(task: Task, *, trust_code: bool) -> Iterator[ToolsOf]:
    """Yield a function that returns what answers the calls of a sample; None where nothing does.

    Raises:
        TaskError: If the task's Python is not trusted, cannot be imported, is not what it was when the task was read,
            or has no function for a tool that a sample offers.
    """
    spec = task.dialogue
    if spec is None or not spec.tools_path:
        is_recorded = any(sample.results for sample in task.samples)
        yield lambda sample: DeclaredTools(RecordedTools(sample.results), sample.tools) if is_recorded else None
        return
    path = Path(spec.tools_path)
    if not (trust_code or is_bundled(path)):
        raise TaskError(f"{task.path}: dialogue.tools runs the Python of {path.name}; say --trust-code if you trust it")
    if digest(read_text(path)) != spec.tools_digest:
        raise TaskError(f"{path}: not as it was when the task was read; run it again")
    with PythonTools(path, has_state=spec.has_state) as functions:
        _check_names(task, functions)
        yield lambda sample: DeclaredTools(functions, sample.tools)
        if functions.faults:
            said = ", ".join(f"{name} {fault} ({n} x)" for (name, fault), n in sorted(functions.faults.items()))
            _log.warning("%s: tools at fault, not the model: %s", task.name, said)


def try_tools(tasks: Iterable[Task], *, trust_code: bool) -> None:
    """Open the tools of all tasks once, so that what is wrong with them is known before any model is loaded.

    Raises:
        TaskError: As `open_tools`.
    """
    for task in tasks:
        if task.dialogue is not None:
            with open_tools(task, trust_code=trust_code):
                pass


def say_tools(tokenizers: Mapping[str, Tokenizer], tasks: Iterable[Task]) -> None:
    """Say, once for all checkpoints that are alike, what their chat templates do not write of the tools of dialogues.

    Args:
        tokenizers: By the name of the checkpoint; None where there is no template, or it is not known.
        tasks: Of the run.
    """
    if not any(task.dialogue is not None and sample.tools for task in tasks for sample in task.samples):
        return
    faults: dict[tuple[str, ...], list[str]] = {}
    for name, tokenizer in tokenizers.items():
        carriage = NOTHING if tokenizer is None else find_carriage(tokenizer)
        faults.setdefault(tuple(carriage_faults(carriage)), []).append(name)
    for said, names in faults.items():
        if said:
            _log.warning("%s: the chat template does not write %s", ", ".join(names), "; ".join(said))


def _check_names(task: Task, functions: PythonTools) -> None:
    for sample in task.samples:
        for tool in sample.tools:
            name = str(tool["function"]["name"])
            if not functions.has(name):
                known = ", ".join(functions.names) or "none"
                raise TaskError(
                    f"{functions.path}: no function for the tool {name!r} that a sample offers; there are: {known}"
                )

"""Evaluate fine-tuned chat models against their base.

The records are here, for scorers of your own. `build_task` and `evaluate` are the line from a table to a report;
`open_run`, `compare_runs` and `rank_runs` take finished runs, of other harnesses too. Importing this loads no torch
(docs/python.md).
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from chateval.errors import ChatevalError
from chateval.records import Case, Checkpoint, CheckpointSpec, Mark, Prompt, Report, Response, Run, Sample, Scorer, Task

__all__ = [
    "Case",
    "ChatevalError",
    "Checkpoint",
    "CheckpointSpec",
    "Mark",
    "Prompt",
    "Report",
    "Response",
    "Run",
    "Sample",
    "Scorer",
    "Task",
    "build_task",
    "compare_runs",
    "evaluate",
    "open_run",
    "rank_runs",
]

if TYPE_CHECKING:
    from chateval.integrations.runs import open_run
    from chateval.pipeline.build import build_task
    from chateval.pipeline.python import evaluate

_PLACES: Mapping[str, str] = {
    "build_task": "chateval.pipeline.build",
    "compare_runs": "chateval.integrations.runs",
    "evaluate": "chateval.pipeline.python",
    "open_run": "chateval.integrations.runs",
    "rank_runs": "chateval.integrations.runs",
}
"""Where the functions are that are imported when they are first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

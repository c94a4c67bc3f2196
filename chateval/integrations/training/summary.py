"""The curve of a training in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from chateval.integrations.training.curve import rows
from chateval.records import Report
from chateval.report import visible


def print_curve(report: Report, console: Console | None = None) -> None:
    """Print a line for each checkpoint with the mean of every task's first scorer, and its delta where it is sure.

    Args:
        report: Of all steps of a training.
        console: Where to; None is the standard error.
    """
    headlines = [(task.name, task.scorers[0]) for task in report.tasks if task.scorers]
    (console or Console(stderr=True)).print(_table(report, headlines))


def _table(report: Report, headlines: Sequence[tuple[str, str]]) -> Table:
    table = Table(title=visible(f"chateval: means by step, deltas against {report.baseline} (95 %)"))
    table.add_column("step", justify="right")
    for task, scorer in headlines:
        table.add_column(visible(f"{task}/{scorer}"), justify="right")
    cells = {(row["checkpoint"], row["task"], row["scorer"]): _cell(row) for row in rows(report)}
    for checkpoint in report.checkpoints:
        label = checkpoint.name if checkpoint.step is None else str(checkpoint.step)
        table.add_row(visible(label), *(cells.get((checkpoint.name, *headline), "-") for headline in headlines))
    return table


def _cell(row: Mapping[str, Any]) -> str:
    mean, delta, low, high = (row[name] for name in ("mean", "delta", "delta_low", "delta_high"))
    if mean is None:
        return "-"
    if delta is None or low is None or high is None:
        return f"{mean:.3f}"
    return f"{mean:.3f} ({delta:+.3f} [{low:+.3f}, {high:+.3f}])"

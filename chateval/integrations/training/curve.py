"""Run folders of a training -> how each score went from step to step."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chateval.compare.runs import compare_runs
from chateval.errors import StoreError
from chateval.records import Report, Run
from chateval.store import is_run, read_run

if TYPE_CHECKING:
    import pandas


def curve(out: str | Path, *, baseline: Run | None = None) -> "pandas.DataFrame":
    """Return a DataFrame with a row for each checkpoint, task and scorer of a training, by step.

    Columns: step, checkpoint, task, scorer, mean, low, high, n, n_unscored, and against the baseline delta, delta_low,
    delta_high, wins, losses; NaN where there is nothing to compare. Means are in [0, 1], intervals of 95 %.

    Args:
        out: Folder that `EvaluateCallback` wrote to.
        baseline: What deltas are taken against; None is the base under the adapter, or else the first step.

    Raises:
        StoreError: If there is no run in the folder.
    """
    import pandas

    return pandas.DataFrame(list(rows(compare_steps(Path(out), baseline))))


def compare_steps(out: Path, baseline: Run | None = None) -> Report:
    """Return one report of all steps of a training, each compared with the baseline.

    Raises:
        StoreError: If there is no run in the folder.
    """
    runs = step_runs(out)
    if not runs:
        raise StoreError(f"{out}: no run in it; EvaluateCallback writes one for each step that it evaluates")
    baseline = baseline or runs[0]
    return compare_with(baseline, [run for run in runs if Path(run.path).resolve() != Path(baseline.path).resolve()])


def compare_with(baseline: Run, runs: Sequence[Run]) -> Report:
    """Return one report of runs of a training against the baseline checkpoint of another run."""
    return compare_runs([baseline, *runs], f"{baseline.name}/{baseline.baseline}")


def step_runs(out: Path) -> list[Run]:
    """Return the runs of a training by step; the base under an adapter, which has none, is the first."""
    found = [read_run(folder) for folder in sorted(out.glob("*")) if is_run(folder)]
    return sorted(found, key=lambda run: -1 if (step := run.checkpoints[0].step) is None else step)


def rows(report: Report) -> Iterator[dict[str, Any]]:
    """Yield what `curve` has in its rows."""
    steps = {checkpoint.name: checkpoint.step for checkpoint in report.checkpoints}
    compared = {(one.candidate, one.task, one.scorer): one for one in report.comparisons}
    for found in report.estimates:
        delta = compared.get((found.checkpoint, found.task, found.scorer))
        yield {
            "step": steps.get(found.checkpoint),
            "checkpoint": found.checkpoint,
            "task": found.task,
            "scorer": found.scorer,
            "mean": found.mean,
            "low": found.low,
            "high": found.high,
            "n": found.n,
            "n_unscored": found.n_unscored,
            "delta": delta.delta if delta else None,
            "delta_low": delta.low if delta else None,
            "delta_high": delta.high if delta else None,
            "wins": delta.wins if delta else None,
            "losses": delta.losses if delta else None,
        }

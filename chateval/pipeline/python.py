"""`chateval.evaluate`: a run from Python, with what the command line has by default."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chateval.config import Suite, fit_engine, parse_checkpoint, with_options
from chateval.pipeline.engines import open_engines
from chateval.pipeline.evaluate import Result
from chateval.pipeline.evaluate import evaluate as evaluate_suite
from chateval.pipeline.tasks import NO_BRIDGES, Bridges
from chateval.records import EngineSpec, Task
from chateval.store import cache_dir


class _Silent:
    """A watcher that says nothing."""

    def stage(self, text: str) -> None: ...

    def begin(self, checkpoint: str, task: str, n_total: int, n_stored: int) -> None: ...

    def advance(self, n: int) -> None: ...


def evaluate(
    checkpoints: Mapping[str, str | Path],
    tasks: Sequence[str | Task],
    *,
    out: str | Path,
    engine: EngineSpec | None = None,
    suite: Suite | None = None,
    trust_code: bool = False,
    bridges: Bridges = NO_BRIDGES,
) -> Result:
    """Run checkpoints on tasks, write the folder of the run, and return what it came to.

    Args:
        checkpoints: Name -> folder, GGUF file, hub id, `ADAPTER@NAME` or address; the first one is the baseline.
        tasks: Names, paths, or tasks of `build_task`.
        out: Folder of the run.
        engine: What answers; transformers if None.
        suite: Further settings, such as gate, limit, data; its own checkpoints and tasks come before these.
        trust_code: Lets tasks run scorers and tools of your own, and code that models wrote.
        bridges: Load the tasks of other harnesses.

    Raises:
        ChatevalError: For whatever has to be mended, before any model is loaded.

    Example:
        result = chateval.evaluate({"base": "./smollm2", "lora": "./out/lora@base"}, [task], out="reports/runs/mine")
        result.report.estimates
    """
    given = suite or Suite(checkpoints=(), tasks=(), baseline="")
    built = tuple(task for task in tasks if isinstance(task, Task))
    named = tuple(task for task in tasks if isinstance(task, str))
    given = replace(given, tasks=(*given.tasks, *named, *built))
    whole = with_options(given, checkpoints=[parse_checkpoint(f"{name}={path}") for name, path in checkpoints.items()])
    whole = fit_engine(replace(whole, engine=engine or whole.engine))
    with open_engines(whole.engine) as open_engine:
        return evaluate_suite(
            whole,
            Path(out),
            cache_dir=cache_dir(),
            open_engine=open_engine,
            watcher=_Silent(),
            trust_code=trust_code,
            bridges=bridges,
        )

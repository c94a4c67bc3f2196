"""The tasks of a suite: loaded, with every scorer and measure tried before a model is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from chateval.config import Suite
from chateval.errors import DataError, TaskError
from chateval.pipeline.drawing import with_drawing
from chateval.records import Case, Mark, MeasureSpec, Prompt, Response, Scorer, ScorerSpec, Task, TemplateFacts
from chateval.score import Measure, ask_of, bind_measure, bind_scorer, output_of
from chateval.score.judge.measures import judge_measures
from chateval.score.outside import described
from chateval.task import LoadOptions, load_task, read_spec

Bridge = Callable[[str, Path, LoadOptions, bool], Sequence[Task]]
"""(what stands behind the colon, folder that a path starts from, options, whether code is trusted) -> tasks."""

Bridges = Mapping[str, Bridge]
"""Word before the colon of a reference, as `lighteval` -> what loads tasks of that harness."""

NO_BRIDGES: Bridges = {}


def load_tasks(
    suite: Suite, *, trust_code: bool = False, bridges: Bridges = NO_BRIDGES
) -> tuple[tuple[Task, ...], dict[str, int]]:
    """Load the tasks of a suite and try every scorer on every sample with an empty answer.

    Args:
        suite: Names the tasks.
        trust_code: Lets tasks name scorers that are Python of the user's own.
        bridges: Load the tasks of other harnesses.

    Returns:
        The tasks, cut to the suite's limit, and the count of samples that each has.

    Raises:
        TaskError: If a task is wrong, or two have one name.
        DataError: If a sample is wrong.
    """

    def check(spec: ScorerSpec | MeasureSpec) -> None:
        if isinstance(spec, ScorerSpec):
            bind_scorer(spec, trust_code=trust_code)
        else:
            bind_measure(spec.called, spec.options)

    _check_data_names(suite, bridges)
    tasks: list[Task] = []
    n_available: dict[str, int] = {}
    options = LoadOptions(suite.data, suite.n_demos, suite.drawing)
    found: list[Task] = []
    for reference in suite.tasks:
        if isinstance(reference, Task):
            found.append(reference)
            continue
        kind, colon, rest = reference.partition(":")
        if colon and kind in bridges:
            others = bridges[kind](rest, suite.folder, options, trust_code)
            found += [replace(task, reference=reference) for task in others]
        else:
            found.append(load_task(reference, check=check, relative_to=suite.folder, options=options))
    for task in with_drawing(found, suite.drawing):
        _check_outputs(task)
        check_measures(task)
        if task.name in n_available:
            raise TaskError(f"two tasks are called {task.name!r}: {task.path} and another; names must differ")
        n_available[task.name] = len(task.samples)
        _try_scoring(task, trust_code=trust_code)
        samples = sorted(task.samples, key=lambda sample: sample.id) if suite.is_shuffled else task.samples
        tasks.append(replace(task, samples=tuple(samples[: suite.limit])))
    _check_data_of(suite.data, n_available)
    if suite.n_demos and not any(task.n_demos for task in tasks):
        raise TaskError(f"--demos {suite.n_demos}: none of the tasks has demos; a task says where they come from")
    return tuple(tasks), n_available


def _check_data_names(suite: Suite, bridges: Bridges) -> None:
    """Find data of no task before any data set is opened; those of other harnesses are known when they are loaded."""
    references = [reference for reference in suite.tasks if isinstance(reference, str)]
    if suite.data and not any(reference.partition(":")[0] in bridges for reference in references):
        names = [read_spec(reference, suite.folder).name for reference in references]
        _check_data_of(suite.data, [*names, *(task.name for task in suite.tasks if isinstance(task, Task))])


def _check_data_of(data: Mapping[str, Path], names: Iterable[str]) -> None:
    known = list(names)
    for name in data:
        if name not in known:
            raise TaskError(f"--data {name}=...: no task {name!r} here; there are: {', '.join(known)}")


def _check_outputs(task: Task) -> None:
    """Refuse scorers that read what the task's output never has."""
    for spec in task.scorers:
        wanted = output_of(spec)
        if wanted not in (None, task.output):
            raise TaskError(f"{task.path}: scorer {spec.name} is for tasks with output: {wanted}")


def _try_scoring(task: Task, *, trust_code: bool) -> None:
    """Let every scorer and measure say what is wrong with a sample."""
    facts = TemplateFacts("", "", "", None, "", None, (), {})
    scorers = {spec.name: bind_scorer(spec, trust_code=trust_code) for spec in task.scorers}
    measures = bind_measures(task)
    for number, sample in enumerate(task.samples, start=1):
        prompt = Prompt(sample.id, sample.messages, "", (), task.decoding)
        case = Case(sample, prompt, Response(sample.id, "", "eos"), facts)
        cannot = f"cannot use sample {number}{f' of {task.data}' if task.data else ''} ({sample.id})"
        marks = {n: _try(scorer, case, f"{task.path}: scorer {n} {cannot}") for n, scorer in scorers.items()}
        for name in [name for name, found in marks.items() if found is _LATE]:
            scorers[name] = _late  # it is not tried on the samples behind, each of which would take as long
        for name, measure in measures.items():
            n = measure.min_repeats
            try:
                measure.collect([case] * n, [marks] * n)
            except ValueError as error:
                raise DataError(f"{task.path}: measure {name} {cannot}: {error}") from error


def _try(scorer: Scorer, case: Case, where: str) -> Mark:
    try:
        return scorer(case)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error
    except TimeoutError:
        return _LATE
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a scorer of the user's may need a real answer
        return Mark(None, reason=described(error))


_LATE = Mark(None, reason="took too long on an empty answer")


def _late(_: Case) -> Mark:
    return _LATE


def bind_measures(task: Task) -> dict[str, Measure]:
    """Return the measures of a task by their labels, behind them those of its judges."""
    found = {spec.name: bind_measure(spec.called, spec.options) for spec in task.measures}
    for spec in task.scorers:
        ask = ask_of(spec)
        if ask is not None:
            found |= judge_measures(spec.name, ask)
    return found


def check_measures(task: Task) -> None:
    """Find measures that the task could never be measured by, before any model is loaded.

    Raises:
        TaskError: If a measure reads a scorer that the task has not, needs more repeats, or the other output.
    """
    labels = [spec.name for spec in task.scorers]
    for name, measure in bind_measures(task).items():
        where = f"{task.path}: measure {name}"
        for label in measure.needs:
            if label not in labels:
                raise TaskError(f"{where}: no scorer {label!r} in this task; there are: {', '.join(labels)}")
        if measure.min_repeats > task.decoding.repeats:
            raise TaskError(
                f"{where}: needs decoding.repeats of at least {measure.min_repeats}, found {task.decoding.repeats}"
            )
        if measure.output not in (None, task.output):
            raise TaskError(f"{where}: is for tasks with output: {measure.output}")

"""Tasks of a run with what the user says of drawing answers, and with the measures that repeats allow."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from chateval.codec import digest
from chateval.errors import TaskError
from chateval.records import Drawing, MeasureSpec, Task
from chateval.score import bind_measure, finds_answer
from chateval.task import redrawn

_OPTIONS = {"temperature": "--temperature", "top_p": "--top-p", "seed": "--seed", "repeats": "--repeats"}


def with_drawing(tasks: Sequence[Task], said: Drawing) -> list[Task]:
    """Return the tasks as they are answered.

    Where the user asks for repeats and a task has no measure of them, pass@k and, for a scorer that finds an answer,
    maj@k (self-consistency) of its first scorer are added, k being all repeats.

    Raises:
        TaskError: If greedy answers were to be repeated, or what the user says changes nothing.
    """
    given = [option for name, option in _OPTIONS.items() if getattr(said, name) is not None]
    if not given:
        return list(tasks)
    if all(task.output != "generate" for task in tasks):
        raise TaskError(f"{given[0]}: none of the tasks writes answers, so none are drawn")
    found = [redrawn(task, said) for task in tasks]
    idle = [option for option in given if option not in ("--temperature", "--repeats")]
    if idle and all(task.decoding.temperature == 0 for task in found if task.output == "generate"):
        raise TaskError(f"{idle[0]}: all tasks are answered greedily, which draws nothing; say --temperature above 0")
    return [_measured(task) if said.repeats else task for task in found]


def _measured(task: Task) -> Task:
    """Return a task with measures of its repeats."""
    repeats = task.decoding.repeats
    own = [bind_measure(spec.called, spec.options) for spec in task.measures]
    if repeats < 2 or task.output != "generate" or not task.scorers or any(one.min_repeats > 1 for one in own):
        return task
    first = task.scorers[0]
    functions = ["pass_at_k", *(["maj_at_k"] if finds_answer(first) else [])]
    names = {name.replace("_k", f"_{repeats}"): name for name in functions}
    taken = {*(spec.name for spec in task.measures), *(spec.name for spec in task.scorers)}
    options = {"scorer": first.name, "k": repeats}
    added = tuple(MeasureSpec(label, options, name) for label, name in names.items() if label not in taken)
    extended = digest([task.digest, [asdict(spec) for spec in added]])
    return replace(task, measures=(*task.measures, *added), digest=extended)

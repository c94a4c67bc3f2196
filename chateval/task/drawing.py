"""How answers are drawn: what the user says over what a task says, held to what can be drawn."""

from dataclasses import asdict, replace

from chateval.codec import digest
from chateval.errors import TaskError
from chateval.records import Decoding, Drawing, Task
from chateval.task.spec import DecodingSpec, TaskSpec


def with_drawing(spec: TaskSpec, said: Drawing) -> TaskSpec:
    """Return a task.yaml with what the user says of drawing, as if it stood there.

    Raises:
        TaskError: If the two together cannot be drawn.
    """
    own = Decoding(**{**spec.decoding.model_dump(), "stop": tuple(spec.decoding.stop)})
    found = draw(own, said, task=spec.name) if spec.output == "generate" else own
    if found == own:
        return spec
    return spec.model_copy(update={"decoding": DecodingSpec(**{**asdict(found), "stop": list(found.stop)})})


def redrawn(task: Task, said: Drawing) -> Task:
    """Return a task that came from elsewhere than a task.yaml with what the user says of drawing.

    Raises:
        TaskError: If the two together cannot be drawn.
    """
    found = draw(task.decoding, said, task=task.name) if task.output == "generate" else task.decoding
    if found == task.decoding:
        return task
    asked = digest([task.prompt_digest, asdict(found)])
    return replace(task, decoding=found, prompt_digest=asked, digest=digest([task.digest, asked]))


def draw(own: Decoding, said: Drawing, *, task: str) -> Decoding:
    """Return how a task is answered; one that stays greedy stays as it is, whatever top-p and seed are.

    Args:
        own: As the task says.
        said: As the user says.
        task: Its name, for errors.

    Raises:
        TaskError: If several greedy answers were drawn, which would all be the same.
    """
    temperature = own.temperature if said.temperature is None else said.temperature
    repeats = own.repeats if said.repeats is None else said.repeats
    if temperature > 0:
        return replace(
            own,
            temperature=temperature,
            top_p=own.top_p if said.top_p is None else said.top_p,
            seed=own.seed if said.seed is None else said.seed,
            repeats=repeats,
        )
    if repeats > 1:
        cure = "say --temperature above 0" if said.temperature is None else "say --repeats 1 as well"
        raise TaskError(f"task {task}: {repeats} greedy answers to a sample are all the same; {cure}")
    return own if own.temperature == 0 else replace(own, temperature=0.0, repeats=1)

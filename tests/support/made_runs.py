"""Small runs, made of what a test wants to say of them."""

from dataclasses import replace
from typing import Any

from chateval.records import Answered, CheckpointSummary, Decoding, Prompt, Response, Run, Sample, Score, TaskSummary

SUMMARY = CheckpointSummary(
    name="sft",
    kind="chat",
    dtype="float32",
    template_source="chat_template.jinja",
    template_digest="t1",
    weights_digest="w1",
    adapter_digest=None,
    n_responses=0,
    n_errors=0,
    n_length=0,
    n_cut=0,
    n_prompt_tokens=0,
    n_output_tokens=0,
    tokenizer_digest="k1",
)
TASK = TaskSummary(
    name="facts",
    version=1,
    description="Capitals.",
    n_samples=0,
    n_available=100,
    output="generate",
    decoding=Decoding(),
    scorers=("exact",),
    digest="d1",
    families=("accuracy",),
    prompt_digest="p1",
    scorer_digests=("s1",),
)


def checkpoint(name: str, **said: Any) -> CheckpointSummary:
    """Return a checkpoint; its weights are its own unless `weights_digest` says otherwise."""
    return replace(SUMMARY, **{"name": name, "weights_digest": f"weights of {name}", **said})


def task(name: str = "facts", **said: Any) -> TaskSummary:
    """Return a task with one scorer, `exact`."""
    return replace(TASK, name=name, **said)


def sample(number: int, **said: Any) -> Sample:
    """Return the sample of a number: its question and target are of that number."""
    said = {"target": f"town {number}", "messages": ({"role": "user", "content": f"Question {number}?"},)} | said
    return Sample(**({"id": str(number), "inputs": {}} | said))


def run(name: str, marks: dict[Any, str], **said: Any) -> Run:
    """Return a run of one task or several.

    Args:
        name: Of the run.
        marks: Checkpoint (or its name) -> a character for each sample: `1` right, `0` wrong, `h` half, `.` unscored.
        said: Fields of `Run`; without `tasks` there is the task `facts`, and all tasks have the same samples.
    """
    checkpoints = tuple(one if isinstance(one, CheckpointSummary) else checkpoint(one) for one in marks)
    texts = dict(zip((one.name for one in checkpoints), marks.values(), strict=True))
    n = len(next(iter(texts.values())))
    tasks = tuple(replace(one, n_samples=n) for one in said.pop("tasks", (task(),)))
    found = said.pop("samples", {one.name: [sample(i) for i in range(n)] for one in tasks})
    values = {"1": 1.0, "0": 0.0, "h": 0.5, ".": None}
    scores = [
        Score(
            checkpoint=who, task=one.name, scorer=scorer, sample_id=asked.id, value=values[mark], reason=f"{mark} it is"
        )
        for who, text in texts.items()
        for one in tasks
        for asked, mark in zip(found[one.name], text, strict=True)
        for scorer in one.scorers
    ]
    answers = [
        Answered(
            who,
            one.name,
            Prompt(sample_id=asked.id, messages=asked.messages, text="", ids=(1,) * 9, decoding=one.decoding),
            Response(sample_id=asked.id, text=f"{who} says {asked.id}", finish="eos", output_ids=(1, 2, 3)),
        )
        for who in texts
        for one in tasks
        for asked in found[one.name]
    ]
    kept: dict[str, Any] = {
        "name": name,
        "path": name,
        "harness": "chateval 0.1.0",
        "baseline": checkpoints[0].name,
        "checkpoints": checkpoints,
        "tasks": tasks,
        "samples": {one: {asked.id: asked for asked in asked_of} for one, asked_of in found.items()},
        "scores": tuple(scores),
        "answers": answers,
    }
    return Run(**(kept | said))

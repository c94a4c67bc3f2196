"""Runs made by hand: values without a model, for what compares, gates and accepts them."""

from chateval.findings import TemplateReport
from chateval.records import CheckpointSummary, Decoding, Effort, Estimate, Run, Sample, Score, TaskSummary

TASK = TaskSummary(
    name="facts",
    version=1,
    description="",
    n_samples=0,
    n_available=0,
    output="generate",
    decoding=Decoding(),
    scorers=("exact",),
    digest="d",
    families=("accuracy",),
    prompt_digest="p",
    scorer_digests=("s",),
)


def sample(number, *, tags=(), cluster=None):
    said = ({"role": "user", "content": f"What is {number}?"},)
    inputs = {"number": number}
    return Sample(f"{number:016x}", inputs, messages=said, target=str(number), tags=tags, cluster=cluster)


def template(verdict="CONFORMS", *, digest="t"):
    return TemplateReport("x", verdict, "because", "chatml", "chat_template.jinja", digest, (), (), (), ())


def summary(name, n, **changes):
    given = {
        "kind": "chat",
        "dtype": "float32",
        "template_source": "x",
        "template_digest": "t",
        "weights_digest": f"weights of {name}",
        "adapter_digest": None,
        "n_responses": n,
        "n_errors": 0,
        "n_length": 0,
        "n_cut": 0,
        "n_prompt_tokens": 10 * n,
        "n_output_tokens": 20 * n,
        "template": template(),
        **changes,
    }
    return CheckpointSummary(name=name, **given)


def run(values, *, name="run", baseline=None, tags=None, clusters=None, task=TASK, summaries=None):
    """Return a run of one task and one scorer.

    Args:
        values: Checkpoint -> its values, one a sample, the same samples for all.
        name: Of the run.
        baseline: Name of a checkpoint; the first one if None.
        tags: Number of a sample -> its tags.
        clusters: Number of a sample -> its cluster.
        task: What the run says of the task.
        summaries: Checkpoint -> fields of its summary that are otherwise.
    """
    n = len(next(iter(values.values())))
    samples = [sample(i, tags=(tags or {}).get(i, ()), cluster=(clusters or {}).get(i)) for i in range(n)]
    [scorer] = task.scorers
    return Run(
        name=name,
        path=f"runs/{name}",
        harness="chateval 0",
        baseline=baseline or next(iter(values)),
        checkpoints=tuple(summary(one, n, **(summaries or {}).get(one, {})) for one in values),
        tasks=(task,),
        samples={task.name: {one.id: one for one in samples}},
        scores=tuple(
            Score(checkpoint, task.name, scorer, one.id, value, reason="" if value is not None else "no")
            for checkpoint, found in values.items()
            for one, value in zip(samples, found, strict=True)
        ),
        audits=tuple(Estimate(one, "*", "single_bos", 1.0, 1.0, 1.0, n, 0, n) for one in values),
        efforts=tuple(Effort(one, 10.0, n, 10 * n, 20 * n) for one in values),
    )


def share(right, n):
    """Return n values of which the first ones are right."""
    return [1.0] * right + [0.0] * (n - right)

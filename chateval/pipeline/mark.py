"""Responses -> scores. The one place where a scorer's failure is caught."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from chateval.pipeline.prepare import Key
from chateval.records import Case, Mark, Prompt, Response, Sample, Score, Scorer, Task, TemplateFacts
from chateval.score import AUDIT, bind


def scorers_of(task: Task, *, trust_code: bool = False) -> tuple[dict[str, Scorer], dict[str, Scorer]]:
    """Return the task's own scorers and the audit scorers that it does not name, both bound."""
    own = {spec.name: bind(spec.name, spec.options, trust_code=trust_code) for spec in task.scorers}
    return own, {name: bind(name, {}) for name in AUDIT if name not in own}


def mark(case: Case, scorer: Scorer) -> Mark:
    """Score one case; a failed response or a scorer that raises leaves it unscored, with why."""
    if case.response.error is not None:
        return Mark(None, reason=case.response.error)
    try:
        found = scorer(case)
        value = None if found.value is None else float(found.value)
        if value is not None and not 0 <= value <= 1:
            return Mark(None, reason=f"the scorer returned {found.value!r}, which is not in [0, 1]")
    except Exception as error:  # noqa: BLE001 - one bad sample is data
        return Mark(None, reason=f"{type(error).__name__}: {error}")
    return replace(found, value=value, weight=float(found.weight))


def mark_all(
    tasks: Iterable[Task],
    prompts: Mapping[Key, Sequence[Prompt]],
    responses: Mapping[Key, Sequence[Response]],
    facts: Mapping[str, TemplateFacts],
    *,
    trust_code: bool = False,
) -> tuple[list[Score], list[Score]]:
    """Score every response with its task's scorers and with the template audit.

    Returns:
        The task's scores and the audit's; a template scorer that a task names is in both.
    """
    scores: list[Score] = []
    audits: list[Score] = []
    for task in tasks:
        samples: dict[str, Sample] = {sample.id: sample for sample in task.samples}
        own, extra = scorers_of(task, trust_code=trust_code)
        for checkpoint, checkpoint_facts in facts.items():
            key = (checkpoint, task.name)
            for prompt, response in zip(prompts[key], responses[key], strict=True):
                case = Case(samples[prompt.sample_id], prompt, response, checkpoint_facts)
                address = partial(Score, checkpoint, task.name, sample_id=prompt.sample_id, repeat=prompt.repeat)
                for name, scorer in (own | extra).items():
                    found = mark(case, scorer)
                    score = address(
                        name, value=found.value, answer=found.answer, reason=found.reason, weight=found.weight
                    )
                    if name in own:
                        scores.append(score)
                    if name in AUDIT:
                        audits.append(score)
    return scores, audits

"""Responses -> scores. The one place where a scorer's failure is caught."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

from chateval.pipeline.prepare import Key
from chateval.records import Case, Judgement, Mark, Prompt, Response, Sample, Score, Scorer, Task, TemplateFacts
from chateval.score import AUDIT, bind, bind_measure, bind_scorer, reads_reference
from chateval.score.outside import OutsideError, described
from chateval.template.answer import separate

Address = tuple[str, str, str, int]
"""(checkpoint, task, sample id, repeat)"""

NO_JUDGEMENTS: Mapping[Address, Sequence[Judgement]] = {}

MOST_WEIGHT = 1e12
"""Of a mark: sums of larger ones would leave the numbers."""


def scorers_of(task: Task, *, trust_code: bool = False) -> tuple[dict[str, Scorer], dict[str, Scorer]]:
    """Return the task's own scorers and the audit scorers that it does not name, both bound."""
    own = {spec.name: bind_scorer(spec, trust_code=trust_code) for spec in task.scorers}
    return own, {name: bind(name, {}) for name in AUDIT if name not in own}


@dataclass(frozen=True, slots=True)
class Marked:
    """A case with what its scorers returned."""

    checkpoint: str
    task: str
    case: Case
    marks: Mapping[str, Mark]
    """By scorer: the task's own first, then those of the audit; of an answer that ends inside its thinking, 0 by all
    but the audit's."""
    own: frozenset[str]
    """Scorers that the task names."""

    def score(self, name: str) -> Score:
        """Return what one scorer said, with its address."""
        found, prompt = self.marks[name], self.case.prompt
        return Score(
            checkpoint=self.checkpoint,
            task=self.task,
            scorer=name,
            sample_id=prompt.sample_id,
            value=found.value,
            answer=found.answer,
            reason=found.reason,
            weight=found.weight,
            repeat=prompt.repeat,
        )


def mark(case: Case, scorer: Scorer) -> Mark:
    """Score one case; a failed response or a scorer that raises leaves it unscored, with why."""
    if case.response.error is not None:
        return Mark(None, reason=case.response.error)
    try:
        found = scorer(case)
        if not isinstance(found, Mark):
            return Mark(None, reason=f"the scorer returned {type(found).__name__}, not a Mark")
        value = None if found.value is None else float(found.value)
        weight = float(found.weight)
    except (TimeoutError, OutsideError) as error:
        return Mark(None, reason=str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one bad sample is data
        return Mark(None, reason=described(error))
    if value is not None and not 0 <= value <= 1:
        return Mark(None, reason=f"the scorer returned {value!r}, which is not in [0, 1]")
    if not 0 <= weight <= MOST_WEIGHT:
        return Mark(None, reason=f"the scorer returned the weight {weight!r}, which is not in [0, {MOST_WEIGHT:g}]")
    if value is None and not found.reason:
        return replace(found, weight=weight, reason="the scorer gave neither a value nor a reason")
    is_plain = value is found.value and weight is found.weight
    return found if is_plain else replace(found, value=value, weight=weight)


def mark_all(
    tasks: Iterable[Task],
    prompts: Mapping[Key, Sequence[Prompt]],
    responses: Mapping[Key, Sequence[Response]],
    facts: Mapping[str, TemplateFacts],
    *,
    baseline: str = "",
    judgements: Mapping[Address, Sequence[Judgement]] = NO_JUDGEMENTS,
    trust_code: bool = False,
) -> Iterator[Marked]:
    """Score every response with its task's scorers and with the template audit, one at a time.

    In the order of tasks, then checkpoints, then prompts; each sequence is gone through once, and the baseline's once
    more for each checkpoint of a task whose scorers compare with it.

    Args:
        tasks: What was asked.
        prompts: What each checkpoint saw.
        responses: What came back, in the order of the prompts.
        facts: Of each checkpoint's template.
        baseline: Checkpoint that scorers compare with.
        judgements: What judges said of the answers.
        trust_code: Lets tasks run scorers of the user's own.
    """
    for task in tasks:
        samples: dict[str, Sample] = {sample.id: sample for sample in task.samples}
        own, extra = scorers_of(task, trust_code=trust_code)
        scorers, names = own | extra, frozenset(own)
        for checkpoint, checkpoint_facts in facts.items():
            key = (checkpoint, task.name)
            references = _references(task, prompts, responses, facts, baseline=baseline)
            for prompt, response, reference in zip(prompts[key], responses[key], references, strict=True):
                case = Case(
                    sample=samples[prompt.sample_id],
                    prompt=prompt,
                    response=separate(response, prompt, checkpoint_facts),
                    facts=checkpoint_facts,
                    reference=reference,
                    judgements=tuple(judgements.get((*key, prompt.sample_id, prompt.repeat), ())),
                )
                marks = _mark_each(case, response, scorers)
                yield Marked(checkpoint, task.name, case, marks, names)


def _mark_each(case: Case, whole: Response, scorers: Mapping[str, Scorer]) -> dict[str, Mark]:
    """Return what each scorer says; those of the audit look at the whole response, its thinking included.

    An answer that ends inside its thinking is none, whatever a scorer says of an empty text: those of refusals and of
    calls that are not to be made give it 1. Only its weight is the scorer's.
    """
    as_it_came = case if whole is case.response else replace(case, response=whole)
    marks = {name: mark(as_it_came if name in AUDIT else case, scorer) for name, scorer in scorers.items()}
    if case.response.is_incomplete:
        reason = _incomplete(case)
        for name, found in marks.items():
            if name not in AUDIT:
                marks[name] = Mark(0.0, reason=reason, weight=1.0 if found.value is None else found.weight)
    return marks


def _incomplete(case: Case) -> str:
    n_tokens, most = len(case.response.output_ids), case.prompt.decoding.max_new_tokens
    if case.response.finish == "length":
        return f"incomplete: still thinking at the limit of {most:,} tokens; raise max_new_tokens"
    return f"incomplete: ends inside its thinking{f' after {n_tokens:,} tokens' if n_tokens else ''}"


def _references(
    task: Task,
    prompts: Mapping[Key, Sequence[Prompt]],
    responses: Mapping[Key, Sequence[Response]],
    facts: Mapping[str, TemplateFacts],
    *,
    baseline: str,
) -> Iterable[Response | None]:
    """Return what the baseline answered, in the order of the prompts, which is the same for all checkpoints."""
    key = (baseline, task.name)
    n = max((len(found) for (_, name), found in prompts.items() if name == task.name), default=0)
    measures = [bind_measure(spec.called, spec.options) for spec in task.measures]
    is_read = any(map(reads_reference, task.scorers)) or any(measure.reads_reference for measure in measures)
    if key not in prompts or not is_read:
        return repeat(None, n)
    return map(separate, responses[key], prompts[key], repeat(facts[baseline]))

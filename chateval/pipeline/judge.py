"""Answers -> judgements: every scorer with judges has them asked, from the store first, before anything is scored."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from chateval.config import Suite
from chateval.data.verify.markers import find_markers
from chateval.errors import TemplateError
from chateval.pipeline.ask import Asker
from chateval.pipeline.jury import judged_by, words_of
from chateval.pipeline.mark import Address
from chateval.pipeline.prepare import Key, Plan, Subject, Watcher, build_for
from chateval.pipeline.respond import Answers, EngineFor, respond
from chateval.records import Decoding, Judgement, Message, Position, Prompt, Response, Sample, Task
from chateval.score.judge.ask import JudgeAsk
from chateval.score.judge.shown import blocks, turns_of
from chateval.store import ResponseStore
from chateval.template.answer import separate

Judgements = dict[Address, list[Judgement]]
AskerOf = Callable[[Subject], Asker]
Turns = Sequence[tuple[str, str]]
"""(role, text) of an answer; a dialogue has several."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What one prompt of a judge is about."""

    blank: Judgement
    """Its judgement, without what the judge says."""
    sample: Sample
    messages: Sequence[Message]
    """What was asked of the models."""
    answer: Turns
    other: Turns = ()
    """Of a pair, the one that it is compared with."""


def respond_and_judge(
    plan: Plan,
    open_engine: EngineFor,
    store: ResponseStore,
    watcher: Watcher,
    *,
    n_verified: int = 0,
    rerun: int = 0,
) -> Answers:
    """Get a response to every prompt, and what judges say of each; the arguments are those of `respond`."""

    def asker_of(subject: Subject) -> Asker:
        return Asker(subject, open_engine(subject), store, watcher, check=plan.check_files, rerun=rerun)

    answers = respond(plan, open_engine, store, watcher, n_verified=n_verified, rerun=rerun)
    answers.judgements = judge_answers(plan, answers, asker_of)
    return answers


def judge_answers(plan: Plan, answers: Answers, asker_of: AskerOf) -> Judgements:
    """Have all answers judged that a scorer of their task wants judged; each judge is opened once.

    Args:
        plan: What was asked, and who helps.
        answers: What came back. The askers of the judges are counted in it.
        asker_of: Asks a judge.
    """
    found: Judgements = defaultdict(list)
    asks = [(task, spec, ask) for task in plan.tasks for spec, ask in judged_by(task)]
    for judge in dict.fromkeys(judge for _, _, ask in asks for judge in ask.judges):
        asker = asker_of(plan.helper(judge))
        questions = {
            f"{task.name}/{spec.name}": (ask, list(_pairs(plan, answers, task, (spec.name, ask, judge))))
            for task, spec, ask in asks
            if judge in ask.judges
        }
        for one in ask_judge(asker, plan.suite, questions):
            found[one.checkpoint, one.task, one.sample_id, one.repeat].append(one)
        answers.take_helper(asker)
    return dict(found)


def ask_judge(
    asker: Asker, suite: Suite, questions: Mapping[str, tuple[JudgeAsk, Sequence[Pair]]]
) -> Iterator[Judgement]:
    """Yield what one judge says of answers, in their order.

    Args:
        asker: Asks the judge.
        suite: Its settings count for the judge's prompts, but none is cut: a judge reads all or nothing.
        questions: Name, for the one who watches -> how it is asked, and about what.
    """
    suite = replace(suite, overflow="error")
    control = _control(asker.subject)
    prompts = {name: _prompts(asker.subject, suite, ask, (pairs, control)) for name, (ask, pairs) in questions.items()}
    for name, responses in asker.ask(prompts, what=f"{asker.subject.checkpoint.name} judges").items():
        for pair, prompt, response in zip(questions[name][1], prompts[name], responses, strict=True):
            yield replace(
                pair.blank,
                text=separate(response, prompt, asker.subject.facts).text,
                finish=response.finish,
                n_prompt_tokens=response.n_prompt_tokens,
                n_output_tokens=len(response.output_ids),
                error=response.error,
            )


def _pairs(plan: Plan, answers: Answers, task: Task, asked: tuple[str, JudgeAsk, str]) -> Iterator[Pair]:
    """Yield what one scorer wants of one judge: each answer alone, or each pair in both orders."""
    scorer, ask, judge = asked
    samples = {sample.id: sample for sample in task.samples}
    for subject in plan.subjects:
        key = (subject.checkpoint.name, task.name)
        against = plan.suite.baseline if ask.against == "baseline" else ask.against or ""
        for prompt, response, other in zip(
            answers.prompts[key], answers.responses[key], _others(plan, answers, key, ask), strict=True
        ):
            apart = separate(response, prompt, subject.facts)
            if apart.error is not None or apart.is_incomplete:
                continue  # neither is an answer: the one is unscored and the other 0, whatever a judge says
            sample = samples[prompt.sample_id]
            blank = Judgement(
                *key, scorer, sample.id, judge, "", "", repeat=prompt.repeat, against=against, asked=ask.digest
            )
            yield from pairs_of(blank, sample, turns_of(apart), other(sample) if other else None)


def pairs_of(blank: Judgement, sample: Sample, answer: Turns, other: Turns | None) -> Iterator[Pair]:
    """Yield the prompts about one answer: one where it is rated, two where it is compared, none of equal texts."""
    if not blank.against:
        yield Pair(blank, sample, sample.messages, answer)
    elif other is not None and [text for _, text in other] != [text for _, text in answer]:
        places: tuple[Position, ...] = ("first", "second")
        for place in places:
            yield Pair(replace(blank, position=place), sample, sample.messages, answer, other)


Other = Callable[[Sample], Turns | None]


def _others(plan: Plan, answers: Answers, key: Key, ask: JudgeAsk) -> Iterator[Other | None]:
    """Yield what each answer is compared with, in the order of the answers."""
    if ask.against != "baseline":
        yield from (_target if ask.against else None for _ in answers.prompts[key])
        return
    key = (plan.suite.baseline, key[1])
    facts = plan.helper(plan.suite.baseline).facts
    for prompt, response in zip(answers.prompts[key], answers.responses[key], strict=True):
        yield _fixed(separate(response, prompt, facts))


def _target(sample: Sample) -> Turns | None:
    return [("assistant", sample.target)] if sample.target else None


def _fixed(response: Response) -> Other:
    turns = turns_of(response) if response.error is None else None
    return lambda sample: turns


def _prompts(
    subject: Subject, suite: Suite, ask: JudgeAsk, about: tuple[Sequence[Pair], re.Pattern[str] | None]
) -> list[Prompt]:
    pairs, control = about
    words = words_of(ask, where="template of the judge")
    samples = []
    for pair in pairs:
        shown = blocks(pair.messages, _shown(pair, ask), control)
        text = words(shown, f"sample {pair.sample.id}")
        samples.append(Sample(pair.sample.id, {}, messages=({"role": "user", "content": text},)))
    decoding = Decoding(max_new_tokens=ask.max_new_tokens)
    name = pairs[0].blank.task if pairs else "judge"
    task = Task(name, 1, "", "", "", "generate", decoding, (), (), "", "", "")
    prompts = _build(subject, suite, task, samples)
    return [replace(prompt, repeat=pair.blank.repeat) for prompt, pair in zip(prompts, pairs, strict=True)]


def _shown(pair: Pair, ask: JudgeAsk) -> dict[str, Turns]:
    if ask.against is not None:
        order = (pair.answer, pair.other) if pair.blank.position == "first" else (pair.other, pair.answer)
        told = {"first": order[0], "second": order[1]}
    else:
        told = {"answer": pair.answer}
    if ask.against != "target" and pair.sample.target:
        told["target"] = [("assistant", pair.sample.target)]
    return told


def _build(subject: Subject, suite: Suite, task: Task, samples: Sequence[Sample]) -> list[Prompt]:
    """Return the prompts of a judge; what its template cannot carry is the fault of that prompt alone."""
    try:
        return build_for(subject, suite, task, samples)
    except TemplateError as error:
        if len(samples) == 1:
            return [Prompt(samples[0].id, samples[0].messages, "", (), task.decoding, error=str(error))]
    return [prompt for sample in samples for prompt in _build(subject, suite, task, [sample])]


def _control(subject: Subject) -> re.Pattern[str]:
    """Return what finds control tokens: the judge's own, and those of all known families of templates."""
    known = getattr(subject.tokenizer, "added_tokens_decoder", {}) if subject.tokenizer is not None else {}
    return _pattern(frozenset(str(token) for token in known.values() if token.special))


@cache
def _pattern(own: frozenset[str]) -> re.Pattern[str]:
    return find_markers(sorted(own)).pattern

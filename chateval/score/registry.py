"""The table of scorers, and binding one to a task's options."""

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chateval.errors import TaskError
from chateval.records import JUDGED, Case, Mark, Output, Scorer, ScorerSpec
from chateval.score import (
    attribute,
    behaviour,
    choice,
    code_fence,
    contain,
    filtered,
    instruction,
    json_fields,
    json_format,
    json_repaired,
    json_schema,
    markdown_format,
    number,
    preference,
    refusal,
    template,
    text,
    truthful,
    turns,
    xml_format,
    yaml_format,
)
from chateval.score.code import runs_tests
from chateval.score.extract import EXTRACTORS
from chateval.score.ifbench.scorer import ifbench
from chateval.score.ifeval.scorer import ifeval
from chateval.score.judge.ask import JudgeAsk, pair_ask, rating_ask
from chateval.score.judge.scorers import judge_pair, judge_rating
from chateval.score.maths import maths
from chateval.score.options import check_options
from chateval.score.outside import bind_outside
from chateval.score.tool import bfcl, call, final, outcome, world


@dataclass(frozen=True, slots=True)
class Entry:
    """A scorer and its family; gate rules may name either."""

    function: Callable[..., Mark]
    family: str
    runs_code: bool = False
    """Whether it runs what the model wrote, which needs trust."""
    output: Output | None = None
    """The output of a task that it can score; None for either."""
    reads_reference: bool = False
    """Whether it reads what the baseline answered to the same sample."""
    finds_answer: bool = False
    """Whether `Mark.answer` is an answer taken out of the response, which repeats can agree on."""
    has_inner: bool = False
    """Whether it scores by another scorer, which its options name."""
    asks: Callable[..., JudgeAsk] | None = None
    """How its options ask judges; None of a scorer that reads no judgements."""


SCORERS: Mapping[str, Entry] = {
    "exact": Entry(text.exact, "accuracy", finds_answer=True),
    "normalised": Entry(text.normalised, "accuracy", finds_answer=True),
    "text_f1": Entry(text.text_f1, "accuracy"),
    "truthfulqa_bleu": Entry(truthful.truthfulqa_bleu, "accuracy"),
    "truthfulqa_rouge": Entry(truthful.truthfulqa_rouge, "accuracy"),
    "contains_answer": Entry(contain.contains_answer, "accuracy"),
    "filtered_match": Entry(filtered.filtered_match, "accuracy", finds_answer=True),
    "number": Entry(number.number, "accuracy", finds_answer=True),
    "maths": Entry(maths, "accuracy", finds_answer=True),
    "choice": Entry(choice.choice, "accuracy", output="choose"),
    "mc2": Entry(choice.mc2, "accuracy", output="choose"),
    "preference": Entry(preference.preference, "accuracy", output="choose"),
    "reward_accuracy": Entry(preference.reward_accuracy, "accuracy", output="choose", reads_reference=True),
    "letter": Entry(choice.letter, "accuracy", finds_answer=True),
    "tool_call": Entry(call.tool_call, "accuracy"),
    "tool_outcome": Entry(outcome.tool_outcome, "accuracy"),
    "world_state": Entry(world.world_state, "accuracy"),
    "final_answer": Entry(final.final_answer, "accuracy"),
    "bfcl": Entry(bfcl.bfcl, "accuracy"),
    "regex": Entry(text.regex, "format", finds_answer=True),
    "instructions": Entry(instruction.instructions, "format"),
    "ifeval": Entry(ifeval, "format"),
    "ifbench": Entry(ifbench, "format"),
    "json_valid": Entry(json_format.json_valid, "format"),
    "json_repaired": Entry(json_repaired.json_repaired, "format"),
    "json_schema": Entry(json_schema.json_schema, "format"),
    "xml_valid": Entry(xml_format.xml_valid, "format"),
    "yaml_valid": Entry(yaml_format.yaml_valid, "format"),
    "markdown_table": Entry(markdown_format.markdown_table, "format"),
    "code_fence": Entry(code_fence.code_fence, "format"),
    "runs_tests": Entry(runs_tests, "accuracy", runs_code=True),
    "refusal": Entry(refusal.refusal, "accuracy"),
    "attributes": Entry(attribute.attributes, "accuracy"),
    "attributes_precision": Entry(attribute.attributes_precision, "accuracy"),
    "attributes_recall": Entry(attribute.attributes_recall, "accuracy"),
    "json_fields": Entry(json_fields.json_fields, "accuracy"),
    "json_fields_precision": Entry(json_fields.json_fields_precision, "accuracy"),
    "json_fields_recall": Entry(json_fields.json_fields_recall, "accuracy"),
    "turns": Entry(turns.turns, "accuracy", has_inner=True),
    "whole_dialogue": Entry(turns.whole_dialogue, "accuracy", has_inner=True),
    "judge_rating": Entry(judge_rating, JUDGED, output="generate", asks=rating_ask),
    "judge_pair": Entry(judge_pair, JUDGED, output="generate", reads_reference=True, asks=pair_ask),
    "single_bos": Entry(template.single_bos, "template"),
    "prompt_closed": Entry(template.prompt_closed, "template"),
    "system_kept": Entry(template.system_kept, "template"),
    "prompt_conforms": Entry(template.prompt_conforms, "template"),
    "clean_stop": Entry(behaviour.clean_stop, "template"),
    "right_end": Entry(behaviour.right_end, "template"),
    "no_leaked_tokens": Entry(behaviour.no_leaked_tokens, "template"),
    "no_foreign_turn": Entry(behaviour.no_foreign_turn, "template"),
    "no_role_echo": Entry(behaviour.no_role_echo, "template"),
    "no_run_on": Entry(behaviour.no_run_on, "template"),
    "readable_tool_calls": Entry(behaviour.readable_tool_calls, "template"),
    "not_truncated": Entry(behaviour.not_truncated, "template"),
}

OUTSIDE: Mapping[str, str] = {
    "evaluate": "chateval.integrations.evaluate:metric",
    "lighteval": "chateval.integrations.lighteval:metric",
}
"""Scorers that other libraries bring, imported where a task names one. `evaluate` runs the script of a module, and so
needs trust; `lighteval` asks a metric of a task that was loaded before."""

AUDIT = tuple(name for name, entry in SCORERS.items() if entry.family == "template")
"""The scorers that run on every sample of every task."""

PROMPT_AUDIT = ("single_bos", "prompt_closed", "system_kept", "prompt_conforms")
"""Those of them that judge the prompt, which the harness is answerable for."""


def family_of(spec: ScorerSpec) -> str:
    """Return the family of a scorer, of one that scores by another that one's; one from outside is `custom`."""
    spec = _scored_by(spec)
    return SCORERS[spec.called].family if spec.called in SCORERS else "custom"


def output_of(spec: ScorerSpec) -> Output | None:
    """Return the output of a task that a scorer is for; None if it takes either."""
    spec = _scored_by(spec)
    return SCORERS[spec.called].output if spec.called in SCORERS else None


def finds_answer(spec: ScorerSpec) -> bool:
    """Return whether a scorer takes an answer out of a response, which repeats can agree on."""
    return spec.called in SCORERS and SCORERS[spec.called].finds_answer


def reads_reference(spec: ScorerSpec) -> bool:
    """Return whether a scorer reads what the baseline answered to the same sample.

    Raises:
        ValueError: If the options of a scorer with judges say nothing that can be asked.
    """
    ask = ask_of(spec)
    if ask is not None:
        return ask.against == "baseline"
    return spec.called in SCORERS and SCORERS[spec.called].reads_reference


def ask_of(spec: ScorerSpec) -> JudgeAsk | None:
    """Return how a scorer asks judges; None for one that does not.

    Raises:
        ValueError: If its options say nothing that can be asked.
    """
    entry = SCORERS.get(spec.called)
    if entry is None or entry.asks is None:
        return None
    known = inspect.signature(entry.function).parameters.values()
    defaults = {one.name: one.default for one in known if one.kind is inspect.Parameter.KEYWORD_ONLY}
    return entry.asks(**(defaults | dict(spec.options)))


def bind(name: str, options: Mapping[str, Any], *, trust_code: bool = False) -> Scorer:
    """Return the scorer called `name` with a task's options filled in.

    Args:
        name: A name of the table, or `package.module:function`.
        options: Keyword arguments of the scorer.
        trust_code: Whether a function from outside may be imported, which runs its module, and whether what models
            write may be run.

    Raises:
        TaskError: If there is no such scorer, it does not take such options, or it would run code without trust; the
            message lists those that exist.
    """
    if _has_inner(name):
        return _bind_with_inner(name, options, (), trust_code=trust_code)
    if name == "lighteval":
        function = _imported(OUTSIDE[name])
    elif name in OUTSIDE or ":" in name:
        if not trust_code:
            raise TaskError(f"scorer {name!r} would run code from outside; say --trust-code if you trust it")
        return bind_outside(OUTSIDE.get(name, name), options, called=name)
    else:
        function = _known(name, trust_code=trust_code)
    check_options(f"scorer {name}", function, options)
    return partial(function, **options)


def bind_scorer(spec: ScorerSpec, *, trust_code: bool = False) -> Scorer:
    """Return the scorer that a task names, behind its extraction steps.

    Raises:
        TaskError: As `bind`, or if an extraction step is unknown; the message lists those that exist.
    """
    for step in spec.extract:
        if step not in EXTRACTORS:
            raise TaskError(f"unknown extraction step {step!r}; known: {', '.join(EXTRACTORS)}")
    if _has_inner(spec.called):
        return _bind_with_inner(spec.called, spec.options, spec.extract, trust_code=trust_code)
    scorer = bind(spec.called, spec.options, trust_code=trust_code)
    if _asks(spec):
        return partial(_judged, scorer, spec.name)
    return partial(_extracted, scorer, spec.extract) if spec.extract else scorer


def _asks(spec: ScorerSpec) -> bool:
    """Return whether a scorer reads judgements, after a look at its options."""
    try:
        asks = ask_of(spec) is not None
    except ValueError as error:
        raise TaskError(f"scorer {spec.name}: {error}") from error
    if asks and spec.extract:
        raise TaskError(f"scorer {spec.name}: judges see the whole answer, so that extract has nothing to do")
    return asks


def _judged(scorer: Scorer, name: str, case: Case) -> Mark:
    """Score with the judgements that were made for this scorer."""
    return scorer(replace(case, judgements=tuple(one for one in case.judgements if one.scorer == name)))


def _extracted(scorer: Scorer, steps: Sequence[str], case: Case) -> Mark:
    """Score what the first step that finds something finds; an answer that none finds is wrong."""
    for step in steps:
        found = EXTRACTORS[step](case.response.text)
        if found is not None:
            return scorer(replace(case, response=replace(case.response, text=found, raw_text=found)))
    scorer(replace(case, response=replace(case.response, text="", raw_text="")))  # a fault of the task is one here too
    return Mark(0.0, reason=f"no answer found by {' or '.join(steps)}")


def _has_inner(name: str) -> bool:
    return name in SCORERS and SCORERS[name].has_inner


def _scored_by(spec: ScorerSpec) -> ScorerSpec:
    """Return the scorer that a scorer scores by; itself, if it needs none."""
    return ScorerSpec(str(spec.options.get("scorer", ""))) if _has_inner(spec.called) else spec


def _bind_with_inner(name: str, options: Mapping[str, Any], steps: tuple[str, ...], *, trust_code: bool) -> Scorer:
    """Return a scorer with the one it scores by, which is what extraction steps stand before."""
    function = SCORERS[name].function
    check_options(f"scorer {name}", function, options)
    called = options["scorer"]
    spec = ScorerSpec(called)
    if _has_inner(called) or called in PROMPT_AUDIT or _asks(spec) or output_of(spec) == "choose":
        raise TaskError(f"scorer {name}: {called!r} does not score the text of one answer")
    inner = bind_scorer(ScorerSpec(called, options.get("options") or {}, extract=steps), trust_code=trust_code)
    return partial(function, inner, **options)


def _known(name: str, *, trust_code: bool) -> Callable[..., Mark]:
    if name not in SCORERS:
        raise TaskError(f"unknown scorer {name!r}; known: {', '.join(sorted([*SCORERS, *OUTSIDE]))}")
    if SCORERS[name].runs_code and not trust_code:
        raise TaskError(f"scorer {name!r} runs code that models write, without a sandbox; say --trust-code to allow it")
    return SCORERS[name].function


def _imported(name: str) -> Callable[..., Mark]:
    module, _, attribute = name.partition(":")
    function: Callable[..., Mark] = getattr(importlib.import_module(module), attribute)
    return function

"""The table of scorers, and binding one to a task's options."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chateval.errors import TaskError
from chateval.records import Case, Mark, Output, Scorer, ScorerSpec
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
    refusal,
    template,
    text,
    truthful,
    xml_format,
    yaml_format,
)
from chateval.score.code import runs_tests
from chateval.score.extract import EXTRACTORS
from chateval.score.ifbench.scorer import ifbench
from chateval.score.ifeval.scorer import ifeval
from chateval.score.maths import maths
from chateval.score.options import check_options
from chateval.score.outside import bind_outside
from chateval.score.tool import bfcl, call


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


SCORERS: Mapping[str, Entry] = {
    "exact": Entry(text.exact, "accuracy"),
    "normalised": Entry(text.normalised, "accuracy"),
    "text_f1": Entry(text.text_f1, "accuracy"),
    "truthfulqa_bleu": Entry(truthful.truthfulqa_bleu, "accuracy"),
    "truthfulqa_rouge": Entry(truthful.truthfulqa_rouge, "accuracy"),
    "contains_answer": Entry(contain.contains_answer, "accuracy"),
    "filtered_match": Entry(filtered.filtered_match, "accuracy"),
    "number": Entry(number.number, "accuracy"),
    "maths": Entry(maths, "accuracy"),
    "choice": Entry(choice.choice, "accuracy", output="choose"),
    "mc2": Entry(choice.mc2, "accuracy", output="choose"),
    "letter": Entry(choice.letter, "accuracy"),
    "tool_call": Entry(call.tool_call, "accuracy"),
    "bfcl": Entry(bfcl.bfcl, "accuracy"),
    "regex": Entry(text.regex, "format"),
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
    """Return the family of a scorer; one from outside is of the family `custom`."""
    return SCORERS[spec.called].family if spec.called in SCORERS else "custom"


def output_of(spec: ScorerSpec) -> Output | None:
    """Return the output of a task that a scorer is for; None if it takes either."""
    return SCORERS[spec.called].output if spec.called in SCORERS else None


def reads_reference(spec: ScorerSpec) -> bool:
    """Return whether a scorer reads what the baseline answered to the same sample."""
    return spec.called in SCORERS and SCORERS[spec.called].reads_reference


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
    scorer = bind(spec.called, spec.options, trust_code=trust_code)
    for step in spec.extract:
        if step not in EXTRACTORS:
            raise TaskError(f"unknown extraction step {step!r}; known: {', '.join(EXTRACTORS)}")
    return partial(_extracted, scorer, spec.extract) if spec.extract else scorer


def _extracted(scorer: Scorer, steps: Sequence[str], case: Case) -> Mark:
    """Score what the first step that finds something finds; an answer that none finds is wrong."""
    for step in steps:
        found = EXTRACTORS[step](case.response.text)
        if found is not None:
            return scorer(replace(case, response=replace(case.response, text=found, raw_text=found)))
    scorer(replace(case, response=replace(case.response, text="", raw_text="")))  # a fault of the task is one here too
    return Mark(0.0, reason=f"no answer found by {' or '.join(steps)}")


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

"""The table of scorers, and binding one to a task's options."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from chateval.errors import TaskError
from chateval.records import Mark, Scorer
from chateval.score import behaviour, choice, contain, instruction, json_format, number, template, text, tool_call


@dataclass(frozen=True, slots=True)
class Entry:
    """A scorer and its family; gate rules may name either."""

    function: Callable[..., Mark]
    family: str


SCORERS: Mapping[str, Entry] = {
    "exact": Entry(text.exact, "accuracy"),
    "normalised": Entry(text.normalised, "accuracy"),
    "text_f1": Entry(text.text_f1, "accuracy"),
    "contains_answer": Entry(contain.contains_answer, "accuracy"),
    "number": Entry(number.number, "accuracy"),
    "choice": Entry(choice.choice, "accuracy"),
    "letter": Entry(choice.letter, "accuracy"),
    "tool_call": Entry(tool_call.tool_call, "accuracy"),
    "regex": Entry(text.regex, "format"),
    "instructions": Entry(instruction.instructions, "format"),
    "json_valid": Entry(json_format.json_valid, "format"),
    "json_schema": Entry(json_format.json_schema, "format"),
    "json_fields": Entry(json_format.json_fields, "accuracy"),
    "json_fields_precision": Entry(json_format.json_fields_precision, "accuracy"),
    "json_fields_recall": Entry(json_format.json_fields_recall, "accuracy"),
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

AUDIT = tuple(name for name, entry in SCORERS.items() if entry.family == "template")
"""The scorers that run on every sample of every task."""

PROMPT_AUDIT = ("single_bos", "prompt_closed", "system_kept", "prompt_conforms")
"""Those of them that judge the prompt, which the harness is answerable for."""


def families(names: list[str]) -> dict[str, str]:
    """Return the family of each scorer; one from outside is of the family `custom`."""
    return {name: SCORERS[name].family if name in SCORERS else "custom" for name in names}


def bind(name: str, options: Mapping[str, Any], *, trust_code: bool = False) -> Scorer:
    """Return the scorer called `name` with a task's options filled in.

    Args:
        name: A name of the table, or `package.module:function`.
        options: Keyword arguments of the scorer.
        trust_code: Whether a function from outside may be imported, which runs its module.

    Raises:
        TaskError: If there is no such scorer or it does not take such options; the message lists those that exist.
    """
    function = _outside(name, trust_code=trust_code) if ":" in name else _known(name)
    signature = inspect.signature(function)
    allowed = {p.name: p for p in signature.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY}
    hints = get_type_hints(function)
    for option, value in options.items():
        if option not in allowed:
            raise TaskError(f"scorer {name} has no option {option!r}; it takes: {', '.join(allowed) or 'none'}")
        if option in hints:
            _check_type(name, option, value, hints[option])
    for option, parameter in allowed.items():
        if parameter.default is inspect.Parameter.empty and option not in options:
            raise TaskError(f"scorer {name} needs the option {option!r}")
    return partial(function, **options)


def _known(name: str) -> Callable[..., Mark]:
    if name not in SCORERS:
        raise TaskError(f"unknown scorer {name!r}; known: {', '.join(sorted(SCORERS))}")
    return SCORERS[name].function


def _outside(name: str, *, trust_code: bool) -> Callable[..., Mark]:
    if not trust_code:
        raise TaskError(f"scorer {name!r} would run code from outside; say --trust-code if you trust it")
    module, _, attribute = name.partition(":")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise TaskError(f"scorer {name!r} cannot be imported: {error}") from error
    if not callable(function):
        raise TaskError(f"scorer {name!r} is not a function")
    return function  # type: ignore[no-any-return]


def _check_type(name: str, option: str, value: Any, hint: Any) -> None:
    try:
        TypeAdapter(hint).validate_python(value, strict=True)
    except ValidationError as error:
        message = error.errors()[0]["msg"]
        raise TaskError(
            f"scorer {name}, option {option}: {message[0].lower()}{message[1:]}; found {value!r}"
        ) from error

"""The names that a template expects from outside: those nobody provides, and the switches."""

import difflib
import json
from collections.abc import Iterator, Mapping
from itertools import islice

from jinja2 import nodes

from chateval.template.check.check import Flaw
from chateval.template.check.jinja import assigned, defaults, name_offset, parse_template, tested, undeclared
from chateval.template.check.sources import counted_sources
from chateval.template.specimen import Specimen

CONTEXT = frozenset({"messages", "tools", "documents", "add_generation_prompt", "raise_exception", "strftime_now"})
"""What transformers passes to every template, beside the special tokens."""
STANDARD_TOKENS = frozenset(
    {"bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token"}
)
SWITCHES: Mapping[str, str] = {
    "add_vision_id": "Qwen2.5-VL",
    "builtin_tools": "Llama 3.1, gpt-oss",
    "clear_thinking": "GLM",
    "continue_final_message": "LFM2",
    "custom_tools": "Llama 3.1",
    "date_string": "Llama 3.1",
    "drop_thinking": "DeepSeek",
    "enable_citations": "Command A",
    "enable_thinking": "Qwen3",
    "grounding": "Command A",
    "keep_past_thinking": "LFM2",
    "model_identity": "gpt-oss",
    "preserve_thinking": "Qwen3.6",
    "python_tools": "SmolLM3",
    "reasoning_effort": "gpt-oss",
    "response_format": "Command A",
    "safety_mode": "Command A",
    "skip_thinking": "Command A",
    "thinking": "DeepSeek V3.1",
    "thinking_budget": "Seed-OSS",
    "thinking_effort": "Kimi",
    "thinking_mode": "DeepSeek",
    "tools_in_user_message": "Llama 3.1",
    "truncate_history_thinking": "Nemotron",
    "xml_tools": "SmolLM3",
}
"""Switches of published templates, with a family that knows each."""
_ALIKE = 0.9
"""Similarity to a name of the context from which a tested unknown name is taken for a misspelling of it."""

_MAX_NAMES = 20
"""Names that are told of one template."""


def undeclared_name(specimen: Specimen) -> Iterator[Flaw]:
    """A name is used that nobody provides; it is written as nothing, or raises."""
    for source in counted_sources(specimen):
        tree = parse_template(source.text)
        for name, line in islice(_unprovided(specimen, tree), _MAX_NAMES):
            is_token = name in STANDARD_TOKENS or name.endswith("_token")
            why = "and the tokenizer has no such special token" if is_token else "which is neither passed nor assigned"
            meant = [one for one in _meant(name) if one != name]
            yield Flaw(
                f"line {line} uses {name}, {why}",
                text=source.text,
                offset=name_offset(source.text, name, line),
                length=len(name),
                expected=meant[0] if meant else "a special token" if is_token else "a name that is passed or assigned",
                found=name,
                origin=source.origin,
            )


def has_switches(specimen: Specimen) -> Iterator[Flaw]:
    """The template writes another prompt by its keyword arguments."""
    for source in counted_sources(specimen):
        tree = parse_template(source.text)
        found = _switches(specimen, tree)
        if found:
            given, names = defaults(tree), list(found)[:_MAX_NAMES]
            more = f" and {len(found) - len(names)} more" if len(found) > len(names) else ""
            yield Flaw(
                f"it has {len(found)} switch{'es' if len(found) > 1 else ''}: {', '.join(names)}{more}",
                text=source.text,
                offset=name_offset(source.text, names[0], found[names[0]]),
                length=len(names[0]),
                found=", ".join(f"{name} = {_setting(specimen, name, given)}{_known_from(name)}" for name in names),
                origin=source.origin,
            )


def _unprovided(specimen: Specimen, tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """Yield names with a line of each that are used without a guard, or look like a slip for one that is passed."""
    reckoned = tested(tree)
    known = CONTEXT | _token_names(specimen) | SWITCHES.keys()
    for name, line in undeclared(tree).items():
        if name not in known and (name not in reckoned or (name not in STANDARD_TOKENS and _meant(name))):
            yield name, line


def _meant(name: str) -> list[str]:
    return difflib.get_close_matches(name, CONTEXT | STANDARD_TOKENS, n=1, cutoff=_ALIKE)


def _switches(specimen: Specimen, tree: nodes.Template) -> dict[str, int]:
    """Return the names that a caller may set, with a line of each."""
    known = CONTEXT | STANDARD_TOKENS | _token_names(specimen)
    reckoned, given, own = tested(tree), defaults(tree), assigned(tree)
    found = {name: line for name, line in undeclared(tree).items() if name in reckoned or name in SWITCHES}
    found |= {name: 1 for name in given if name in own}
    return {name: line for name, line in found.items() if name not in known}


def _setting(specimen: Specimen, name: str, given: Mapping[str, str]) -> str:
    if name in specimen.settings.kwargs:
        return f"{json.dumps(specimen.settings.kwargs[name], default=str)} as set for this check"
    return given.get(name, "not given") or "a value that the template works out"


def _known_from(name: str) -> str:
    return f" (known from {SWITCHES[name]})" if name in SWITCHES else ""


def _token_names(specimen: Specimen) -> frozenset[str]:
    """Return the special tokens by name; all usual ones where nothing is known of the tokenizer."""
    if specimen.tokenizer is None and not specimen.tokens:
        return STANDARD_TOKENS
    return frozenset(specimen.tokens)

"""What a results file of lm-evaluation-harness says of how a task was asked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chateval.integrations.importers.about import Setting, written_in
from chateval.integrations.importers.files import count, mapping, sequence, text
from chateval.records import Decoding

_DECODING: Mapping[str, tuple[str, ...]] = {
    "max_new_tokens": ("max_gen_toks",),
    "stop": ("until",),
    "temperature": ("temperature", "do_sample"),
    "top_p": ("top_p",),
}
"""Field of `Decoding` -> the options that say it."""


def setting_of(results: Mapping[str, Any], task: str) -> Setting:
    """Return how a task was asked, with what of it is written and what is a default."""
    config = mapping(mapping(results.get("configs")).get(task))
    shots = mapping(results.get("n-shot")).get(task, config.get("num_fewshot"))
    version = mapping(results.get("versions")).get(task)
    better = mapping(mapping(results.get("higher_is_better")).get(task))
    options = config.get("generation_kwargs")
    written = {
        "n_demos": is_number(shots),
        "version": _number(version) is not None,
        "system": "system_instruction" in results,
    }
    return Setting(
        version=max(0, int(_number(version) or 0)) if written["version"] else 1,
        description=text(config.get("description"), limit=300).strip(),
        output="choose" if config.get("output_type") == "multiple_choice" else "generate",
        decoding=decoding_of(mapping(options)),
        n_demos=count(shots),
        n_available=count(mapping(mapping(results.get("n-samples")).get(task)).get("original")),
        less_better=frozenset(name for name, is_more in better.items() if is_more is False),
        system=text(results.get("system_instruction")),
        written=frozenset(name for name, is_written in written.items() if is_written) | drawn_in(mapping(options)),
        said=_said(results, task, version),
    )


def decoding_of(options: Mapping[str, Any]) -> Decoding:
    """Return how answers are drawn, from `generation_kwargs` or the arguments of a request."""
    until = options.get("until")
    stop = (until,) if isinstance(until, str) else tuple(text(one) for one in sequence(until))
    plain = Decoding()
    temperature, top_p = options.get("temperature"), options.get("top_p")
    is_drawn = options.get("do_sample", True) is True and is_number(temperature)
    return replace(
        plain,
        max_new_tokens=count(options.get("max_gen_toks")) or plain.max_new_tokens,
        stop=stop,
        temperature=float(temperature) if is_drawn and temperature is not None else 0.0,
        top_p=float(top_p) if is_number(top_p) and top_p is not None else 1.0,
    )


def drawn_in(options: Mapping[str, Any]) -> frozenset[str]:
    """Return which fields of `Decoding` such options say."""
    return written_in(options, _DECODING)


def _said(results: Mapping[str, Any], task: str, version: Any) -> Mapping[str, Any]:
    """Return what else bears on the prompts of a task, as it was written."""
    said = {"version": text(version)} if version is not None else {}
    found = mapping(results.get("task_hashes")).get(task)
    return said | ({"task_hash": text(found)} if found else {})


def is_number(value: Any) -> bool:
    """Return whether a value is a number and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(version: Any) -> float | None:
    try:
        found = float(version)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if abs(found) < 2**31 else None

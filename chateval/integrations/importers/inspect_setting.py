"""The header of an Inspect log -> how its task was asked."""

from collections.abc import Mapping
from typing import Any

from chateval.integrations.importers.about import Setting, written_in
from chateval.integrations.importers.files import count, mapping, sequence, text
from chateval.records import Decoding

_SYSTEM = "system_message"
"""The solver that says something to the model before the question."""
_DECODING: Mapping[str, tuple[str, ...]] = {
    "max_new_tokens": ("max_tokens",),
    "stop": ("stop_seqs",),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "seed": ("seed",),
}
"""Field of `Decoding` -> the option that says it."""
_CLOCK = {"max_connections", "max_retries", "timeout", "attempt_timeout", "cache", "batch", "adaptive_connections"}
"""Options of a model that move no answer."""


def setting_of(header: Mapping[str, Any]) -> Setting:
    """Return how the task of a log was asked, with what of it is written and what is a default."""
    about, plan = mapping(header.get("eval")), mapping(header.get("plan"))
    options = {**mapping(plan.get("config")), **mapping(about.get("model_generate_config"))}
    version, dataset = about.get("task_version"), mapping(about.get("dataset"))
    steps = [mapping(step) for step in sequence(plan.get("steps"))]
    is_numbered = isinstance(version, int) and not isinstance(version, bool) and version >= 0
    written = {
        "version": is_numbered,
        "repeats": bool(mapping(about.get("config")).get("epochs")),
        "system": bool(steps),
    }
    return Setting(
        version=int(version or 0) if is_numbered else 1,
        description=text(dataset.get("name"), limit=200),
        decoding=_decoding(options, max(1, count(mapping(about.get("config")).get("epochs")))),
        n_available=count(dataset.get("samples")),
        system="\n".join(_said(step) for step in steps if step.get("solver") == _SYSTEM),
        written=frozenset(name for name, is_written in written.items() if is_written) | written_in(options, _DECODING),
        said={
            "solvers": [text(step.get("solver")) for step in steps],
            "generate_config": {name: value for name, value in options.items() if name not in _CLOCK},
        },
    )


def _said(step: Mapping[str, Any]) -> str:
    return text(mapping(step.get("params")).get("template"))


def _decoding(options: Mapping[str, Any], repeats: int) -> Decoding:
    temperature, top_p = options.get("temperature"), options.get("top_p")
    return Decoding(
        max_new_tokens=count(options.get("max_tokens")) or Decoding().max_new_tokens,
        stop=tuple(text(one) for one in sequence(options.get("stop_seqs"))),
        temperature=float(temperature) if isinstance(temperature, (int, float)) else 0.0,
        top_p=float(top_p) if isinstance(top_p, (int, float)) else 1.0,
        seed=count(options.get("seed")),
        repeats=repeats,
    )

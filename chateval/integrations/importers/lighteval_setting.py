"""What a results file of lighteval says of how a task was asked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chateval.integrations.importers.about import Setting, written_in
from chateval.integrations.importers.files import count, mapping, sequence, text
from chateval.records import Decoding

OF_MODEL: Mapping[str, tuple[str, ...]] = {
    "max_new_tokens": ("max_new_tokens",),
    "stop": ("stop_tokens",),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "seed": ("seed",),
}
"""Field of `Decoding` -> the generation parameter of a model that says it."""
OF_TASK: Mapping[str, tuple[str, ...]] = {"max_new_tokens": ("generation_size",), "stop": ("stop_sequences",)}
"""Field of `Decoding` -> the field of a document that says it."""


def without_defaults(value: Any) -> Any:
    """Return settings without those that were left as they were."""
    return {key: one for key, one in value.items() if one is not None} if isinstance(value, dict) else value


def setting_of(results: Mapping[str, Any], name: str, n_demos: int | None) -> Setting:
    """Return how a task was asked, with what of it is written and what is a default.

    Args:
        results: Of a results file.
        name: What it calls the task.
        n_demos: In that name; None where it has none.
    """
    model = mapping(mapping(results.get("config_general")).get("model_config"))
    version = mapping(results.get("versions")).get(name)
    is_numbered = isinstance(version, int) and not isinstance(version, bool) and version >= 0
    options = mapping(model.get("generation_parameters"))
    config = mapping(mapping(results.get("config_tasks")).get(name))
    written = {
        "n_demos": n_demos is not None,
        "version": is_numbered,
        "system": "system_prompt" in model,
    }
    metrics = [mapping(one) for one in sequence(config.get("metrics") or config.get("metric"))]
    return Setting(
        version=int(version or 0) if is_numbered else 1,
        decoding=drawn_with(options, Decoding()),
        n_demos=n_demos or 0,
        less_better=frozenset(text(one.get("metric_name")) for one in metrics if one.get("higher_is_better") is False),
        system=text(model.get("system_prompt")),
        written=frozenset(one for one, is_written in written.items() if is_written) | written_in(options, OF_MODEL),
    )


def drawn_with(options: Mapping[str, Any], before: Decoding) -> Decoding:
    """Return how answers are drawn with the settings of a model, which count before a task's."""
    temperature, top_p, stop = options.get("temperature"), options.get("top_p"), options.get("stop_tokens")
    return replace(
        before,
        max_new_tokens=count(options.get("max_new_tokens")) or before.max_new_tokens,
        stop=tuple(text(one) for one in sequence(stop)) or before.stop,
        temperature=float(temperature) if isinstance(temperature, (int, float)) else before.temperature,
        top_p=float(top_p) if isinstance(top_p, (int, float)) else before.top_p,
        seed=count(options.get("seed")),
    )

"""The providers in a configuration of promptfoo -> how each of them was set."""

from collections.abc import Iterator, Mapping
from typing import Any

from chateval.integrations.importers.about import written_in
from chateval.integrations.importers.files import count, mapping, sequence, text
from chateval.records import Decoding

_DECODING: Mapping[str, tuple[str, ...]] = {
    "max_new_tokens": ("max_tokens", "max_new_tokens"),
    "stop": ("stop",),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "seed": ("seed",),
}
"""Field of `Decoding` -> the options of providers that say it, the first that is there counting."""


def providers_of(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what each provider is shown as -> its options, of those that the configuration holds whole.

    A provider that stands there as a name alone has options of its own, which nobody wrote down.
    """
    found = config.get("providers", config.get("targets"))
    listed = found if isinstance(found, list) else [found]
    return {name: options for one in listed if isinstance(one, dict) for name, options in _entries(one)}


def _entries(one: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if "id" in one:
        yield text(one.get("label") or one["id"]), mapping(one.get("config"))
        return
    for name, inner in one.items():  # an object whose key is the id
        yield (
            text(mapping(inner).get("label") or mapping(inner).get("id")) or name,
            mapping(mapping(inner).get("config")),
        )


def drawn_in(options: Mapping[str, Any]) -> frozenset[str]:
    """Return which fields of `Decoding` the options say."""
    return written_in(options, _DECODING)


def decoding_of(options: Mapping[str, Any]) -> Decoding:
    """Return how answers are drawn, from the options that most providers share."""
    temperature, top_p = options.get("temperature"), options.get("top_p")
    limit = next((n for name in _DECODING["max_new_tokens"] if (n := count(options.get(name)))), 0)
    return Decoding(
        max_new_tokens=limit or Decoding().max_new_tokens,
        stop=tuple(text(one) for one in sequence(options.get("stop"))),
        temperature=float(temperature) if isinstance(temperature, (int, float)) else 0.0,
        top_p=float(top_p) if isinstance(top_p, (int, float)) else 1.0,
        seed=count(options.get("seed")),
    )

"""What `--engine-option` says to `openai`: how the server is asked, and what goes into each request."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chateval.errors import ConfigError

RESERVED = frozenset(
    {"model", "prompt", "messages", "n", "best_of", "stream", "stream_options", "stop", "seed"}
    | {"max_tokens", "max_completion_tokens", "echo", "logprobs", "prompt_logprobs", "return_token_ids"}
)
"""Fields that say what is asked; the task and chateval fill them."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a server is asked."""

    concurrency: int = 8
    """Most requests in flight, at least 1."""
    timeout: float = 600.0
    """Time that one reply may take, s."""
    retries: int = 6
    """How often a request is sent again after a 429, a 5xx or a broken connection."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """Goes into each request."""


def read_options(given: Mapping[str, Any]) -> Options:
    """Read the options of a suite or of the command line, where JSON in a text stands for what it says.

    Raises:
        ConfigError: If a number is out of range, or a field of the request is not the user's to fill.
    """
    usual = Options()
    concurrency = _number(given, "concurrency", usual.concurrency, least=1, whole=True)
    timeout = _number(given, "timeout", usual.timeout, least=0.001)
    retries = _number(given, "retries", usual.retries, least=0, whole=True)
    body = {name: _value(value) for name, value in given.items() if name not in ("concurrency", "timeout", "retries")}
    for name in body:
        if name in RESERVED:
            raise ConfigError(
                f"engine option {name!r}: what is asked is the task's to say (decoding, repeats); "
                f"not to be given: {', '.join(sorted(RESERVED))}"
            )
    return Options(int(concurrency), float(timeout), int(retries), body)


def _number(given: Mapping[str, Any], name: str, default: float, *, least: float, whole: bool = False) -> float:
    value = given.get(name, default)
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value < float("inf"):
        raise ConfigError(f"engine option {name}: {value!r}: say a {'whole ' if whole else ''}number from {least:g}")
    return value


def _value(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value

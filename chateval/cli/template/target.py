"""What the template commands take: paths and hub ids, NAME=VALUE options."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError, ConfigError


def locate(reference: str) -> Path:
    """Return the path of a checkpoint; a hub id is fetched, tokenizer and configs only.

    Raises:
        CheckpointError: If it is neither here nor on the hub.
    """
    path = Path(reference).expanduser()
    if path.exists():
        return path
    from chateval.checkpoint import fetch, looks_like_hub_id

    if looks_like_hub_id(reference):
        folder, _ = fetch(reference, None, with_weights=False)
        return folder
    raise CheckpointError(f"no checkpoint at {reference!r}: give a folder, an adapter, a .gguf or Jinja file, a hub id")


def without_torch() -> None:
    """Keep transformers from importing torch in this process: reading a tokenizer needs none, and it takes seconds."""
    if "torch" not in sys.modules:
        os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # one would be that torch is not there
        sys.modules["torch"] = None  # type: ignore[assignment]


def assignments(option: str, texts: Iterable[str]) -> dict[str, str]:
    """Return NAME=TEXT options as a mapping.

    Raises:
        ConfigError: If one has no `=` or nothing after it.
    """
    pairs = [text.partition("=") for text in texts]
    for name, _, value in pairs:
        if not name or not value:
            raise ConfigError(f"{option} {name!r}: say NAME=VALUE")
    return {name: value for name, _, value in pairs}


def json_values(option: str, texts: Iterable[str]) -> dict[str, Any]:
    """Return NAME=JSON options as a mapping; what is not JSON is a string.

    Raises:
        ConfigError: If one has no `=`.
    """
    found: dict[str, Any] = {}
    for name, value in assignments(option, texts).items():
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found

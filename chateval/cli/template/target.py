"""What the template commands take: paths and hub ids, NAME=VALUE options."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError, ConfigError

RESERVED = frozenset(
    {"messages", "conversations", "tools", "documents", "chat_template", "add_generation_prompt", "tokenize", "self"}
    | {"return_assistant_tokens_mask", "continue_final_message"}
)
"""Names that `apply_chat_template` takes for itself."""


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


def assignments(option: str, texts: Iterable[str], *, form: str = "NAME=VALUE") -> dict[str, str]:
    """Return NAME=TEXT options as a mapping.

    Raises:
        ConfigError: If one has no `=` or nothing after it; the message says the form.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name or not value:
            raise ConfigError(f"{option} {text!r}: say {form}")
        found[name] = value
    return found


def json_values(option: str, texts: Iterable[str]) -> dict[str, Any]:
    """Return NAME=JSON options as a mapping.

    Raises:
        ConfigError: If one has no `=`, or what follows is not JSON.
    """
    found: dict[str, Any] = {}
    for name, value in assignments(option, texts, form="NAME=JSON").items():
        if name in RESERVED:
            raise ConfigError(f"{option} {name}: not a switch of a template, but what every rendering is given")
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{option} {name}={value[:60]}: not JSON; text stands in double quotes") from error
    return found

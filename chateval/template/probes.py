"""The published probes: small chats whose rendering shows what a chat template does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from chateval.records import Message
from chateval.template.sandbox import Chat

PROBES_NAME = "standard-1"
"""Name and version; a probe that changes makes another version."""

Stratum = Literal["plain", "multi_turn", "system", "tools", "thinking", "whitespace", "special"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)


@dataclass(frozen=True, slots=True)
class Probe:
    """A chat with a name."""

    name: str
    stratum: Stratum
    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, Any], ...] | None = None
    kwargs: tuple[tuple[str, Any], ...] = ()
    add_generation_prompt: bool = False

    def chat(self, kwargs: Mapping[str, Any] | None = None) -> Chat:
        """Return the arguments of its rendering; the probe's own switches go over `kwargs`."""
        return Chat(
            self.messages,
            tools=self.tools,
            add_generation_prompt=self.add_generation_prompt,
            kwargs={**(kwargs or {}), **dict(self.kwargs)},
        )


@cache
def standard_probes() -> tuple[Probe, ...]:
    """Return the standard probes; each ends with the user and a generation prompt, or with the assistant and none."""
    entries = json.loads(Path(__file__).with_name("probes.json").read_text("utf-8"))["probes"]
    return tuple(
        Probe(
            name=entry["name"],
            stratum=entry["stratum"],
            messages=tuple(entry["messages"]),
            tools=tuple(entry["tools"]) if "tools" in entry else None,
            kwargs=tuple(sorted(entry.get("kwargs", {}).items())),
            add_generation_prompt=entry["messages"][-1]["role"] != "assistant",
        )
        for entry in entries
    )


def probe(name: str, *, add_generation_prompt: bool | None = None) -> Probe:
    """Return the standard probe of that name, with or without a generation prompt."""
    [found] = [one for one in standard_probes() if one.name == name]
    return found if add_generation_prompt is None else replace(found, add_generation_prompt=add_generation_prompt)

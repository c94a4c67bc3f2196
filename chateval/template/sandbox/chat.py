"""What is rendered and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chateval.records import Message

Kind = Literal["syntax", "undefined", "refused", "security", "limit", "fault"]


@dataclass(frozen=True, slots=True)
class Chat:
    """All arguments of one rendering, as `apply_chat_template` takes them."""

    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]] | None = None
    documents: Sequence[Mapping[str, Any]] | None = None
    add_generation_prompt: bool = True
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Switches of the template, such as `enable_thinking`."""
    now: str | None = None
    """The clock that `strftime_now` reads, ISO 8601; None is the machine's."""
    spans: bool = False
    """Ask for the spans that `{% generation %}` marks."""


@dataclass(frozen=True, slots=True)
class RenderError:
    """Why a template gave no text."""

    kind: Kind
    """`refused` is the template's own `raise_exception`; `limit` is ours: time, memory or size."""
    message: str
    line: int | None = None
    """Line of the Jinja, from 1, where it is known."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The outcome of one rendering: a text, or why there is none."""

    text: str | None
    error: RenderError | None = None
    spans: tuple[tuple[int, int], ...] = ()
    """Characters [start, end) of `text` inside `{% generation %}` blocks, in order."""

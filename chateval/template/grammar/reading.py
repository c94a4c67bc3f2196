"""What a rendered text says: its turns, messages and findings. Frozen; no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chateval.findings import Finding
from chateval.template.grammar.dialect import Dialect


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a rendered text; all places are in characters of that text."""

    role: str
    content: str
    start: int
    """Where the content begins."""
    end: int
    """Where the content ends."""
    opener_start: int
    """Where the turn begins, markers included."""
    closer_end: int
    """Where the turn ends, markers included."""
    is_closed: bool
    is_message: bool = True
    """False for a block that is no message, such as a list of tools."""
    header: Mapping[str, str] | None = None
    """Fields of the header that were present, and `word`, what stood for the role."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A rendered text, read as one dialect."""

    dialect: Dialect
    messages: tuple[Mapping[str, Any], ...]
    """As a chat template takes them: role, content, and tool_calls or reasoning_content where the layout has them."""
    turns: tuple[Turn, ...]
    findings: tuple[Finding, ...]
    """By place; after a hundred one more says how many there are besides."""
    awaits_answer: bool
    """The text ends where the model is to answer."""
    score: float
    """In [0, 1]: the share of the text, and of its markers, that is as the dialect writes it."""

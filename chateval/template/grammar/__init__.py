"""The grammar of rendered chats: families as data, and the inverse of a chat template."""

from chateval.template.grammar.detect import Match, detect
from chateval.template.grammar.dialect import Dialect, Family, Field, Thinking, ToolLayout, TurnRule
from chateval.template.grammar.ids import parse_ids
from chateval.template.grammar.load import find_dialect, load_families
from chateval.template.grammar.parse import parse
from chateval.template.grammar.reading import Reading, Turn
from chateval.template.grammar.write import normalise, write

__all__ = [
    "Dialect",
    "Family",
    "Field",
    "Match",
    "Reading",
    "Thinking",
    "ToolLayout",
    "Turn",
    "TurnRule",
    "detect",
    "find_dialect",
    "load_families",
    "normalise",
    "parse",
    "parse_ids",
    "write",
]

"""Chat templates: opened, rendered and probed."""

from chateval.template.facts import find_facts
from chateval.template.render import render, render_all, render_completion, text_of, tokenize
from chateval.template.sandbox import Chat, Rendered
from chateval.template.source import find_sources, read_json
from chateval.template.tokenizer import (
    Tokenizer,
    has_tokenizer,
    named_templates,
    open_tokenizer,
    quiet_transformers,
    read_template,
)

__all__ = [
    "Chat",
    "Rendered",
    "Tokenizer",
    "find_facts",
    "find_sources",
    "has_tokenizer",
    "named_templates",
    "open_tokenizer",
    "quiet_transformers",
    "read_json",
    "read_template",
    "render",
    "render_all",
    "render_completion",
    "text_of",
    "tokenize",
]

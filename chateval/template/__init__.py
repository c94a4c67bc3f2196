"""Chat templates: opened, rendered and probed."""

from chateval.template.facts import find_facts
from chateval.template.render import render, render_completion, tokenize
from chateval.template.tokenizer import Tokenizer, named_templates, open_tokenizer, quiet_transformers, read_template

__all__ = [
    "Tokenizer",
    "find_facts",
    "named_templates",
    "open_tokenizer",
    "quiet_transformers",
    "read_template",
    "render",
    "render_completion",
    "tokenize",
]

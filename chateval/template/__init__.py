"""Chat templates as an object of study: rendered within limits, checked, read back, compared."""

from chateval.template.check.run import check_specimen
from chateval.template.diff import TemplateDiff, diff_templates
from chateval.template.facts import find_facts
from chateval.template.gguf import read_gguf
from chateval.template.mutate import Mutant, make_mutants
from chateval.template.open import open_specimen
from chateval.template.processor import Eyes, open_eyes, with_texts
from chateval.template.render import render, render_all, render_completion, text_of, tokenize
from chateval.template.sandbox import Chat, Rendered
from chateval.template.source import PROCESSOR_FILES, TemplateSource, find_sources, read_json, sees_images
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import (
    Tokenizer,
    has_tokenizer,
    named_templates,
    open_tokenizer,
    put_options,
    quiet_transformers,
    read_template,
)

__all__ = [
    "PROCESSOR_FILES",
    "Chat",
    "Eyes",
    "Mutant",
    "Rendered",
    "Settings",
    "Specimen",
    "TemplateDiff",
    "TemplateSource",
    "Tokenizer",
    "check_specimen",
    "diff_templates",
    "find_facts",
    "find_sources",
    "has_tokenizer",
    "make_mutants",
    "named_templates",
    "open_eyes",
    "open_specimen",
    "open_tokenizer",
    "put_options",
    "quiet_transformers",
    "read_gguf",
    "read_json",
    "read_template",
    "render",
    "render_all",
    "render_completion",
    "sees_images",
    "text_of",
    "tokenize",
    "with_texts",
]

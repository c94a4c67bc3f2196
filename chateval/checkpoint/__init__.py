"""Checkpoints: what a path or hub id is, its digests, and the rules of safe loading."""

from chateval.checkpoint.digest import DigestCache
from chateval.checkpoint.resolve import has_tokenizer, read_config, read_own_template, resolve_all

__all__ = ["DigestCache", "has_tokenizer", "read_config", "read_own_template", "resolve_all"]

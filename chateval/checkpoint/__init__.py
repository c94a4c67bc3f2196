"""Checkpoints: what a path or hub id is, its digests, and the rules of safe loading."""

from chateval.checkpoint.digest import DigestCache
from chateval.checkpoint.hub import fetch, looks_like_hub_id
from chateval.checkpoint.resolve import read_config, resolve_all

__all__ = ["DigestCache", "fetch", "looks_like_hub_id", "read_config", "resolve_all"]

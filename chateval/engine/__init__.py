"""Engines: what makes a checkpoint answer. Importing this loads no model library."""

from chateval.engine.base import Answer, Batch, Engine, Enough
from chateval.engine.fake import FakeEngine

__all__ = ["Answer", "Batch", "Engine", "Enough", "FakeEngine"]

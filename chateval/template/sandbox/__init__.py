"""Rendering of untrusted chat templates, in another process with limits on time, memory and size."""

from chateval.template.sandbox.chat import Chat, Rendered, RenderError
from chateval.template.sandbox.client import Sandbox, sandbox

__all__ = [
    "Chat",
    "RenderError",
    "Rendered",
    "Sandbox",
    "sandbox",
]

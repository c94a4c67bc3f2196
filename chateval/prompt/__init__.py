"""Prompts: exactly what a checkpoint sees."""

from chateval.prompt.build import OverflowPolicy, PromptOptions, build_prompts
from chateval.prompt.messages import message_prompts
from chateval.prompt.system import SystemPolicy

__all__ = ["OverflowPolicy", "PromptOptions", "SystemPolicy", "build_prompts", "message_prompts"]

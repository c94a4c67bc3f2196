"""Prompts: exactly what a checkpoint sees."""

from chateval.prompt.budget import OverflowPolicy
from chateval.prompt.build import PromptOptions, build_prompts
from chateval.prompt.messages import message_prompts
from chateval.prompt.system import SystemPolicy
from chateval.prompt.tools import NOTHING, ToolCarriage, carriage_faults, find_carriage

__all__ = [
    "NOTHING",
    "OverflowPolicy",
    "PromptOptions",
    "SystemPolicy",
    "ToolCarriage",
    "build_prompts",
    "carriage_faults",
    "find_carriage",
    "message_prompts",
]

"""Dialogues: what is said to a model after its answer, by the tools it calls and by users, until nobody has to add."""

from chateval.dialogue.python_tools import PythonTools, ToolLimits
from chateval.dialogue.talk import Move, Talk
from chateval.dialogue.tools import Called, DeclaredTools, RecordedTools, Tools
from chateval.dialogue.users import user_messages, user_turn

__all__ = [
    "Called",
    "DeclaredTools",
    "Move",
    "PythonTools",
    "RecordedTools",
    "Talk",
    "ToolLimits",
    "Tools",
    "user_messages",
    "user_turn",
]

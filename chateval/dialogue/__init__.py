"""Dialogues: what is said to a model after its answer, by the tools it calls and by users, until nobody has to add."""

from chateval.dialogue.talk import Move, Talk
from chateval.dialogue.tools import Called, RecordedTools, Tools
from chateval.dialogue.users import user_messages, user_turn

__all__ = ["Called", "Move", "RecordedTools", "Talk", "Tools", "user_messages", "user_turn"]

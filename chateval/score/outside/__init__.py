"""Scorers from outside: Python of the user's, or of a library, run in a process of its own with limits."""

from chateval.score.outside.scorer import OutsideError, bind_outside
from chateval.score.outside.worker import described

__all__ = ["OutsideError", "bind_outside", "described"]

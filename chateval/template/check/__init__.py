"""The checks of chat templates, CT001 to CT999: one small function each, in a table."""

from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.registry import CHECKS, find_check
from chateval.template.check.run import check_specimen

__all__ = ["CHECKS", "Check", "Flaw", "NotEvaluated", "check_specimen", "find_check"]

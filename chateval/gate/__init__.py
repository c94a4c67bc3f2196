"""Gates: rules over a report, and the exit code they lead to."""

from chateval.gate.check import check, exit_code
from chateval.gate.rules import check_rules

__all__ = ["check", "check_rules", "exit_code"]

"""Gates: rules over a report, and the exit code they lead to."""

from chateval.gate.check import check, check_rules, exit_code

__all__ = ["check", "check_rules", "exit_code"]

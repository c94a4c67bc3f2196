"""Scorers: pure functions of one case."""

from chateval.score.registry import AUDIT, PROMPT_AUDIT, SCORERS, bind, families

__all__ = ["AUDIT", "PROMPT_AUDIT", "SCORERS", "bind", "families"]

"""Scorers: pure functions of one case. Measures: figures over all cases of a task."""

from chateval.score.measure import Measure, bind_measure
from chateval.score.registry import (
    AUDIT,
    PROMPT_AUDIT,
    SCORERS,
    ask_of,
    bind,
    bind_scorer,
    family_of,
    finds_answer,
    output_of,
    reads_reference,
)

__all__ = [
    "AUDIT",
    "PROMPT_AUDIT",
    "SCORERS",
    "Measure",
    "ask_of",
    "bind",
    "bind_measure",
    "bind_scorer",
    "family_of",
    "finds_answer",
    "output_of",
    "reads_reference",
]

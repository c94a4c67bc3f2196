"""Scorers: pure functions of one case. Measures: figures over all cases of a task."""

from chateval.score.measure import Measure, bind_measure
from chateval.score.registry import (
    AUDIT,
    PROMPT_AUDIT,
    SCORERS,
    bind,
    bind_scorer,
    family_of,
    output_of,
    reads_reference,
)

__all__ = [
    "AUDIT",
    "PROMPT_AUDIT",
    "SCORERS",
    "Measure",
    "bind",
    "bind_measure",
    "bind_scorer",
    "family_of",
    "output_of",
    "reads_reference",
]

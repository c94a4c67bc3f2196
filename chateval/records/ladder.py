"""A ladder: the same model at several steps of its training, each held against the step before."""

from dataclasses import dataclass

from chateval.records.score import Comparison


@dataclass(frozen=True, slots=True)
class Rung:
    """One checkpoint of a ladder, on one scorer or measure."""

    checkpoint: str
    mean: float | None
    """Of a scorer in [0, 1], of a measure in its unit; None if there is none."""
    low: float | None
    high: float | None
    """95 % interval; None where `mean` is None."""
    n: int
    """Samples behind it."""
    step: Comparison | None = None
    """Against the rung before, which is its baseline; None for the first rung, and for measures."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """One scorer or measure of one task over the rungs, in the order of training."""

    task: str
    scorer: str
    """Label of the scorer or the measure."""
    rungs: tuple[Rung, ...]
    unit: str = ""
    """Of a measure; empty for a scorer, whose means are in [0, 1]."""
    is_less_better: bool = False

"""Rules of a gate and their outcome."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a gate: whom it speaks of, and exactly one limit."""

    task: str = "*"
    scorer: str | None = None
    """Name of a scorer, of a family of scorers, or `*`."""
    checkpoint: str = "*"
    """Name of a checkpoint; `*` is every one but the baseline."""
    min_value: float | None = None
    """Lowest mean that passes, in [0, 1]."""
    max_drop: float | None = None
    """Largest loss against the baseline that passes, in [0, 1]."""
    template: Literal["error", "warn"] | None = None
    """Asks that every prompt be well formed, whatever the scores."""
    on_inconclusive: Literal["fail", "warn"] = "fail"
    """`warn` shows an undecided rule and lets it not change the exit code."""
    min_samples: int = 10
    """Fewer scored samples than this decide nothing."""
    tag: str | None = None
    """Only the samples with this tag count."""
    max_cost: float | None = None
    """Most output tokens per answer that pass, mean over all tasks."""
    max_growth: float | None = None
    """Largest growth of the output tokens against the baseline that passes: 0.2 is a fifth more."""
    min_speed: float | None = None
    """Least prompt and output tokens per second that pass."""
    max_errors: float | None = None
    """Largest share of prompts without an answer that passes, in [0, 1]."""
    max_truncated: float | None = None
    """Largest share of answers cut at the token limit that passes, in [0, 1]."""
    max_unscored: float | None = None
    """Largest share of unscored samples of a scorer that passes, in [0, 1]."""


Outcome = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one gate rule on one checkpoint."""

    rule: str
    checkpoint: str
    outcome: Outcome
    reason: str
    is_warning: bool = False
    """The user asked that this outcome be shown and not change the exit code."""
    task: str = ""
    """The task it is about; empty for rules about a whole checkpoint."""
    scorer: str = ""

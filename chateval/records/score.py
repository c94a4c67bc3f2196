"""What answers are worth: marks, scores, estimates, figures, comparisons."""

from collections.abc import Callable
from dataclasses import dataclass

from chateval.records.answer import Case


@dataclass(frozen=True, slots=True)
class Mark:
    """What a scorer returns for one case."""

    value: float | None
    """In [0, 1]; None when it could not be scored, never 0 and never NaN."""
    answer: str | None = None
    """What the scorer took to be the answer, for the reader of the report."""
    reason: str = ""
    """Why this value, in words; required when `value` is None."""
    weight: float = 1.0
    """Share in the mean over samples, at least 0: a micro-averaged F1 is the mean of F1 weighted by 2tp + fp + fn."""


Scorer = Callable[[Case], Mark]


@dataclass(frozen=True, slots=True)
class Score:
    """A mark with its address."""

    checkpoint: str
    task: str
    scorer: str
    sample_id: str
    value: float | None
    answer: str | None = None
    reason: str = ""
    weight: float = 1.0
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean over samples with its interval."""

    checkpoint: str
    task: str
    scorer: str
    mean: float | None
    """Weighted mean in [0, 1]; None if nothing could be scored."""
    low: float | None
    high: float | None
    """95 % interval; None where `mean` is None."""
    n: int
    """Scored samples."""
    n_unscored: int
    n_clusters: int


@dataclass(frozen=True, slots=True)
class Figure:
    """What a measure came to: one number of all cases of a checkpoint and a task, in its own unit."""

    checkpoint: str
    task: str
    measure: str
    value: float | None
    """In `unit`; None if there was nothing to measure."""
    low: float | None
    high: float | None
    """95 % interval by a bootstrap over samples; None where `value` is None."""
    unit: str
    is_less_better: bool
    n: int
    """Samples measured."""
    n_unmeasured: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A candidate against the baseline, on the samples both have."""

    task: str
    scorer: str
    baseline: str
    candidate: str
    delta: float | None
    """Candidate minus baseline, in [-1, 1]; None without pairs."""
    low: float | None
    high: float | None
    """95 % paired interval of `delta`."""
    p: float | None
    """Two-sided; exact McNemar for 0/1 scores, paired permutation for the rest."""
    p_adjusted: float | None
    """`p` after Holm over all tests of the run."""
    wins: int
    losses: int
    ties: int
    n_pairs: int
    n_dropped: int
    """Samples without a value on one side or on both."""
    q: float | None = None
    """`p` after Benjamini-Hochberg over all tests of the run: the share of false finds among those at most as large."""
    detectable: float | None = None
    """Smallest absolute delta that so many pairs show with a power of 80 %, in (0, 1]."""
    n_needed: int | None = None
    """Pairs that would show a delta of this size with a power of 80 %; None where `n_pairs` do, or delta is 0."""
    n_unasked: int = 0
    """Of `n_dropped`, samples that one side was not asked, because its run took fewer of them and said so."""
    noise: float | None = None
    """Largest absolute delta that reruns of the baseline explain by themselves; None where they were not made."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A sample that one side has right (value 1) and the other has not."""

    task: str
    scorer: str
    baseline: str
    candidate: str
    sample_id: str
    won: bool
    """True if the candidate has it right, False if the baseline had."""
    baseline_value: float
    candidate_value: float
    baseline_text: str | None
    candidate_text: str | None
    """None where the run keeps no answers, such as a baseline file or a table of scores."""
    baseline_reason: str
    candidate_reason: str
    """What the scorer said of the side's answer."""
    question: str
    target: str
    cause: str = ""
    """Why the side that is not right is not: `wrong answer`, `not extractable`, `truncated`, ...; empty if unknown."""

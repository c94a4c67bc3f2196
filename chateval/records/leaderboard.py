"""What a leaderboard says of many checkpoints: their standing, who is told apart from whom, cost, training curves."""

from dataclasses import dataclass
from typing import Literal

from chateval.records.score import Estimate

By = Literal["mean", "win-rate"]
"""What the checkpoints are ranked by."""

CostName = Literal["parameters", "tokens per second", "peak memory", "output tokens per answer"]


@dataclass(frozen=True, slots=True)
class RankedTask:
    """A task that counts, on the samples that all ranked checkpoints have."""

    name: str
    scorer: str
    n_samples: int
    """Samples to which every ranked checkpoint has a value."""
    n_left_out: int
    """Samples that some of them do not have, or have not scored."""
    judges: tuple[str, ...] = ()
    """Models whose opinion the scores are; empty where they were computed from the answers."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A task or a checkpoint that does not count, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a checkpoint takes; None where nothing says."""

    n_parameters: int | None = None
    tokens_per_second: float | None = None
    """Prompt and output tokens together, loading the model included, on the machine of its run; None where the runs of
    the board have different tasks."""
    peak_bytes: int | None = None
    """Of memory; None where the runs of the board have different tasks."""
    output_tokens: float | None = None
    """Per answer, mean over the ranked tasks; None where its run has other tasks and no answers to count."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a checkpoint stands."""

    checkpoint: str
    run: str
    harness: str
    kind: str
    verdict: str
    """Of its chat template, such as `CONFORMS`; `not checked` where nobody did."""
    best_rank: int | None
    """1 + the number of checkpoints that are clearly better; None where the template is BROKEN."""
    worst_rank: int | None
    """Number of ranked checkpoints minus those that are clearly worse."""
    mean: float
    """Macro mean in [0, 1]: the mean over tasks, each task equal."""
    low: float
    high: float
    """95 % interval."""
    win_rate: float | None
    """Share of samples on which it is better than another checkpoint, ties half, mean over others and over tasks."""
    win_low: float | None
    win_high: float | None
    """95 % interval of `win_rate`; None where there is nobody to win against."""
    estimates: tuple[Estimate, ...]
    """Of each ranked task, on the shared samples."""
    cost: Cost = Cost()
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ranked checkpoints, held against each other."""

    one: str
    other: str
    delta: float
    """Macro mean (or win rate) of `one` minus that of `other`, in [-1, 1]."""
    p_adjusted: float
    """Two-sided, adjusted over all pairs."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A checkpoint on the plane of score and one cost."""

    checkpoint: str
    cost: float
    score: float
    dominated_by: str | None
    """One that costs no more and scores no less, and is better in one of the two; None on the front."""


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """Score against one cost."""

    cost: CostName
    is_less_better: bool
    points: tuple[Priced, ...]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A checkpoint of a training."""

    checkpoint: str
    step: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Checkpoints of one training over its steps."""

    name: str
    points: tuple[CurvePoint, ...]
    """By step; at least two."""
    best: str
    """The checkpoint with the highest mean, of equals the earliest."""
    p_last: float | None
    """Adjusted p of the last against the best; None where the last is the best."""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Many checkpoints of any runs in one order."""

    by: By
    scorer: str
    """`headline`: the first of each task; else the name of one."""
    tasks: tuple[RankedTask, ...]
    tasks_left_out: tuple[LeftOut, ...]
    standings: tuple[Standing, ...]
    """The ranked by score; below them those whose template is BROKEN, which have no rank."""
    unranked: tuple[LeftOut, ...]
    """Checkpoints that lack a task, or may not be compared on one."""
    pairs: tuple[Pair, ...]
    tradeoffs: tuple[Tradeoff, ...] = ()
    curves: tuple[Curve, ...] = ()
    alpha: float = 0.05
    note: str = ""
    """Why the ranked tasks are not those that all checkpoints have; empty where they are, or were chosen."""

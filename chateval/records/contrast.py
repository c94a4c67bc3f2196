"""What differs between runs and checkpoints beside their scores, and where a difference comes from."""

from dataclasses import dataclass
from typing import Literal

ChangeKind = Literal["weights", "adapter", "tokenizer", "template", "prompt", "decoding", "data", "scoring", "software"]
"""What a change can move, the strongest first."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise with the candidate than with the baseline: a line of "what changed"."""

    baseline: str
    candidate: str
    """Names of the checkpoints."""
    kind: ChangeKind
    what: str
    """Which thing, such as `transformers` or `gsm8k: max_new_tokens`."""
    before: str
    after: str
    words: str
    """The change in one line for a reader, such as `gsm8k: max_new_tokens 128 -> 256`."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What may not be compared, and why."""

    baseline: str
    candidate: str
    task: str
    scorer: str
    """`*` is every scorer of the task."""
    reason: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A comparison on a part of a task's samples: where a change comes from. Without a test of its own."""

    task: str
    scorer: str
    baseline: str
    candidate: str
    by: Literal["tag", "cluster", "prompt tokens", "output tokens"]
    label: str
    """The tag or cluster, or a range such as `101-200`."""
    delta: float
    """Candidate minus baseline on these samples, in [-1, 1]."""
    low: float
    high: float
    """95 % paired interval, not adjusted for the number of slices."""
    wins: int
    losses: int
    n_pairs: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """A change split into what the weights and what the template did, where both were crossed."""

    task: str
    scorer: str
    baseline: str
    candidate: str
    weights: float
    """Delta of the weights under the baseline's template, in [-1, 1]."""
    template: float
    """Delta of the template on the baseline's weights."""
    both: float
    """The whole delta; what `weights` and `template` leave of it is their interaction."""
    n_pairs: int


@dataclass(frozen=True, slots=True)
class Noise:
    """How far the baseline differs from itself when it is run again in other batches and with another seed."""

    task: str
    scorer: str
    n_reruns: int
    n_samples: int
    n_flips: float
    """Samples whose value differs from the first run's, mean over reruns."""
    delta: float
    """Largest absolute difference of a rerun's mean from the first run's, in [0, 1]."""

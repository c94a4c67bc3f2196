"""What a report counts beside its scores: how dialogues ended, what scorers said, which models helped."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DialogueCount:
    """The dialogues of one checkpoint in one task."""

    checkpoint: str
    task: str
    endings: Mapping[str, int]
    """Why they ended -> how many did: `answered`, or the limit that was met."""
    n_rounds: int
    """Answers of the checkpoint, in all dialogues together."""
    n_calls: int = 0
    """Calls of tools that could be read."""
    n_calls_failed: int = 0
    """Calls that a tool answered with an error."""
    n_faults: int = 0
    """Answers with a call that could not be read."""
    n_cut: int = 0
    """Dialogues that lost messages of their history."""

    @property
    def n(self) -> int:
        """Dialogues."""
        return sum(self.endings.values())


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often a scorer gave one reason: the verdicts of a scorer that has some."""

    checkpoint: str
    task: str
    scorer: str
    words: str
    """The reason up to its colon, such as `wrong tool`; `right` is of value 1, `other` of all reasons beside."""
    n: int
    """Answers, repeats counted each."""


@dataclass(frozen=True, slots=True)
class HelperSummary:
    """A model that was not under test: it judged, or played users."""

    name: str
    kind: str
    engine: str = ""
    """What answered, such as `transformers` or `openai`; empty where nothing says."""
    weights_digest: str = ""


@dataclass(frozen=True, slots=True)
class ThinkingCount:
    """How long a checkpoint thought before it answered."""

    n: int
    """Responses with thinking; of a dialogue, the last one counts."""
    mean: float | None
    """Tokens of thinking, marks included; None where the server does not count tokens."""
    p95: int | None
    """Tokens of thinking that 95% of the responses do not exceed."""
    answer_mean: float | None
    """Tokens of the answers behind thinking; None if no thinking was closed."""
    answer_p95: int | None
    n_estimated: int = 0
    """Responses whose tokens of thinking are reckoned by the share of characters, since nobody counted them."""

"""Options of a judge's scorer -> how its judges are asked."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from chateval.codec import digest
from chateval.score.judge.words import PAIR, RATING

Against = Literal["baseline", "target"]


@dataclass(frozen=True, slots=True)
class JudgeAsk:
    """How judges are asked about an answer."""

    judges: tuple[str, ...]
    """Names of helpers, or of checkpoints of the run."""
    rubric: str
    """What counts, in words for the judge."""
    template: str
    """Jinja over `question`, `answer` (or `first` and `second`), `target`, `rubric`, `mark`, `low` and `high`."""
    is_ours: bool
    """Whether the template ships with the package."""
    max_new_tokens: int
    against: Against | None = None
    """Whose answer the other one of a pair is; None where answers are rated alone."""
    scale: tuple[float, float] = (0.0, 1.0)
    """Worst and best rating; of pairs, not used."""

    @property
    def digest(self) -> str:
        """What was asked, whoever was asked; judgements of another question are not read."""
        asked = asdict(self)
        del asked["judges"], asked["is_ours"]
        return digest(asked)[:16]


def rating_ask(
    *, judges: Sequence[str], rubric: str, template: str, scale: Sequence[float], max_new_tokens: int
) -> JudgeAsk:
    """Return how answers are rated one by one; the options are those of `judge_rating`.

    Raises:
        ValueError: If an option says nothing that can be asked.
    """
    if len(scale) != 2 or not 0 <= scale[0] < scale[1] < math.inf:
        raise ValueError(f"scale: the worst and the best rating, as [1, 10], found {list(scale)}")
    low, high = map(float, scale)
    _check(judges, max_new_tokens)
    return JudgeAsk(tuple(judges), rubric, template or RATING, not template, max_new_tokens, scale=(low, high))


def pair_ask(*, judges: Sequence[str], rubric: str, template: str, against: Against, max_new_tokens: int) -> JudgeAsk:
    """Return how pairs of answers are compared; the options are those of `judge_pair`.

    Raises:
        ValueError: If an option says nothing that can be asked.
    """
    _check(judges, max_new_tokens)
    return JudgeAsk(tuple(judges), rubric, template or PAIR, not template, max_new_tokens, against)


def _check(judges: Sequence[str], max_new_tokens: int) -> None:
    if not judges or len(set(judges)) < len(judges):
        raise ValueError(f"judges: the names of one model or several, all different, found {list(judges)}")
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens: at least 1, found {max_new_tokens}")

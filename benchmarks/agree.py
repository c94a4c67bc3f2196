"""Two tools' answers to the same rows: do they say the same?"""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from benchmarks.tools import Answer, Outcome


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a peer's answers are from chateval's."""

    n: int
    """Rows that both answered."""
    n_same_prompts: int
    """Sequences of ids that both models saw, counted as often as in both."""
    n_prompts: int
    token_difference: int
    """Peer's tokens of all sequences minus chateval's."""
    accuracy: float | None
    peer_accuracy: float | None
    n_flips: int | None = None
    """Rows whose most probable choice differs; None where nothing is chosen."""
    max_difference: float | None = None
    """Largest difference between the tools in (log-probability of one choice minus that of another), in nats."""
    n_same_texts: int | None = None
    """Rows with equal text, outer white space aside; None where something is chosen."""


def compare(own: Outcome, peer: Outcome) -> Agreement:
    """Return how far a peer's answers are from chateval's.

    Log-probabilities are compared as differences between the choices of a row: the peers count the newline after
    `assistant` to the choice, which adds the same to each.
    """
    rows = sorted(own.answers.keys() & peer.answers.keys())
    pairs = [(own.answers[row], peer.answers[row]) for row in rows]
    same = Counter(own.prompts) & Counter(peer.prompts)
    choosing = any(answer.logprobs for answer, _ in pairs)
    return Agreement(
        n=len(rows),
        n_same_prompts=sum(same.values()),
        n_prompts=len(own.prompts),
        token_difference=sum(n for n, _ in peer.prompts) - sum(n for n, _ in own.prompts),
        accuracy=own.accuracy,
        peer_accuracy=peer.accuracy,
        n_flips=sum(_best(a) != _best(b) for a, b in pairs) if choosing else None,
        max_difference=max((_difference(a, b) for a, b in pairs), default=0.0) if choosing else None,
        n_same_texts=None if choosing else sum(a.text.strip() == b.text.strip() for a, b in pairs),
    )


def _best(answer: Answer) -> int:
    return max(range(len(answer.logprobs)), key=answer.logprobs.__getitem__)


def _difference(own: Answer, peer: Answer) -> float:
    gaps = [a - b for a, b in zip(own.logprobs, peer.logprobs, strict=True)]
    return max((abs(a - b) for a, b in combinations(gaps, 2)), default=0.0)

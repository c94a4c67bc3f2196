"""Responses -> how long a checkpoint thought, and how long it then answered."""

from collections import Counter
from dataclasses import dataclass, field

from chateval.records import Response, ThinkingCount


@dataclass(slots=True)
class ThinkingSums:
    """Lengths of the responses with thinking, counted as they go by."""

    n: int = 0
    n_estimated: int = 0
    thinking: Counter[int] = field(default_factory=Counter)
    """Tokens of thinking -> responses that have so many."""
    answer: Counter[int] = field(default_factory=Counter)

    def take(self, response: Response) -> None:
        """Take in a response whose thinking is apart; tokens that nobody counted are reckoned by characters."""
        if not response.reasoning and not response.is_incomplete:
            return
        self.n += 1
        n_tokens, n_thinking = len(response.output_ids), response.n_reasoning_tokens
        if n_thinking is None and not n_tokens:
            return
        if n_thinking is None:
            share = 1.0 if response.is_incomplete else _share(response)
            self.n_estimated += 1
            n_thinking = round(n_tokens * share)
        self.thinking[n_thinking] += 1
        if n_tokens and not response.is_incomplete:
            self.answer[max(0, n_tokens - n_thinking)] += 1

    def found(self) -> ThinkingCount | None:
        """Return the lengths; None for a checkpoint that never thought."""
        if not self.n:
            return None
        return ThinkingCount(
            n=self.n,
            n_estimated=self.n_estimated,
            mean=_mean(self.thinking),
            p95=_p95(self.thinking),
            answer_mean=_mean(self.answer),
            answer_p95=_p95(self.answer),
        )


def _share(response: Response) -> float:
    return len(response.reasoning) / max(1, len(response.reasoning) + len(response.text))


def _mean(lengths: Counter[int]) -> float | None:
    n = lengths.total()
    return sum(length * count for length, count in lengths.items()) / n if n else None


def _p95(lengths: Counter[int]) -> int | None:
    """Return the least length that 95% of the responses do not exceed."""
    left = -(-lengths.total() * 95 // 100)
    for length in sorted(lengths):
        left -= lengths[length]
        if left <= 0:
            return length
    return None

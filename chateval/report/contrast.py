"""What changed and where it comes from, looked up in a report for the outputs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chateval.records import CheckpointSummary, Comparison, Refusal, Report, Slice

_SHORT_DTYPES = ("bfloat16", "float16")
_OTHERS_BATCHES = {"vllm": "vLLM", "openai": "an endpoint"}
"""Engines whose batches are not chateval's to choose -> in words."""
SHOWN_SLICES = 12
"""Parts of the samples that a table names; report.json has all."""
_NOTEWORTHY = 0.05
"""Least distance of a part's delta from the whole delta that is named, in [0, 2]."""

SLICES = (
    "Parts of the samples on which the difference is farthest from that of the whole task. They describe, they test "
    "nothing: intervals are not adjusted for the number of parts."
)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change, with all candidates that it is true of."""

    kind: str
    words: str
    candidates: tuple[str, ...]


def change_lines(report: Report) -> list[ChangeLine]:
    """Return each change once, in the report's order within its candidates."""
    found: dict[tuple[str, str], list[str]] = {}
    for change in report.changes:
        found.setdefault((change.kind, change.words), []).append(change.candidate)
    return [ChangeLine(kind, words, tuple(names)) for (kind, words), names in found.items()]


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """A reason not to compare, with all tasks, scorers and candidates that it holds for."""

    candidates: tuple[str, ...]
    measures: tuple[str, ...]
    """`task`, or `task/scorer`."""
    reason: str


def refusal_lines(report: Report) -> list[RefusalLine]:
    """Return each reason once."""
    found: dict[str, list[Refusal]] = {}
    for refusal in report.refusals:
        found.setdefault(refusal.reason, []).append(refusal)
    return [
        RefusalLine(_unique(one.candidate for one in group), _unique(map(_measure, group)), reason)
        for reason, group in found.items()
    ]


def _measure(refusal: Refusal) -> str:
    return refusal.task if refusal.scorer == "*" else f"{refusal.task}/{refusal.scorer}"


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class CauseLine:
    """Why samples flipped one way, for a candidate and a scorer."""

    candidate: str
    task: str
    scorer: str
    won: bool
    """True: why the baseline was not right; False: why the candidate is not."""
    causes: tuple[tuple[str, int], ...]
    """With the number of samples, the most frequent first."""


def cause_lines(report: Report) -> list[CauseLine]:
    """Return why samples flipped, losses before wins, in the order of tasks and scorers; nothing without causes."""
    found: dict[tuple[str, str, str, bool], Counter[str]] = {}
    for flip in report.flips:
        if flip.cause:
            found.setdefault((flip.candidate, flip.task, flip.scorer, flip.won), Counter())[flip.cause] += 1
    order = {(task.name, scorer): i for i, task in enumerate(report.tasks) for scorer in task.scorers}
    lines = [CauseLine(*key, causes=tuple(counts.most_common())) for key, counts in found.items()]
    return sorted(lines, key=lambda line: (line.won, order.get((line.task, line.scorer), 0)))


def noteworthy_slices(report: Report) -> list[tuple[Slice, Comparison]]:
    """Return the slices that stand apart from their whole comparison, what is farthest for its size first."""
    whole = {(c.candidate, c.task, c.scorer): c for c in report.comparisons}
    found: list[tuple[float, Slice, Comparison]] = []
    for part in report.slices:
        comparison = whole.get((part.candidate, part.task, part.scorer))
        if comparison is not None and comparison.delta is not None:
            distance = abs(part.delta - comparison.delta)
            if distance >= _NOTEWORTHY:
                found.append((distance * part.n_pairs**0.5, part, comparison))
    return [(part, comparison) for _, part, comparison in sorted(found, key=lambda one: -one[0])][:SHOWN_SLICES]


def noise_lines(report: Report) -> list[str]:
    """Return how far the baseline differs from itself, scorers of which nothing flipped in one line."""
    lines, quiet = [], dict[tuple[int, int], list[str]]()
    for one in report.noise:
        place = f"{one.task}/{one.scorer}"
        if not one.n_flips and not one.delta:
            quiet.setdefault((one.n_samples, one.n_reruns), []).append(place)
            continue
        times = "in 1 rerun" if one.n_reruns == 1 else f"in each of {one.n_reruns} reruns, on average"
        moved = f"the mean moved by up to {one.delta:.3f}"
        lines.append(f"{one.n_flips:g} of {one.n_samples} samples flipped {times}, {moved}: {place}")
    for (n_samples, n_reruns), places in quiet.items():
        reruns = f"{n_reruns} rerun{'s' if n_reruns > 1 else ''}"
        lines.append(f"0 of {n_samples} samples flipped in {reruns}: {', '.join(places)}")
    return lines


def rounding_line(report: Report) -> str:
    """Return which answers may differ by the company they were computed in; empty where none do, or it was measured."""
    if report.noise:
        return ""
    found: dict[str, list[str]] = {}
    for one in report.checkpoints:
        way = _rounded_way(one)
        if way:
            found.setdefault(way, []).append(one.name)
    if not found:
        return ""
    ways = "; ".join(f"{way} ({', '.join(names)})" for way, names in found.items())
    return (
        f"In {ways} answers may differ with the composition of batches, even greedy ones; --noise N measures how much"
    )


def _rounded_way(one: CheckpointSummary) -> str:
    """Return how a checkpoint answered where near-ties between tokens may fall either way; empty where they do not."""
    if one.engine in _OTHERS_BATCHES:
        return _OTHERS_BATCHES[one.engine]
    return one.dtype if one.engine and not one.is_fake and one.dtype in _SHORT_DTYPES else ""


def causes_words(causes: Sequence[tuple[str, int]]) -> str:
    """Return causes in one line, such as `19 malformed, 3 truncated`."""
    return ", ".join(f"{n} {cause}" for cause, n in causes)

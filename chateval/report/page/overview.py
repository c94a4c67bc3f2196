"""Report -> what the template of the overview shows: shades, drawn intervals, causes and flips in groups."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from chateval.findings import Finding
from chateval.records import Comparison, Flip, Report, Run, Slice
from chateval.report.tables import FlipGroup, flip_groups
from chateval.report.words import MARKS, standing
from chateval.template.output.words import evidence_lines

STEPS = 8
"""Shades of each side of the heat map."""
SHOWN_FLIPS = 10
"""Flips of each group that stand in the page itself; the sample browser has all of them."""
SHOWN_CHARACTERS = 1_500
"""Characters that the overview shows of a text."""
SHOWN_SLICES = 100
"""Slices that are listed, those with the largest difference first."""
WIDTH = 240
"""Of a drawn interval, in SVG units."""
_MARGIN = 6


@dataclass(frozen=True, slots=True)
class Whisker:
    """Where the parts of an interval lie in its drawing."""

    low: float
    middle: float
    high: float
    zero: float


def scale(report: Report) -> float:
    """Return the largest bound of any difference, in (0, 1]: where the drawings end on both sides."""
    found: list[Comparison | Slice] = [*report.comparisons, *report.slices]
    bounds = [abs(bound) for one in found for bound in (one.low, one.delta, one.high) if bound is not None]
    return max(bounds, default=0) or 1.0


def whisker(found: Comparison | Slice, reach: float) -> Whisker:
    """Return the drawing of a difference on an axis from -reach to +reach."""

    def place(value: float | None) -> float:
        return round(_MARGIN + ((value or 0.0) / reach + 1) / 2 * (WIDTH - 2 * _MARGIN), 1)

    return Whisker(place(found.low), place(found.delta), place(found.high), place(0.0))


def shade(found: Comparison | None, reach: float) -> str:
    """Return the class of a heat map's cell: `up-N` or `down-N` by the difference from the baseline, N in 1..STEPS."""
    if found is None or not found.delta:
        return "level"
    step = max(1, min(STEPS, round(abs(found.delta) / reach * STEPS)))
    return f"{'up' if found.delta > 0 else 'down'}-{step}"


def mark(found: Comparison) -> str:
    """Return the sign of a difference, such as `▲`; empty where nothing can be told."""
    word = standing(found)
    return "" if word in ("unclear", "not compared") else MARKS[word]


@dataclass(frozen=True, slots=True)
class Flips:
    """Flips of one candidate on one scorer in one direction, the first ones with their texts."""

    group: FlipGroup
    shown: tuple[Flip, ...]


def flips(report: Report) -> Iterator[Flips]:
    """Yield the groups of flips, losses first."""
    for group in flip_groups(report):
        yield Flips(group, group.flips[:SHOWN_FLIPS])


@dataclass(frozen=True, slots=True)
class FlipCell:
    """How many samples a candidate lost and won on one scorer, with the addresses that show them."""

    n_lost: int
    n_won: int
    lost: str
    won: str
    """Fragments such as `#samples?task=gsm8k&scorer=number&candidate=sft&flip=won`."""


def flip_lines(report: Report) -> Iterator[tuple[str, str, list[FlipCell]]]:
    """Yield task, scorer and a cell for each candidate, where at least one sample flipped."""
    counts = Counter((flip.task, flip.scorer, flip.candidate, flip.won) for flip in report.flips)
    for task, scorer in _scorers(report):
        cells = []
        for candidate in _candidates(report):
            key = (task, scorer, candidate)
            cells.append(_cell(counts[*key, False], counts[*key, True], task=task, scorer=scorer, candidate=candidate))
        if any(cell.n_lost or cell.n_won for cell in cells):
            yield task, scorer, cells


def causes(report: Report) -> list[str]:
    """Return the causes of flips, the most frequent first; empty where none is known."""
    return [cause for cause, _ in Counter(flip.cause for flip in report.flips if flip.cause).most_common()]


def cause_lines(report: Report) -> Iterator[tuple[str, str, str, list[FlipCell]]]:
    """Yield candidate, task, scorer and a cell for each cause, where at least one sample flipped for a known one."""
    counts = Counter((flip.candidate, flip.task, flip.scorer, flip.cause, flip.won) for flip in report.flips)
    for candidate in _candidates(report):
        for task, scorer in _scorers(report):
            cells = []
            for cause in causes(report):
                key = (candidate, task, scorer, cause)
                asked = {"task": task, "scorer": scorer, "candidate": candidate, "cause": cause}
                cells.append(_cell(counts[*key, False], counts[*key, True], **asked))
            if any(cell.n_lost or cell.n_won for cell in cells):
                yield candidate, task, scorer, cells


def sample_link(**asked: str) -> str:
    """Return the address that shows samples in the browser of samples, such as `#samples?task=gsm8k`."""
    return f"#samples?{urlencode(asked, errors='replace')}"


def _cell(n_lost: int, n_won: int, **asked: str) -> FlipCell:
    lost, won = (sample_link(**asked, flip=flip) for flip in ("lost", "won"))
    return FlipCell(n_lost, n_won, lost, won)


def _candidates(report: Report) -> list[str]:
    return [checkpoint.name for checkpoint in report.checkpoints if checkpoint.name != report.baseline]


def _scorers(report: Report) -> list[tuple[str, str]]:
    return [(task.name, scorer) for task in report.tasks for scorer in task.scorers]


def slices(report: Report) -> list[Slice]:
    """Return the slices to be listed, the largest difference first."""
    return sorted(report.slices, key=lambda one: -abs(one.delta))[:SHOWN_SLICES]


def evidence(found: Finding) -> list[str]:
    """Return what stands behind a finding, a line each."""
    return list(evidence_lines(found))


def short(text: str) -> str:
    """Return the beginning of a text, and how much is left out."""
    rest = len(text) - SHOWN_CHARACTERS
    return text if rest <= 0 else f"{text[:SHOWN_CHARACTERS]} [... {rest:,} more characters]"


def libraries(runs: Sequence[Run]) -> list[tuple[str, str, str]]:
    """Return name, harness and main library versions of each run."""
    found = []
    for run in runs:
        versions = run.manifest.get("libraries")
        known = versions if isinstance(versions, dict) else {}
        named = [f"{name} {known[name]}" for name in ("torch", "transformers", "peft", "vllm") if known.get(name)]
        found.append((run.name, run.harness, ", ".join(named)))
    return found

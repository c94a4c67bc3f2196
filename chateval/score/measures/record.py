"""What a measure is: rows collected from samples, and a figure finished from their sum."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chateval.records import Case, Mark, Output

Floats = NDArray[np.float64]
Row = tuple[float, ...]
Collect = Callable[[Sequence[Case], Sequence[Mapping[str, Mark]]], Row | None]
Finish = Callable[[Floats], float | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure over the samples of one checkpoint and task.

    It depends on the samples only through the sum of what each one adds, so that resampling draws rows and scores
    nothing twice.
    """

    name: str
    """As in the report; with the option that sets it apart, as `pass_at_8`."""
    unit: str
    """With its range, as `BLEU, 0 to 100`."""
    is_less_better: bool
    collect: Collect
    """All repeats of one sample, and of each its marks by the label of the scorer -> the sample's row, shape [n_stats],
    of one length over the run; None where the sample has nothing to add, which leaves it out of n."""
    finish: Finish
    """The sum of the rows, shape [n_stats] -> the figure, finite; None where the sum says nothing."""
    needs: tuple[str, ...] = ()
    """Labels of the scorers whose marks it reads."""
    min_repeats: int = 1
    """Fewest answers per sample that it can be taken from."""
    output: Output | None = None
    """The output of a task that it can be taken from; None for either."""
    reads_reference: bool = False
    """Whether it reads what the baseline answered to the same sample."""
    tags: frozenset[str] = frozenset()
    """Which samples it is about: those with one of the tags, all without any. Others are not counted as left out."""
    is_mean: bool = False
    """Whether a row is (value in [0, 1], 1) and the figure their mean, to which the intervals of means apply."""


def from_cases(collect: Callable[[Sequence[Case]], Row | None]) -> Collect:
    """Return a `collect` that looks at the cases alone."""
    return lambda cases, marks: collect(cases)


def from_marks(collect: Callable[[Sequence[Mapping[str, Mark]]], Row | None]) -> Collect:
    """Return a `collect` that looks at the marks alone."""
    return lambda cases, marks: collect(marks)


def mean(sums: Floats) -> float | None:
    """Return the mean of rows (value, 1); None of none."""
    return float(sums[0] / sums[1]) if sums[1] > 0 else None

"""95 % intervals of samples answered several times, by resampling samples and the repeats within them."""

from collections.abc import Iterator, Sequence

import numpy as np

from chateval.stats.interval import Interval
from chateval.stats.resample import SEED
from chateval.stats.spread import Floats

DRAWS = 2_000
_CELLS = 4_000_000
"""Most values held at a time."""


def hierarchical_interval(
    values: Sequence[Floats], baseline: Sequence[Floats] | None = None, *, same_samples: bool = False
) -> Interval | None:
    """Return the 95 % percentile interval of the mean over samples of their repeats, or of a paired difference.

    By default for other samples of the same kind: samples are drawn, then repeats within each. Drawing both counts
    the spread of repeats twice, so that the interval is on the wide side; with some ten samples or more
    `mean_interval` of the samples' means is right and narrower, for the spread of repeats is in them. With
    `same_samples` the samples stay and only repeats are drawn: what would change if *these* samples were asked again,
    which few samples with many repeats can say and resampled samples cannot.

    Args:
        values: The repeats of each sample, each of shape [n_repeats], at least one; n_repeats may differ.
        baseline: Repeats of the same samples in the same order; None for the interval of the mean itself.
        same_samples: Whether the samples are all there are.

    Returns:
        (low, high); None for fewer than two samples, or with `same_samples` where no sample has two repeats: they
        show no spread.

    Raises:
        ValueError: If a sample has no repeat, or the sides have not the same number of samples.

    Source:
        Davison and Hinkley (1997), Bootstrap Methods and their Application, section 3.8.
    """
    sides = [values] if baseline is None else [values, baseline]
    if len({len(side) for side in sides}) > 1:
        raise ValueError(f"{len(sides[0])} samples of the candidate, {len(sides[1])} of the baseline")
    if any(len(repeats) == 0 for side in sides for repeats in side):
        raise ValueError("a sample without repeats")
    n = len(values)
    is_silent = all(len(repeats) < 2 for side in sides for repeats in side) if same_samples else n < 2
    if n == 0 or is_silent:
        return None
    generator = np.random.default_rng(SEED)
    widest = max(len(repeats) for side in sides for repeats in side)
    figures = []
    for size in _chunks(n * widest):
        drawn = np.tile(np.arange(n), (size, 1)) if same_samples else generator.integers(0, n, size=(size, n))
        means = [_redrawn(side, drawn, generator) for side in sides]
        figures.append(means[0] - means[1] if len(means) > 1 else means[0])
    low, high = np.percentile(np.concatenate(figures), (2.5, 97.5))
    return float(low), float(high)


def _redrawn(repeats: Sequence[Floats], drawn: np.ndarray, generator: np.random.Generator) -> Floats:
    """Return the mean over drawn samples of the means of their redrawn repeats, shape [draws]."""
    lengths = np.array([len(values) for values in repeats])
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    flat = np.concatenate(repeats)
    width = int(lengths.max())
    places = (generator.random((*drawn.shape, width)) * lengths[drawn][..., None]).astype(np.int64)
    taken = flat[starts[drawn][..., None] + places]
    is_there = np.arange(width) < lengths[drawn][..., None]
    found: Floats = ((taken * is_there).sum(axis=-1) / lengths[drawn]).mean(axis=-1)
    return found


def _chunks(cells: int) -> Iterator[int]:
    size = max(1, _CELLS // cells)
    for start in range(0, DRAWS, size):
        yield min(size, DRAWS - start)

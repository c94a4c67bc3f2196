"""95 % intervals of figures that are finished from a sum over samples, by resampling the samples' rows."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chateval.stats.interval import Interval
from chateval.stats.spread import Floats

SEED = 20_250_101
DRAWS = 2_000
_MOST_ROWS = 50_000
"""With more rows than this, random groups of them are drawn: one row drawn 2,000 times takes some 0.4 ms."""
_GROUPS = 10_000
_CELLS = 4_000_000
"""Most counts held at a time."""

Finish = Callable[[Floats], float | None]


def bootstrap(
    rows: Floats,
    finish: Finish,
    *,
    clusters: Sequence[str] | None = None,
    seed: int = SEED,
    n_draws: int = DRAWS,
) -> Interval | None:
    """Return the 95 % percentile interval of a figure over resampled rows.

    Args:
        rows: What each sample adds, shape [n_samples, n_stats].
        finish: The sum of rows, shape [n_stats] -> the figure; None where that sum says nothing: such draws are left
            out.
        clusters: Cluster of each sample, length n_samples; clusters are then drawn whole. None draws samples.
        seed: Of the generator; equal seeds draw alike for equal n_samples.
        n_draws: At least 1.

    Returns:
        (low, high), low equal to high where every row is the same; None for fewer than two samples or clusters,
        which show no spread, and where no draw had a figure.

    Source:
        Koehn (2004), "Statistical Significance Tests for Machine Translation Evaluation", section 3.
    """
    if clusters is not None:
        rows = sum_clusters(rows, clusters)
    rows = _grouped(rows, seed)
    if len(rows) < 2:
        return None
    figures = [finish(sums) for counts in _draws(len(rows), seed, n_draws) for sums in counts @ rows]
    return _percentiles([figure for figure in figures if figure is not None])


def bootstrap_difference(
    candidate: Floats, baseline: Floats, finish: Finish, *, seed: int = SEED, n_draws: int = DRAWS
) -> Interval | None:
    """Return the 95 % percentile interval of candidate minus baseline, the same samples drawn on both sides.

    Args:
        candidate: What each sample adds, shape [n_samples, n_stats].
        baseline: The same samples in the same order, shape [n_samples, n_stats].
        finish: As in `bootstrap`.
        seed: Of the generator.
        n_draws: At least 1.

    Returns:
        (low, high); None for fewer than two samples, and where no draw had a figure on both sides.

    Raises:
        ValueError: If the sides have not the same number of samples.
    """
    if len(candidate) != len(baseline):
        raise ValueError(f"{len(candidate)} rows of the candidate, {len(baseline)} of the baseline")
    if len(candidate) < 2:
        return None
    candidate, baseline = _grouped(candidate, seed), _grouped(baseline, seed)
    deltas = []
    for counts in _draws(len(candidate), seed, n_draws):
        for ours, theirs in zip(counts @ candidate, counts @ baseline, strict=True):
            high, low = finish(ours), finish(theirs)
            if high is not None and low is not None:
                deltas.append(high - low)
    return _percentiles(deltas)


def sum_clusters(rows: Floats, labels: Sequence[str]) -> Floats:
    """Return one row per cluster, the sum of its samples' rows, so that resampling draws clusters.

    Args:
        rows: Shape [n_samples, n_stats].
        labels: Cluster of each sample, length n_samples.

    Returns:
        Shape [n_clusters, n_stats], clusters in the order of their first sample.
    """
    order = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    sums = np.zeros((len(order), rows.shape[1]))
    np.add.at(sums, [order[label] for label in labels], rows)
    return sums


def _draws(n: int, seed: int, n_draws: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each of n rows was drawn, shape [draws, n], in chunks of bounded memory."""
    generator = np.random.default_rng(seed)
    size = max(1, _CELLS // n)
    for start in range(0, n_draws, size):
        shape = min(size, n_draws - start)
        yield generator.multinomial(n, np.full(n, 1 / n), size=shape).astype(np.float64)


def _grouped(rows: Floats, seed: int) -> Floats:
    """Return the sums of as many random groups as are drawn in seconds; resampling them says the same of many rows."""
    if len(rows) <= _MOST_ROWS:
        return rows
    places = np.random.default_rng(seed).permutation(len(rows)) % _GROUPS
    columns = [np.bincount(places, weights=column, minlength=_GROUPS) for column in rows.T]
    return np.stack(columns, axis=1)


def _percentiles(figures: Sequence[float]) -> Interval | None:
    known = [figure for figure in figures if math.isfinite(figure)]
    if not known:
        return None
    low, high = np.percentile(known, (2.5, 97.5))
    return float(low), float(high)

"""Agreement of raters: Cohen's kappa, Krippendorff's alpha, correlations; from sums, for resampling."""

from collections.abc import Callable

import numpy as np

from chateval.stats.resample import DRAWS, SEED
from chateval.stats.spread import Floats


def kappa(table: Floats) -> float | None:
    """Return Cohen's kappa: agreement of two raters beyond what their habits bring about; 1 at best, 0 for chance.

    Args:
        table: How often the first rater said the class of the row and the second that of the column, shape [k, k].

    Returns:
        At most 1; None of no ratings, and where both said one class throughout, which shows nothing.

    Source:
        Cohen (1960), "A coefficient of agreement for nominal scales".
    """
    n = float(table.sum())
    if n <= 0:
        return None
    seen = float(np.trace(table)) / n
    chance = float(table.sum(axis=1) @ table.sum(axis=0)) / (n * n)
    return (seen - chance) / (1 - chance) if chance < 1 else None


N_ALPHA = 4
"""Numbers that `alpha_row` gives."""


def alpha_row(ratings: Floats) -> tuple[float, ...]:
    """Return what one answer adds to `interval_alpha`: (its disagreement, ratings, their sum, sum of squares).

    Args:
        ratings: Of one answer, NaN where a rater said nothing, shape [n_raters].

    Returns:
        Zeros for fewer than two ratings, which cannot agree.
    """
    said = ratings[~np.isnan(ratings)]
    n = len(said)
    if n < 2:
        return (0.0,) * N_ALPHA
    total, squares = float(said.sum()), float(said @ said)
    return 2 * (n * squares - total * total) / (n - 1), float(n), total, squares


def interval_alpha(sums: Floats) -> float | None:
    """Return Krippendorff's alpha for ratings whose differences mean something, of any number of raters.

    Args:
        sums: Of the rows of all answers, shape [4].

    Returns:
        At most 1, 0 for chance; None of no ratings, and where all are the same.

    Source:
        Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section D, the interval metric.
    """
    apart, n, total, squares = map(float, sums)
    chance = 2 * (n * squares - total * total) / (n - 1) if n > 1 else 0.0
    return 1 - apart / chance if chance > 1e-12 * max(squares, 1.0) else None


N_MOMENTS = 6
"""Numbers that `moments` gives."""


def moments(x: float, y: float) -> tuple[float, ...]:
    """Return what one pair adds to `pearson`."""
    return 1.0, x, y, x * x, y * y, x * y


def pearson(sums: Floats) -> float | None:
    """Return the correlation of pairs, in [-1, 1]; None where either side does not vary.

    Args:
        sums: Of the `moments` of all pairs, shape [6].
    """
    n, x, y, xx, yy, xy = map(float, sums)
    if n < 2:
        return None
    spread_x, spread_y = n * xx - x * x, n * yy - y * y
    if spread_x <= 1e-12 * max(n * xx, 1e-300) or spread_y <= 1e-12 * max(n * yy, 1e-300):
        return None
    return float(np.clip((n * xy - x * y) / np.sqrt(spread_x * spread_y), -1, 1))


def pearson_of(x: Floats, y: Floats) -> float | None:
    """Return the correlation of pairs, in [-1, 1]; None where either side does not vary.

    Args:
        x: Shape [n].
        y: Shape [n].
    """
    return pearson(np.array([moments(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]).sum(axis=0))


def resampled(
    pair: tuple[Floats, Floats], figure: Callable[[Floats, Floats], float | None], *, n_draws: int = DRAWS
) -> tuple[float, float] | None:
    """Return the 95 % percentile interval of a figure of pairs that is no function of sums, by drawing pairs again.

    Args:
        pair: Shape [n] each.
        figure: None of a draw that says nothing, which is left out.
        n_draws: At least 1.

    Returns:
        (low, high); None for fewer than two pairs, and where no draw had a figure.
    """
    x, y = pair
    if len(x) < 2:
        return None
    generator = np.random.default_rng(SEED)
    draws = (generator.integers(0, len(x), size=len(x)) for _ in range(n_draws))
    found = [value for places in draws if (value := figure(x[places], y[places])) is not None]
    if not found:
        return None
    low, high = np.percentile(found, (2.5, 97.5))
    return float(low), float(high)


def spearman(x: Floats, y: Floats) -> float | None:
    """Return the rank correlation of pairs, ties at their middle rank, in [-1, 1]; None where either does not vary.

    Args:
        x: Shape [n].
        y: Shape [n].
    """
    return pearson_of(_ranks(x), _ranks(y)) if len(x) else None


def _ranks(values: Floats) -> Floats:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2)[places]
    return ranks

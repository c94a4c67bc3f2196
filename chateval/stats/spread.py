"""How far means vary from one draw of samples to the next: standard errors, over samples or clusters of them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def standard_error(values: Floats, weights: Floats | None = None, labels: Sequence[str] | None = None) -> float | None:
    """Return the standard error of a weighted mean; samples of one cluster count as one witness.

    Args:
        values: Shape [n].
        weights: At least 0, shape [n]; None weighs all the same.
        labels: Cluster of each sample, length n; None makes each its own.

    Returns:
        In the unit of `values`, at least 0; None for fewer than two samples (clusters) of weight.

    Source:
        Miller (2024), "Adding Error Bars to Evals", section 2.2, with the factor G / (G - 1) for G clusters; without
        clusters the standard deviation (n - 1) over the root of n.
    """
    weights = np.ones(len(values)) if weights is None else weights
    if len(values) == 0 or weights.sum() <= 0:
        return None
    moved = influence(values, weights)
    if labels is not None:
        order = {label: index for index, label in enumerate(dict.fromkeys(labels))}
        places = np.array([order[label] for label in labels])
        moved = np.bincount(places, weights=moved, minlength=len(order)).astype(np.float64)
        weights = np.bincount(places, weights=weights, minlength=len(order)).astype(np.float64)
    units = n_units(weights)
    return root_sum(moved, units) if units > 1 else None


def paired_error(candidate: Floats, baseline: Floats, weights: tuple[Floats, Floats]) -> tuple[float, float]:
    """Return the standard error of candidate minus baseline over pairs, and its degrees of freedom.

    Args:
        candidate: Shape [n].
        baseline: Of the same samples in the same order, shape [n].
        weights: Of candidate and baseline, shape [n] each; either must sum to more than 0.

    Returns:
        (standard error, 0 for a single pair; degrees of freedom, at least 1).
    """
    w1, w0 = weights
    moved = influence(candidate, w1) - influence(baseline, w0)
    return root_sum(moved, n_units(w1 + w0)), freedom((w1 / w1.sum() + w0 / w0.sum()) / 2)


def influence(values: Floats, weights: Floats) -> Floats:
    """Return how far each sample moves the weighted mean, to first order; the squares sum to its variance."""
    mean = float(values @ weights) / float(weights.sum())
    moved: Floats = weights * (values - mean) / weights.sum()
    return moved


def n_units(weights: Floats) -> int:
    """Return how many samples or clusters have weight."""
    return int((weights > 0).sum())


def root_sum(moved: Floats, units: int) -> float:
    """Return the root of the sum of squares, times G / (G - 1): what G units let a mean vary by; 0 for one unit."""
    return math.sqrt(float(moved @ moved) * units / (units - 1)) if units > 1 else 0.0


def freedom(shares: Floats) -> float:
    """Return the degrees of freedom of a weighted mean: Kish's effective number of samples less one, at least 1.

    Args:
        shares: Weights that sum to 1.

    Source:
        Kish (1965), Survey Sampling, section 11.7.
    """
    return max(1.0, 1.0 / float(shares @ shares) - 1.0)


def student(level: float, degrees: float) -> float:
    """Return the quantile of Student's t.

    Args:
        level: In (0, 1).
        degrees: Of freedom, above 0.
    """
    from scipy.special import stdtrit

    return float(stdtrit(degrees, level))

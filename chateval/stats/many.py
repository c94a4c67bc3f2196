"""Adjustment of p for many tests: Holm, Benjamini-Hochberg."""

import math
from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p adjusted for their number, each in [p, 1]; tests that are missing (None or NaN) do not count.

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    present = sorted((p, index) for index, p in enumerate(p_values) if p is not None and not math.isnan(p))
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, index) in enumerate(present):
        highest = max(highest, min(1.0, (len(present) - rank) * p))
        adjusted[index] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Return q of each test, in [p, 1]: the share of false finds to expect among tests whose q is at most this one.

    Tests that are missing (None or NaN) do not count.

    Source:
        Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300; computed by scipy.
    """
    adjusted: list[float | None] = [None] * len(p_values)
    present = [index for index, p in enumerate(p_values) if p is not None and not math.isnan(p)]
    if present:
        from scipy.stats import false_discovery_control

        for index, q in zip(present, false_discovery_control([p_values[index] for index in present]), strict=True):
            adjusted[index] = float(q)
    return adjusted

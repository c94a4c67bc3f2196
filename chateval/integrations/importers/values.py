"""What a scorer of another harness said -> a value in [0, 1], a number on another scale, or none and why."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chateval.integrations.importers.files import text
from chateval.stats import bootstrap

MAX_DRAWN = 5_000
"""Samples of which the interval of a figure is bootstrapped; of more it is the normal one."""
MAX_NUMBER = 1e100
"""Beyond it a number is none: no scale goes there, and its square is infinite."""
Z_95 = 1.959964

_WORDS = {"true": 1.0, "false": 0.0, "nan": math.nan}


@dataclass(frozen=True, slots=True)
class Value:
    """What a scorer of the other harness said of one answer."""

    sample_id: str
    value: Any
    """As it was written."""
    answer: str | None = None
    reason: str = ""
    repeat: int = 0


def interval(means: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the 95 % interval of the mean of values on any scale; None for fewer than two."""
    if len(means) > MAX_DRAWN:
        around = Z_95 * float(means.std(ddof=1)) / math.sqrt(len(means))
        return float(means.mean()) - around, float(means.mean()) + around
    return bootstrap(np.stack([means, np.ones(len(means))], axis=1), lambda sums: float(sums[0] / sums[1]))


def number(value: Any) -> float | None:
    """Return a value as a finite number; None where it is none."""
    if isinstance(value, str):
        value = _WORDS.get(value.strip().lower(), value)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, (bool, int, float)) or abs(value) > MAX_NUMBER:
        return None
    return None if math.isnan(value) else float(value)


def why(value: Value, fault: str) -> str:
    """Return the scorer's reason; of a value that is none, why it is none too."""
    if not fault:
        return value.reason
    return value.reason if value.value is None and value.reason else fault


def is_numeric(value: Any) -> bool:
    """Return whether a value is a number, NaN and infinity included."""
    if number(value) is not None or isinstance(value, (int, float)):
        return True
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def share(value: Any) -> tuple[float | None, str]:
    """Return a value in [0, 1], or None with why it is none."""
    found = number(value)
    if found is None:
        return None, f"no score: {'null' if value is None else text(value, limit=60)} is not a finite number"
    if not 0 <= found <= 1:
        return None, f"{found:g} is outside [0, 1]"
    return found, ""

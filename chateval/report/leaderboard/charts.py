"""Score against cost, and score over training steps -> where the parts of a drawing lie, in SVG units."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chateval.records.leaderboard import Curve, Tradeoff
from chateval.report.leaderboard.labels import Label, place_labels

WIDTH = 460
HEIGHT = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 16, 14, 40
_NAMED = 12
"""Dots of a drawing up to which all are named that there is room for; of more, those on the front."""
_DECADES = 1.0
"""A cost that spans more is drawn on a logarithmic axis."""

Place = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Dot:
    """A checkpoint on a drawing."""

    name: str
    x: float
    y: float
    is_marked: bool
    """On the front; or the best of a curve."""
    value: float
    score: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing of `WIDTH` by `HEIGHT`."""

    dots: tuple[Dot, ...]
    line: str
    """Points of a polyline through the front or the steps."""
    band: str
    """Points of a polygon around the intervals; empty without."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    labels: tuple[Label, ...] = ()
    """Names of dots; empty for a curve."""
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM


def draw_tradeoff(found: Tradeoff) -> Drawing:
    """Return the drawing of a tradeoff: cost from left to right, score upwards, a line through the front."""
    costs = [point.cost for point in found.points]
    scores = [point.score for point in found.points]
    is_log = min(costs) > 0 and math.log10(max(costs) / min(costs)) > _DECADES
    x = _across(costs, is_log=is_log)
    y = _upwards(scores)
    dots = tuple(
        Dot(point.checkpoint, x(point.cost), y(point.score), point.dominated_by is None, point.cost, point.score)
        for point in found.points
    )
    front = sorted((dot for dot in dots if dot.is_marked), key=lambda dot: (dot.x, dot.y))
    wanted = [dot for dot in dots if dot.is_marked or len(dots) <= _NAMED]
    named = [(dot.x, dot.y, dot.name) for dot in sorted(wanted, key=lambda dot: not dot.is_marked)]
    frame = (_LEFT + 2.0, 10.0, float(WIDTH), float(HEIGHT - _BOTTOM - 2))
    labels = place_labels(named, [(dot.x, dot.y) for dot in dots], frame)
    ends = (min(costs), math.sqrt(min(costs) * max(costs)) if is_log else (min(costs) + max(costs)) / 2, max(costs))
    return Drawing(
        dots,
        " ".join(f"{dot.x},{dot.y}" for dot in front),
        "",
        tuple(Tick(x(value), value) for value in ends),
        _score_ticks(scores, y),
        labels,
    )


def draw_curve(found: Curve) -> Drawing:
    """Return the drawing of a curve: steps from left to right, the mean upwards, its interval as a band."""
    steps = [float(point.step) for point in found.points]
    bounds = [bound for point in found.points for bound in (point.low, point.high)]
    x, y = _across(steps, is_log=False), _upwards(bounds)
    dots = tuple(
        Dot(point.checkpoint, x(step), y(point.mean), point.checkpoint == found.best, step, point.mean)
        for step, point in zip(steps, found.points, strict=True)
    )
    upper = [f"{x(step)},{y(point.high)}" for step, point in zip(steps, found.points, strict=True)]
    lower = [f"{x(step)},{y(point.low)}" for step, point in zip(steps, found.points, strict=True)]
    shown = steps if len(steps) <= 6 else [steps[0], steps[len(steps) // 2], steps[-1]]
    return Drawing(
        dots,
        " ".join(f"{dot.x},{dot.y}" for dot in dots),
        " ".join([*upper, *reversed(lower)]),
        tuple(Tick(x(step), step) for step in shown),
        _score_ticks(bounds, y),
    )


def _across(values: Sequence[float], *, is_log: bool) -> Place:
    scaled: Place = math.log10 if is_log else float
    return _axis(scaled(min(values)), scaled(max(values)), (_LEFT + 14, WIDTH - _RIGHT - 14), scaled)


def _upwards(scores: Sequence[float]) -> Place:
    return _axis(min(scores), max(scores), (HEIGHT - _BOTTOM - 10, _TOP + 10), float)


def _axis(low: float, high: float, ends: tuple[float, float], scaled: Place) -> Place:
    def place(value: float) -> float:
        share = (scaled(value) - low) / (high - low) if high > low else 0.5
        return round(ends[0] + share * (ends[1] - ends[0]), 1)

    return place


def _score_ticks(scores: Sequence[float], y: Place) -> tuple[Tick, ...]:
    low, high = min(scores), max(scores)
    return tuple(Tick(y(value), value) for value in dict.fromkeys((low, (low + high) / 2, high)))

"""Checkpoints of one training -> its curve: the mean over steps, the best step, and whether the last is worse."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from chateval.compare.subjects import Subject
from chateval.records.leaderboard import Curve, CurvePoint, Pair, Standing

Key = tuple[str, ...]


def find_curves(standings: Sequence[Standing], subjects: Sequence[Subject], pairs: Sequence[Pair]) -> Iterator[Curve]:
    """Yield a curve for each training that has checkpoints of two steps or more.

    One training is what shares kind, chat template, the name without its numbers and, for adapters, the base:
    `a/step-50` and `a/step-100` are one, `b/step-200` is another.
    """
    summaries = {subject.name: subject.summary for subject in subjects}
    groups: dict[Key, list[Standing]] = defaultdict(list)
    for found in standings:
        if found.step is not None:
            summary = summaries[found.checkpoint]
            base = summary.weights_digest if summary.adapter_digest else ""
            groups[summary.kind, summary.template_digest, base, _stem(found.checkpoint)].append(found)
    for series in groups.values():
        if len(series) > 1:
            yield _curve(series, pairs)


def _stem(name: str) -> str:
    return re.sub(r"\d+", "", name).strip("-_./ ")


def _curve(series: Sequence[Standing], pairs: Sequence[Pair]) -> Curve:
    ordered = sorted(series, key=lambda found: (found.step or 0, found.checkpoint))
    points = tuple(
        CurvePoint(found.checkpoint, found.step or 0, found.mean, found.low, found.high) for found in ordered
    )
    best = max(points, key=lambda point: (point.mean, -point.step))
    last = points[-1]
    p = next((pair.p_adjusted for pair in pairs if {pair.one, pair.other} == {best.checkpoint, last.checkpoint}), None)
    name = _stem(last.checkpoint) or f"{points[0].checkpoint} to {last.checkpoint}"
    return Curve(name, points, best.checkpoint, None if best is last else p)

"""Measures of the samples with one tag, and of what is lost between two tags: a curve, where tags say how far."""

from collections.abc import Mapping, Sequence

from chateval.records import Case, Mark
from chateval.score.measures.record import Floats, Measure, Row, from_marks, mean


def tag_mean(*, scorer: str, tag: str) -> Measure:
    """Return the mean of a scorer over the samples with a tag.

    Args:
        scorer: Its label.
        tag: Of samples.
    """
    return Measure(
        name=f"{scorer}, {tag}",
        unit="mean of marks, 0 to 1",
        is_less_better=False,
        collect=from_marks(lambda marks: None if (value := _mean(marks, scorer)) is None else (value, 1.0)),
        finish=mean,
        needs=(scorer,),
        tags=frozenset({tag}),
        is_mean=True,
    )


def tag_drop(*, scorer: str, before: str, after: str) -> Measure:
    """Return how much lower the mean of a scorer is on the samples of one tag than on those of another.

    Samples of one cluster, such as the same question at two depths, are drawn together, so the interval is of pairs.

    Args:
        scorer: Its label.
        before: Tag of the samples that are expected to be easier.
        after: Tag of the others.

    Raises:
        ValueError: If both are one tag.
    """
    if before == after:
        raise ValueError(f"before and after are both {before!r}")

    def collect(cases: Sequence[Case], marks: Sequence[Mapping[str, Mark]]) -> Row | None:
        value = _mean(marks, scorer)
        if value is None:
            return None
        return tuple(part for tag in (before, after) for part in ((value, 1.0) if _has(cases, tag) else (0.0, 0.0)))

    def finish(sums: Floats) -> float | None:
        return float(sums[0] / sums[1] - sums[2] / sums[3]) if sums[1] > 0 and sums[3] > 0 else None

    return Measure(
        name=f"{scorer}, {before} - {after}",
        unit="difference of means, -1 to 1",
        is_less_better=True,
        collect=collect,
        finish=finish,
        needs=(scorer,),
        tags=frozenset({before, after}),
    )


def _has(cases: Sequence[Case], tag: str) -> bool:
    return tag in cases[0].sample.tags


def _mean(marks: Sequence[Mapping[str, Mark]], scorer: str) -> float | None:
    """Return the mean over the repeats of a sample; None where none could be scored."""
    values = [value for of in marks if (value := of[scorer].value) is not None]
    return sum(values) / len(values) if values else None

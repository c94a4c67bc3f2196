"""Means of tagged samples, and what is lost from one tag to another."""

from dataclasses import replace

import numpy as np
import pytest
from answers import answered, marks

from chateval.errors import TaskError
from chateval.pipeline.mark import Marked
from chateval.pipeline.measure import Measuring
from chateval.records import Mark
from chateval.score import bind_measure


def tagged(*tags):
    case = answered("x", "x")
    return replace(case, sample=replace(case.sample, tags=tags))


def test_only_samples_with_the_tag_count():
    measure = bind_measure("tag_mean", {"scorer": "right", "tag": "far"})

    assert measure.collect([tagged("far", "hard")] * 2, marks(1, 0)) == (0.5, 1.0)
    assert measure.tags == {"far"}
    assert measure.collect([tagged("far")] * 2, marks(None, None)) is None


def test_the_drop_is_the_difference_of_the_means():
    measure = bind_measure("tag_drop", {"scorer": "right", "before": "near", "after": "far"})
    rows = [measure.collect([tagged(tag)], marks(value)) for tag, value in (("near", 1), ("near", 1), ("far", 0))]

    assert rows == [(1.0, 1.0, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)]
    assert measure.finish(np.sum(rows, axis=0)) == 1.0
    assert measure.finish(np.sum(rows[:2], axis=0)) is None


def test_a_drop_from_a_tag_to_itself_is_refused():
    with pytest.raises(TaskError, match="both 'near'"):
        bind_measure("tag_drop", {"scorer": "right", "before": "near", "after": "near"})


def test_samples_of_other_tags_are_neither_measured_nor_missing():
    measuring = Measuring("base", "memory", {"far": bind_measure("tag_mean", {"scorer": "right", "tag": "far"})})
    for number, (tag, value) in enumerate([("far", 1.0), ("near", 0.0), ("far", 0.0), ("far", None), ("near", None)]):
        case = tagged(tag)
        case = replace(case, sample=replace(case.sample, id=f"{number:016x}"))
        measuring.take(Marked("base", "memory", case, {"right": Mark(value)}, frozenset({"right"})))

    [figure] = measuring.figures()

    assert (figure.value, figure.n, figure.n_unmeasured) == (0.5, 2, 1)

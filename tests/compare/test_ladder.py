"""Ladders: each rung against the one before, in one family of tests with the rest of the report."""

from dataclasses import replace

import numpy as np
import pytest

from chateval.compare import Column, compare_all, estimate, with_anytime, with_ladder
from chateval.records import CheckpointSummary, Decoding, Figure, Report, TaskSummary

NAMES = ("base", "sft", "dpo")


def column(values, places):
    found = Column(places)
    for index, value in enumerate(values):
        found.add(f"s{index}", value, 1.0)
    return found


def summary(name):
    return CheckpointSummary(name, "sft", "float32", "", "", name, None, 1, 0, 0, 0, 1, 1)


@pytest.fixture
def means():
    """100 samples in no order: base has 50 right, sft 80, dpo 45."""
    places = {}
    order = np.random.default_rng(0).permutation(100)
    rights = {"base": 50, "sft": 80, "dpo": 45}
    return {(name, "t", "number"): column([float(index < n) for index in order], places) for name, n in rights.items()}


@pytest.fixture
def report(means):
    figures = tuple(
        Figure(name, "t", "margin", n, n - 1.0, n + 1.0, "nats", False, 100, 0) for n, name in enumerate(NAMES)
    )
    return Report(
        "base",
        tuple(map(summary, NAMES)),
        (TaskSummary("t", 1, "", 100, 100, "generate", Decoding(), ("number",), "d"),),
        tuple(estimate(address, found, {}) for address, found in means.items()),
        (),
        tuple(compare_all(means, "base")),
        (),
        figures=figures,
    )


def test_each_rung_is_held_against_the_one_before(report, means):
    [ladder, _] = with_ladder(report, means, NAMES, {}).ladders

    assert [rung.mean for rung in ladder.rungs] == [0.5, 0.8, 0.45]
    assert ladder.rungs[0].step is None
    assert [rung.step.delta for rung in ladder.rungs[1:]] == pytest.approx([0.3, -0.35])
    assert [(rung.step.baseline, rung.step.candidate) for rung in ladder.rungs[1:]] == [("base", "sft"), ("sft", "dpo")]


def test_a_step_from_the_baseline_counts_once_and_all_tests_are_one_family(report, means):
    found = with_ladder(report, means, NAMES, {})

    [first, second] = [rung.step for rung in found.ladders[0].rungs[1:]]
    assert first == found.comparisons[0]
    assert second.p_adjusted == pytest.approx(3 * second.p)
    assert first.p_adjusted == pytest.approx(2 * first.p)
    assert all(
        one.p_adjusted >= before.p_adjusted for one, before in zip(found.comparisons, report.comparisons, strict=True)
    )


def test_a_step_to_the_baseline_is_the_test_of_the_comparison_the_other_way_round(report, means):
    turned = replace(report, baseline="sft", comparisons=tuple(compare_all(means, "sft")))

    found = with_ladder(turned, means, NAMES, {})

    assert found.comparisons == turned.comparisons
    [first, second] = [rung.step for rung in found.ladders[0].rungs[1:]]
    assert (first.p_adjusted, first.delta) == (found.comparisons[0].p_adjusted, -found.comparisons[0].delta)
    assert second == found.comparisons[1]


def test_a_measure_has_rungs_without_steps(report, means):
    [_, ladder] = with_ladder(report, means, NAMES, {}).ladders

    assert (ladder.scorer, ladder.unit, [rung.mean for rung in ladder.rungs]) == ("margin", "nats", [0, 1, 2])
    assert not any(rung.step for rung in ladder.rungs)


@pytest.mark.parametrize("names", [(), ("sft",), ("sft", "unknown")])
def test_without_two_rungs_there_is_no_ladder(report, means, names):
    assert with_ladder(report, means, names, {}) == report


def test_the_order_is_that_of_the_user_whatever_the_baseline(report, means):
    [ladder, _] = with_ladder(replace(report, baseline="dpo"), means, ("dpo", "base"), {}).ladders

    assert [rung.checkpoint for rung in ladder.rungs] == ["dpo", "base"]


def test_clusters_are_one_witness_in_steps_as_well(report, means):
    clusters = {("t", f"s{index}"): f"passage {index // 10}" for index in range(100)}
    alone, together = (with_ladder(report, means, NAMES, labels).ladders[0].rungs[2].step for labels in ({}, clusters))

    assert together.high - together.low > alone.high - alone.low


def test_under_early_stop_steps_have_confidence_sequences_and_no_test(report, means):
    found = with_anytime(with_ladder(report, means, NAMES, {}), means, {})

    [ladder, measure] = found.ladders
    step, before = ladder.rungs[2].step, with_ladder(report, means, NAMES, {}).ladders[0].rungs[2].step
    assert (step.p, step.p_adjusted) == (None, None)
    assert (step.low, step.high) != (before.low, before.high)
    assert ladder.rungs[0].low != report.estimates[0].low
    assert measure.rungs[0].low == -1.0

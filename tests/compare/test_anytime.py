from dataclasses import replace

import numpy as np
import pytest

from chateval.compare import Column, with_anytime
from chateval.records import Comparison, Decoding, Estimate, Report, TaskSummary


def column(values, places, weights=None):
    found = Column(places)
    for index, value in enumerate(values):
        found.add(f"s{index}", value, 1.0 if weights is None else weights[index])
    return found


def report(means):
    n = len(means["sft", "t", "number"])
    estimates = tuple(Estimate(one, "t", "number", 0.5, 0.4, 0.6, n, 0, n) for one in ("base", "sft"))
    compared = Comparison("t", "number", "base", "sft", 0.0, -0.1, 0.1, 0.5, 0.5, 1, 1, n - 2, n, 0, q=0.5)
    return Report("base", (), (), estimates, (), (compared,), ())


@pytest.fixture
def means():
    generator = np.random.default_rng(0)
    places = {}
    return {
        (name, "t", "number"): column(generator.integers(0, 2, 400).astype(float), places) for name in ("base", "sft")
    }


def test_every_interval_is_replaced_and_no_test_is_left(means):
    found = with_anytime(report(means), means, {})

    assert found.is_anytime
    for estimate in found.estimates:
        assert 0.3 < estimate.low < estimate.high < 0.7
        assert estimate.high - estimate.low > 0.1
    [comparison] = found.comparisons
    assert -1 < comparison.low < 0 < comparison.high < 1
    assert (comparison.p, comparison.p_adjusted, comparison.q) == (None, None, None)


def test_samples_that_share_a_cluster_decide_nothing_while_more_are_to_come(means):
    clusters = {("t", f"s{index}"): f"passage {index // 20}" for index in range(400)}

    found = with_anytime(report(means), means, clusters)

    assert [(one.low, one.high) for one in found.estimates] == [(0.0, 1.0), (0.0, 1.0)]
    assert [(one.low, one.high) for one in found.comparisons] == [(-1.0, 1.0)]


@pytest.mark.parametrize(("n_available", "n_most"), [(400, None), (9_000, 400)])
def test_samples_that_share_a_cluster_are_looked_at_once_when_all_are_there(means, n_available, n_most):
    clusters = {("t", f"s{index}"): f"passage {index // 20}" for index in range(400)}
    task = TaskSummary("t", 1, "", 400, n_available, "generate", Decoding(), ("number",), "d")
    whole = replace(report(means), tasks=(task,))

    found = with_anytime(whole, means, clusters, n_most=n_most)

    assert [(one.low, one.high) for one in found.estimates] == [(0.4, 0.6), (0.4, 0.6)]
    assert [(one.low, one.high, one.p) for one in found.comparisons] == [(-0.1, 0.1, None)]


def test_clusters_of_one_sample_each_are_no_clusters(means):
    clusters = {("t", f"s{index}"): f"passage {index}" for index in range(400)}

    assert with_anytime(report(means), means, clusters) == with_anytime(report(means), means, {})


def test_of_samples_that_weigh_differently_nothing_is_claimed_before_the_end():
    places = {}
    means = {
        (name, "t", "number"): column([0.0, 1.0, 1.0], places, weights=[1.0, 2.0, 3.0]) for name in ("base", "sft")
    }

    found = with_anytime(report(means), means, {})

    assert [(one.low, one.high) for one in found.estimates] == [(0.0, 1.0), (0.0, 1.0)]
    assert [(one.low, one.high) for one in found.comparisons] == [(-1.0, 1.0)]


def test_what_could_not_be_scored_keeps_no_interval(means):
    empty = Estimate("base", "t", "number", None, None, None, 0, 3, 0)
    found = with_anytime(Report("base", (), (), (empty,), (), (), ()), means, {})

    assert found.estimates == (empty,)

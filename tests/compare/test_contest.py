"""What statistics say of two sides on the same units."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chateval.compare.contest import judge
from chateval.stats import (
    count_pairs,
    detectable_share,
    mcnemar,
    mean_interval,
    needed_mean,
    needed_share,
    newcombe,
    paired_error,
    paired_interval,
    paired_permutation,
)


def side(*values, weight=1.0):
    found = np.array(values, dtype=np.float64)
    return found, np.full(len(found), weight)


def graded(n, gain=0.05, seed=1):
    baseline = np.random.default_rng(seed).random(n) * 0.8
    candidate = baseline + gain + np.random.default_rng(seed + 1).normal(0, 0.05, n).clip(-0.1, 0.1)
    return (np.clip(candidate, 0, 1), np.ones(n)), (baseline, np.ones(n))


def test_shares_get_newcombe_mcnemar_and_the_power_of_mcnemar():
    candidate, baseline = side(*[1, 1, 0, 0, 1] * 8), side(*[1, 0, 1, 0, 0] * 8)

    found = judge(candidate, baseline, 40)

    assert (found.low, found.high) == newcombe(*count_pairs(candidate[0], baseline[0]))
    assert found.p == mcnemar(16, 8)
    assert found.detectable == detectable_share(40, 0.6)
    assert found.n_needed == needed_share(0.6, 0.2) > 40


def test_graded_scores_get_the_score_interval_the_permutation_and_the_power_of_means():
    candidate, baseline = graded(12, gain=0.015)
    weights = (candidate[1], baseline[1])

    found = judge(candidate, baseline, 12)

    assert (found.low, found.high) == paired_interval(candidate[0], baseline[0], weights)
    assert found.p == paired_permutation(candidate[0], baseline[0], weights)
    delta = candidate[0].mean() - baseline[0].mean()
    deviation, _ = paired_error(candidate[0], baseline[0], weights)
    assert found.n_needed == needed_mean(deviation, 12, delta) > 12


@pytest.mark.parametrize("gain", [0.005, 0.01, 0.03, 0.1])
def test_a_delta_beyond_what_is_detectable_needs_no_more_pairs(gain):
    found = judge(*graded(40, gain), 40)
    (candidate, _), (baseline, _) = graded(40, gain)
    delta = candidate.mean() - baseline.mean()

    assert (found.n_needed is None) == (delta > found.detectable)


def test_pairs_needed_are_counted_in_samples_where_clusters_are_compared():
    candidate, baseline = graded(12, gain=0.015)

    by_cluster, by_sample = judge(candidate, baseline, 48), judge(candidate, baseline, 12)

    assert by_cluster.n_needed == pytest.approx(4 * by_sample.n_needed)
    assert by_cluster.detectable == by_sample.detectable


@pytest.mark.parametrize(
    ("candidate", "baseline"),
    [
        (side(1), side(0)),
        (side(0.5), side(0.5)),
        (side(*[0.5] * 9), side(*[0.5] * 9)),
        (side(*[1.0] * 9), side(*[0.5] * 9)),
        (side(0.2, 0.9), side(0.1, 0.3)),
        ((np.array([0.3, 0.9]), np.array([0.0, 2.0])), (np.array([0.1, 0.4]), np.array([3.0, 0.0]))),
        (side(*[1.0] * 30), side(*[0.0] * 30)),
    ],
)
def test_every_number_is_finite_and_in_its_range(candidate, baseline):
    found = judge(candidate, baseline, len(candidate[0]))

    assert -1 <= found.low <= found.high <= 1
    assert 0 < found.p <= 1
    assert found.detectable is None or (math.isfinite(found.detectable) and 0 < found.detectable <= 1)
    assert found.n_needed is None or found.n_needed > len(candidate[0])


VALUES = st.one_of(st.sampled_from((0.0, 0.5, 1.0)), st.floats(0, 1))
WEIGHTS = st.one_of(st.sampled_from((0.0, 1.0)), st.floats(0, 1e6, allow_subnormal=False))
PAIRS = st.lists(st.tuples(VALUES, WEIGHTS, VALUES, WEIGHTS), min_size=1, max_size=20)


@settings(max_examples=150, deadline=None)
@given(PAIRS)
def test_whatever_the_values_and_weights_there_is_no_nan(pairs):
    v1, w1, v0, w0 = np.array(pairs).T

    found, interval = judge((v1, w1), (v0, w0), len(pairs)), mean_interval(v1, w1)

    assert (interval is None) == (w1.sum() <= 0)
    assert interval is None or 0 <= interval[0] <= interval[1] <= 1
    assert (found is None) == (w1.sum() <= 0 or w0.sum() <= 0)
    if found is not None:
        assert -1 <= found.low <= found.high <= 1
        assert 0 < found.p <= 1
        assert found.detectable is None or 0 < found.detectable <= 1
        assert found.n_needed is None or found.n_needed > len(pairs)


def test_sides_that_never_differ_need_no_number_of_pairs():
    found = judge(side(*[0.5] * 30), side(*[0.5] * 30), 30)

    assert (found.p, found.n_needed) == (1.0, None)
    assert found.detectable == detectable_share(30, 0.0)


def test_without_weight_on_a_side_there_is_nothing_to_say():
    assert judge(side(1, 0, weight=0.0), side(1, 0), 2) is None

"""Intervals by resampling the rows of samples."""

import math

import numpy as np
import pytest

from chateval.stats import bootstrap, bootstrap_difference, sum_clusters


def mean(sums):
    return float(sums[0] / sums[1]) if sums[1] > 0 else None


def rows(values):
    return np.column_stack([values, np.ones(len(values))])


def test_the_interval_of_a_mean_is_that_of_the_normal_limit():
    values = np.random.default_rng(1).normal(size=400)

    low, high = bootstrap(rows(values), mean)

    half = 1.96 * values.std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.01)
    assert high == pytest.approx(values.mean() + half, abs=0.01)


def test_it_covers_a_ratio_of_sums_about_as_often_as_it_says():
    generator = np.random.default_rng(7)
    hits = 0
    for _ in range(200):
        sizes = generator.integers(1, 20, size=80)
        found = np.column_stack([generator.gamma(2.0, size=80) * sizes, sizes])
        low, high = bootstrap(found, lambda sums: float(sums[0] / sums[1]), n_draws=400)
        hits += low <= 2.0 <= high

    assert 0.90 <= hits / 200 <= 0.99


def test_equal_seeds_give_equal_intervals():
    found = rows(np.arange(30.0))

    assert bootstrap(found, mean, seed=3) == bootstrap(found, mean, seed=3)
    assert bootstrap(found, mean, seed=3) != bootstrap(found, mean, seed=4)


def test_clusters_are_drawn_whole():
    values = np.repeat(np.random.default_rng(2).normal(size=50), 8)
    labels = [f"c{i // 8}" for i in range(400)]

    low, high = bootstrap(rows(values), mean, clusters=labels)
    narrow_low, narrow_high = bootstrap(rows(values), mean)

    assert (high - low) / (narrow_high - narrow_low) == pytest.approx(math.sqrt(8), rel=0.1)


def test_sums_of_clusters_keep_the_order_of_their_first_sample():
    found = sum_clusters(rows(np.array([1.0, 2.0, 4.0])), ["b", "a", "b"])

    assert found.tolist() == [[5.0, 2.0], [2.0, 1.0]]


@pytest.mark.parametrize("clusters", [None, ["one", "one"]])
def test_one_sample_or_cluster_shows_no_spread(clusters):
    n = 1 if clusters is None else 2

    assert bootstrap(rows(np.ones(n)), mean, clusters=clusters) is None


def test_draws_without_a_figure_are_left_out():
    found = np.column_stack([np.arange(4.0), [1.0, 0.0, 0.0, 0.0]])

    assert bootstrap(found, mean) is not None
    assert bootstrap(found, lambda sums: None) is None


def test_the_difference_draws_the_same_samples_on_both_sides():
    baseline = np.random.default_rng(5).normal(size=60)

    low, high = bootstrap_difference(rows(baseline + 0.5), rows(baseline), mean)

    assert (low, high) == pytest.approx((0.5, 0.5))


def test_the_difference_of_one_sample_is_none():
    assert bootstrap_difference(rows(np.ones(1)), rows(np.ones(1)), mean) is None


def test_sides_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="3 rows of the candidate, 2 of the baseline"):
        bootstrap_difference(rows(np.ones(3)), rows(np.ones(2)), mean)


def test_two_rows_have_an_interval_and_one_has_not():
    two = rows(np.array([0.0, 1.0]))

    assert bootstrap(two, mean) == (0.0, 1.0)
    assert bootstrap_difference(two, two[::-1], mean) == (-1.0, 1.0)
    assert bootstrap(two[:1], mean) is None
    assert bootstrap_difference(two[:1], two[:1], mean) is None


def test_the_same_seed_draws_the_same_and_another_does_not():
    values = np.random.default_rng(5).normal(size=(2, 50))
    ours, theirs = rows(values[0]), rows(values[1])

    assert bootstrap_difference(ours, theirs, mean, seed=1) == bootstrap_difference(ours, theirs, mean, seed=1)
    assert bootstrap_difference(ours, theirs, mean, seed=1) != bootstrap_difference(ours, theirs, mean, seed=2)


def test_a_draw_without_a_figure_on_one_side_is_left_out():
    """The baseline has weight in its second row only: a draw without that row says nothing of it."""
    ours, theirs = rows(np.array([1.0, 1.0])), np.array([[0.0, 0.0], [0.0, 1.0]])

    assert bootstrap_difference(ours, theirs, mean) == (1.0, 1.0)

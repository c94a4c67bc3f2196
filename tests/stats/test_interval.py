"""Intervals against published values, closed forms solved another way, and simulated coverage."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq

from chateval.stats.interval import Z, is_binary, mean_interval, newcombe, paired_bootstrap, weighted_mean, wilson


def ones(n):
    return np.ones(n)


def array(*values):
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_published_intervals(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "n"), [(1, 2), (1, 10), (7, 10), (19, 20), (50, 100), (999, 1000)])
def test_wilson_limits_are_the_shares_that_a_score_test_just_keeps(successes, n):
    share = successes / n

    def excess(p):
        return (share - p) ** 2 - Z**2 * p * (1 - p) / n

    expected = brentq(excess, 1e-12, share), brentq(excess, share, 1 - 1e-12)

    assert wilson(successes, n) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_wilson_of_none_and_of_all_right_has_a_closed_form(n):
    assert wilson(0, n) == pytest.approx((0.0, Z**2 / (n + Z**2)))
    assert wilson(n, n) == pytest.approx((n / (n + Z**2), 1.0))


def test_wilson_ends_lie_exactly_at_zero_and_one():
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (1, 5), (2, 5), (13, 40)])
def test_wilson_of_the_wrong_answers_is_the_mirror_image(successes, n):
    low, high = wilson(successes, n)

    assert wilson(n - successes, n) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [  # both, only the first, only the second, neither
        ((36, 12, 2, 0), 0.0569, 0.3404),  # Newcombe (1998), Statistics in Medicine 17, 2635-2650, method 10
        ((20, 12, 2, 16), 0.0562, 0.3292),  # the same
        ((1, 1, 7, 12), -0.5069, -0.0256),  # Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33, 2850-2875
    ],
)
def test_newcombe_agrees_with_published_intervals(cells, low, high):
    both, first, second, neither = cells

    assert newcombe(both, second, first, neither) == pytest.approx((low, high), abs=5e-5)


def independent(both, only_baseline, only_candidate, neither):
    """Newcombe's interval for two groups that know nothing of each other."""
    n = both + only_baseline + only_candidate + neither
    p1, p0 = (both + only_candidate) / n, (both + only_baseline) / n
    (l1, u1), (l0, u0) = wilson(both + only_candidate, n), wilson(both + only_baseline, n)
    return p1 - p0 - math.hypot(p1 - l1, u0 - p0), p1 - p0 + math.hypot(u1 - p1, p0 - l0)


@pytest.mark.parametrize("cells", [(3, 2, 2, 2), (5, 3, 3, 2), (4, 4, 1, 2)])
def test_newcombe_without_correlation_is_his_interval_for_independent_groups(cells):
    assert newcombe(*cells) == pytest.approx(independent(*cells))


def test_newcombe_is_narrower_where_the_sides_agree_and_wider_where_they_differ():
    def width(interval):
        return interval[1] - interval[0]

    assert width(newcombe(20, 2, 12, 16)) < width(independent(20, 2, 12, 16))
    assert width(newcombe(2, 20, 16, 2)) > width(independent(2, 20, 16, 2))


def test_newcombe_changes_sign_when_the_sides_are_swapped():
    low, high = newcombe(8, 5, 1, 6)

    assert newcombe(8, 1, 5, 6) == pytest.approx((-high, -low))


@pytest.mark.parametrize(("n", "cells"), [(10, (10, 0, 0, 0)), (10, (0, 0, 0, 10)), (1, (1, 0, 0, 0))])
def test_newcombe_of_two_equal_sides_that_never_vary_is_as_wide_as_wilson(n, cells):
    width = Z**2 / (n + Z**2)

    assert newcombe(*cells) == pytest.approx((-width, width))


def test_newcombe_never_leaves_its_range_and_holds_the_difference():
    for cells in itertools.product(range(5), repeat=4):
        if not sum(cells):
            continue
        low, high = newcombe(*cells)
        delta = (cells[2] - cells[1]) / sum(cells)

        assert -1 - 1e-12 <= low <= delta <= high <= 1 + 1e-12, cells


def test_newcombe_covers_the_true_difference_as_often_as_it_says():
    generator = np.random.default_rng(7)
    shares = (0.5, 0.15, 0.05, 0.3)
    draws = generator.multinomial(40, shares, size=4000)
    covered = [low <= -0.10 <= high for low, high in (newcombe(*map(int, row)) for row in draws)]

    assert 0.935 <= np.mean(covered) <= 0.975


def test_wilson_covers_the_true_share_as_often_as_it_says():
    draws = np.random.default_rng(3).binomial(30, 0.8, size=4000)
    covered = [low <= 0.8 <= high for low, high in (wilson(int(k), 30) for k in draws)]

    assert 0.93 <= np.mean(covered) <= 0.975


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0, 1, 1), True), ((), True), ((0, 0.5), False), ((1 - 1e-9,), False)],
)
def test_binary_means_zero_or_one_and_nothing_between(values, expected):
    assert is_binary(array(*values)) is expected


def test_a_weighted_mean_is_a_ratio_of_sums():
    # F1 of 2/4 and 6/6 with 2tp + fp + fn = 4 and 6: micro F1 is (2 + 6) / (4 + 6)
    assert weighted_mean(array(0.5, 1.0), array(4, 6)) == pytest.approx(0.8)


@pytest.mark.parametrize(("values", "weights"), [((), ()), ((1.0,), (0.0,)), ((0.2, 0.9), (0.0, 0.0))])
def test_without_weight_there_is_neither_mean_nor_interval(values, weights):
    assert weighted_mean(array(*values), array(*weights)) is None
    assert mean_interval(array(*values), array(*weights)) is None


@pytest.mark.parametrize(
    ("left", "right"), [((), ()), ((0.0, 0.0), (1.0, 1.0)), ((1.0, 1.0), (0.0, 0.0)), ((0.0, 0.0), (0.0, 0.0))]
)
def test_without_weight_on_a_side_there_is_no_paired_interval(left, right):
    values = ones(len(left))

    assert paired_bootstrap(values, values, (array(*left), array(*right))) is None


def test_plain_zero_one_values_get_wilson():
    assert mean_interval(array(1, 1, 1, 0), ones(4)) == wilson(3, 4)


@pytest.mark.parametrize("values", [(0.0,), (1.0,), (0.5,), (0.3,) * 12, (1.0,) * 5, (0.0,) * 5])
@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_degenerate_means_have_finite_intervals_around_them(values, weight):
    low, high = mean_interval(array(*values), np.full(len(values), weight))

    assert low - 1e-12 <= values[0] <= high + 1e-12
    assert math.isfinite(low)
    assert math.isfinite(high)


def test_samples_of_no_weight_yield_numbers_and_never_nan():
    low, high = mean_interval(array(0.5, 0.9, 0.1), array(0, 0, 2))
    paired = paired_bootstrap(array(0.5, 0.9, 0.1), array(0.5, 0.2, 0.1), (array(0, 0, 2), array(2, 0, 0)))

    assert all(map(math.isfinite, (low, high, *paired)))
    assert low <= 0.1 <= high


def test_the_bootstrap_of_two_samples_reaches_both():
    # a quarter of all resamples holds only the first, a quarter only the second
    assert mean_interval(array(0.2, 0.6), ones(2)) == pytest.approx((0.2, 0.6))


def test_the_bootstrap_is_near_the_normal_interval_for_many_samples():
    values = np.random.default_rng(11).beta(2, 3, size=2000)
    half = Z * values.std() / math.sqrt(2000)

    low, high = mean_interval(values, ones(2000))

    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_the_bootstrap_yields_the_same_interval_each_time():
    values = np.random.default_rng(1).random(30)

    assert mean_interval(values, ones(30)) == mean_interval(values.copy(), ones(30))


def test_weights_of_one_size_do_not_move_the_interval():
    values = array(0.1, 0.4, 0.8, 0.9)

    assert mean_interval(values, np.full(4, 5.0)) == pytest.approx(mean_interval(values, ones(4)))


def test_the_bootstrap_covers_the_true_mean_about_as_often_as_it_says():
    generator = np.random.default_rng(5)
    covered = [
        low <= 0.4 <= high for low, high in (mean_interval(generator.beta(2, 3, 40), ones(40)) for _ in range(150))
    ]

    assert 0.90 <= np.mean(covered) <= 0.985


def test_the_bootstrap_covers_a_ratio_of_sums():
    generator = np.random.default_rng(9)
    covered = []
    for _ in range(150):
        size = generator.integers(1, 11, 40)
        values = generator.binomial(size, 0.7) / size
        low, high = mean_interval(values, size.astype(np.float64))
        covered.append(low <= 0.7 <= high)

    assert 0.89 <= np.mean(covered) <= 0.985


def test_the_paired_bootstrap_covers_the_true_difference():
    generator = np.random.default_rng(13)
    covered = []
    for _ in range(150):
        shared = generator.random(40) * 0.8
        low, high = paired_bootstrap(shared + generator.random(40) * 0.2, shared, (ones(40), ones(40)))
        covered.append(low <= 0.1 <= high)

    assert 0.90 <= np.mean(covered) <= 0.985


def test_pairing_removes_what_the_samples_share():
    shared = np.linspace(0, 0.9, 30)

    assert paired_bootstrap(shared + 0.1, shared, (ones(30), ones(30))) == pytest.approx((0.1, 0.1))


@pytest.mark.parametrize("n", [1, 5])
def test_the_paired_bootstrap_of_equal_sides_is_zero(n):
    values = np.full(n, 0.5)

    assert paired_bootstrap(values, values, (ones(n), ones(n))) == (0.0, 0.0)


def test_a_paired_interval_is_candidate_minus_baseline():
    low, high = paired_bootstrap(array(0.9, 0.8, 0.9, 0.7), array(0.1, 0.2, 0.0, 0.1), (ones(4), ones(4)))

    assert 0 < low < 0.725 < high

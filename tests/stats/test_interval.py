"""Intervals against published values, closed forms solved another way, and simulated coverage."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import t as student_t

from chateval.stats.interval import (
    Z,
    count_pairs,
    group_clusters,
    is_binary,
    is_share,
    mean_interval,
    newcombe,
    paired_interval,
    weighted_mean,
    wilson,
)


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


@pytest.mark.parametrize(
    ("values", "weights", "expected"),
    [
        ((0, 1, 1), (1, 1, 1), True),
        ((0, 1, 1), (4, 4, 4), True),
        ((0, 1, 1), (4, 4, 3), False),
        ((0, 1, 1), (0, 0, 0), False),
        ((0, 1, 0.5), (1, 1, 1), False),
    ],
)
def test_a_share_is_of_zeros_and_ones_that_weigh_the_same(values, weights, expected):
    assert is_share(array(*values), array(*weights)) is expected


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

    assert paired_interval(values, values, (array(*left), array(*right))) is None


def test_plain_zero_one_values_get_wilson():
    assert mean_interval(array(1, 1, 1, 0), ones(4)) == wilson(3, 4)
    assert mean_interval(array(1, 1, 1, 0), np.full(4, 5.0)) == wilson(3, 4)


@pytest.mark.parametrize("values", [(0.0,), (1.0,), (0.5,), (0.3,) * 12, (1.0,) * 5, (0.0,) * 5])
@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_degenerate_means_have_finite_intervals_around_them(values, weight):
    low, high = mean_interval(array(*values), np.full(len(values), weight))

    assert 0 <= low <= values[0] <= high <= 1
    assert high - low >= wilson(0, len(values))[1] - 1e-12


@pytest.mark.parametrize(
    ("value", "n", "low", "high"),
    [  # Wilson's for none of n reaches to z^2 / (n + z^2): 0.4899 for 4, 0.2775 for 10
        (0.5, 4, 0.0101, 0.9899),
        (0.5, 10, 0.2225, 0.7775),
        (0.3, 4, 0.0, 0.7899),
        (0.9, 10, 0.6225, 1.0),
    ],
)
def test_an_interval_around_one_value_is_as_wide_as_what_n_samples_can_leave_unseen(value, n, low, high):
    assert mean_interval(np.full(n, value), ones(n)) == pytest.approx((low, high), abs=5e-5)


def test_samples_without_weight_do_not_narrow_an_interval_around_one_value():
    assert mean_interval(array(0.5, 0.5, 0.9), array(2, 3, 0)) == mean_interval(array(0.5, 0.5), ones(2))


def test_what_a_division_leaves_is_no_difference():
    thirds = array(0.1, (0.1 + 0.1 + 0.1) / 3, 0.1)
    assert len(set(thirds)) == 2

    assert mean_interval(thirds, ones(3)) == pytest.approx(mean_interval(np.full(3, 0.1), ones(3)))


def test_samples_of_no_weight_yield_numbers_and_never_nan():
    low, high = mean_interval(array(0.5, 0.9, 0.1), array(0, 0, 2))
    paired = paired_interval(array(0.5, 0.9, 0.1), array(0.5, 0.2, 0.1), (array(0, 0, 2), array(2, 0, 0)))

    assert all(map(math.isfinite, (low, high, *paired)))
    assert low <= 0.1 <= high


@pytest.mark.parametrize("values", [(0.2, 0.6), (0.1, 0.5, 0.9, 0.9), (1.0, 1.0, 1.0, 0.9), (0.0, 0.5, 0.5, 0.5, 0.5)])
def test_limits_of_graded_scores_are_the_means_that_a_score_test_just_keeps(values):
    mean, n = np.mean(values), len(values)
    effective = mean * (1 - mean) / (np.var(values, ddof=1) / n)
    quantile = student_t.ppf(0.975, n - 1)

    def excess(p):
        return (mean - p) ** 2 - quantile**2 * p * (1 - p) / effective

    expected = brentq(excess, 1e-12, mean), brentq(excess, mean, 1 - 1e-12)

    assert mean_interval(array(*values), ones(n)) == pytest.approx(expected, abs=1e-9)


def test_the_score_interval_is_near_the_normal_one_for_many_samples():
    values = np.random.default_rng(11).beta(2, 3, size=2000)
    half = Z * values.std() / math.sqrt(2000)

    low, high = mean_interval(values, ones(2000))

    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.1 * half)


def test_weights_of_one_size_do_not_move_the_interval():
    values = array(0.1, 0.4, 0.8, 0.9)

    assert mean_interval(values, np.full(4, 5.0)) == pytest.approx(mean_interval(values, ones(4)))


def test_the_score_interval_covers_the_true_mean_about_as_often_as_it_says():
    generator = np.random.default_rng(5)
    covered = [
        low <= 0.4 <= high for low, high in (mean_interval(generator.beta(2, 3, 40), ones(40)) for _ in range(150))
    ]

    assert 0.90 <= np.mean(covered) <= 0.985


def test_the_score_interval_covers_a_ratio_of_sums():
    generator = np.random.default_rng(9)
    covered = []
    for _ in range(150):
        size = generator.integers(1, 11, 40)
        values = generator.binomial(size, 0.7) / size
        low, high = mean_interval(values, size.astype(np.float64))
        covered.append(low <= 0.7 <= high)

    assert 0.89 <= np.mean(covered) <= 0.985


def test_the_paired_interval_of_graded_scores_covers_the_true_difference():
    generator = np.random.default_rng(13)
    covered = []
    for _ in range(150):
        shared = generator.random(40) * 0.8
        low, high = paired_interval(shared + generator.random(40) * 0.2, shared, (ones(40), ones(40)))
        covered.append(low <= 0.1 <= high)

    assert 0.90 <= np.mean(covered) <= 0.985


def test_pairing_removes_what_the_samples_share():
    shared = np.linspace(0, 0.9, 30)

    noise = np.tile((0.0, 0.02), 15)

    low, high = paired_interval(shared + 0.09 + noise, shared, (ones(30), ones(30)))

    # the means of 30 shared values vary by 0.05, those of the differences by 0.01 / sqrt(30) = 0.0018
    assert (low, high) == pytest.approx((0.1 - Z * 0.0018, 0.1 + Z * 0.0018), abs=5e-4)


@pytest.mark.parametrize("n", [1, 5, 40])
def test_the_paired_interval_of_equal_sides_is_as_wide_as_what_n_pairs_can_leave_unseen(n):
    values = np.linspace(0.2, 0.9, n)

    assert paired_interval(values, values, (ones(n), ones(n))) == pytest.approx((-wilson(0, n)[1], wilson(0, n)[1]))


@pytest.mark.parametrize(
    ("candidate", "baseline", "low", "high"),
    [  # Wilson's for none of three reaches to 0.5615
        ((0.9, 0.8, 0.7), (0.6, 0.5, 0.4), -0.2615, 0.8615),  # 0.3 but for rounding
        ((0.1, 0.2, 0.3), (0.9, 1.0, 1.1), -1.0, -0.2385),
        ((1.0, 1.0, 1.0), (0.4, 0.4, 0.4), 0.0385, 1.0),
    ],
)
def test_pairs_that_all_differ_by_as_much_have_an_interval_all_the_same(candidate, baseline, low, high):
    found = paired_interval(array(*candidate), array(*baseline), (ones(3), ones(3)))

    assert found == pytest.approx((low, high), abs=5e-5)


def test_sides_that_never_vary_have_an_interval_whatever_their_weights():
    found = paired_interval(ones(3), np.full(3, 0.5), (array(2, 4, 6), array(1, 5, 2)))

    assert found == pytest.approx((0.5 - 0.5615, 1.0), abs=5e-5)


def test_a_paired_interval_is_candidate_minus_baseline():
    low, high = paired_interval(array(0.9, 0.8, 0.9, 0.7), array(0.1, 0.2, 0.0, 0.1), (ones(4), ones(4)))

    assert 0 < low < 0.725 < high


def test_clusters_have_the_weighted_mean_and_the_whole_weight_of_their_samples():
    values, weights = group_clusters(array(1, 0.5, 0, 0.2), array(1, 2, 3, 4), ["q", "p", "q", "r"])

    # q: (1 * 1 + 3 * 0) / 4; clusters in the order of their first sample
    assert values == pytest.approx((0.25, 0.5, 0.2))
    assert weights == pytest.approx((4, 2, 4))


def test_grouping_leaves_the_weighted_mean_as_it_was():
    generator = np.random.default_rng(17)
    values, weights = generator.random(50), generator.integers(0, 9, 50).astype(np.float64)
    labels = [f"c{number}" for number in generator.integers(0, 12, 50)]

    assert weighted_mean(*group_clusters(values, weights, labels)) == pytest.approx(weighted_mean(values, weights))


def test_samples_that_share_no_cluster_come_back_unchanged():
    values, weights = array(0.2, 0.9, 0.4), array(1, 0, 2)

    found = group_clusters(values, weights, ["a", "b", "c"])

    assert (found[0].tolist(), found[1].tolist()) == ([0.2, 0.9, 0.4], [1, 0, 2])


def test_a_cluster_without_weight_has_none_and_no_nan():
    values, weights = group_clusters(array(0.5, 0.9, 0.3), array(0, 0, 2), ["p", "p", "q"])

    assert weights.tolist() == [0, 2]
    assert np.isfinite(values).all()


@pytest.mark.parametrize(
    "outcomes", [(0, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1), (0.1, 0.4, 0.4, 0.7, 0.9), (1, 1, 1), (0.3,) * 6]
)
def test_identical_samples_of_a_cluster_do_not_narrow_the_interval(outcomes):
    values = np.repeat(array(*outcomes), 4)
    labels = [str(place // 4) for place in range(len(values))]

    grouped = mean_interval(*group_clusters(values, ones(len(values)), labels))

    assert grouped == pytest.approx(mean_interval(array(*outcomes), ones(len(outcomes))))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.95])
def test_twelve_clusters_of_four_identical_outcomes_cover_the_true_share(share):
    draws = np.random.default_rng(19).random((1500, 12)) < share
    labels = [str(place // 4) for place in range(48)]
    covered = []
    for draw in draws:
        low, high = mean_interval(*group_clusters(np.repeat(draw.astype(np.float64), 4), ones(48), labels))
        covered.append(low <= share <= high)

    assert np.mean(covered) >= 0.90


def test_clusters_of_like_outcomes_cover_the_true_mean_where_single_samples_would_not():
    generator = np.random.default_rng(23)
    labels = [str(place // 4) for place in range(48)]
    clustered, single = [], []
    for _ in range(120):
        values = np.repeat(generator.beta(2, 3, 12), 4) * 0.8 + generator.random(48) * 0.2
        for intervals, found in ((clustered, group_clusters(values, ones(48), labels)), (single, (values, ones(48)))):
            low, high = mean_interval(*found)
            intervals.append(low <= 0.4 * 0.8 + 0.1 <= high)

    assert np.mean(clustered) >= 0.86
    assert np.mean(single) < 0.80


def graded(n, seed=5):
    """Marks of two sides in hundredths, with whole weights of their own."""
    generator = np.random.default_rng(seed)
    baseline = np.round(generator.random(n), 2)
    candidate = np.clip(baseline + generator.normal(0.01, 0.3, n), 0, 1)
    return candidate, baseline, (generator.integers(1, 9, n).astype(float), generator.integers(1, 9, n).astype(float))


def test_many_samples_take_no_longer_for_being_graded():
    candidate, baseline, weights = graded(200_000)

    low, high = paired_interval(candidate, baseline, weights)

    assert 0 < high - low < 0.005


def test_many_pairs_of_one_difference_have_an_interval_with_a_width():
    half, whole = np.full(2_000, 0.5), np.ones(2_000)

    low, high = paired_interval(whole, half, (whole, whole))

    assert low < 0.5 < high


def test_pairs_are_counted_as_both_one_side_only_and_neither():
    candidate, baseline = array(1, 1, 1, 0, 1, 1, 0), array(1, 1, 1, 1, 0, 0, 0)

    assert count_pairs(candidate, baseline) == (3, 1, 2, 1)


@pytest.mark.parametrize(
    ("cells", "phi"),
    [
        ((5, 3, 2, 5), (25 - 6 - 7.5) / math.sqrt(8 * 7 * 7 * 8)),
        ((3, 2, 2, 3), 0.0),  # 9 - 4 is not above n / 2
        ((2, 2, 2, 2), 0.0),
        ((1, 4, 3, 2), (2 - 12) / math.sqrt(5 * 5 * 4 * 6)),  # what is below zero is not corrected
        ((0, 1, 1, 0), -1.0),
    ],
)
def test_newcombe_corrects_the_correlation_as_his_method_10_does(cells, phi):
    both, lost, won, _ = cells
    n, p1, p2 = sum(cells), (both + won) / sum(cells), (both + lost) / sum(cells)
    (l1, u1), (l2, u2) = wilson(both + won, n), wilson(both + lost, n)
    down = math.sqrt((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2)
    up = math.sqrt((p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2)

    assert newcombe(*cells) == pytest.approx((p1 - p2 - down, p1 - p2 + up))


def test_weights_below_one_weigh_too():
    assert weighted_mean(array(0.0, 1.0), array(0.2, 0.2)) == pytest.approx(0.5)

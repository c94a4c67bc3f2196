"""Paired tests against closed forms, full enumeration and worked examples."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest

from chateval.stats.paired import mcnemar, paired_permutation


def array(*values):
    return np.array(values, dtype=np.float64)


def enumerated(candidate, baseline, w1, w0):
    """Two-sided p over all 2^n ways of swapping pairs."""

    def delta(swaps):
        sides = [((b, u), (a, w)) if s else ((a, w), (b, u)) for s, a, b, w, u in zip(swaps, *columns, strict=True)]
        means = []
        for side in (0, 1):
            weight = sum(pair[side][1] for pair in sides)
            means.append(sum(pair[side][0] * pair[side][1] for pair in sides) / weight if weight else 0.0)
        return abs(means[0] - means[1])

    columns = (candidate, baseline, w1, w0)
    found = [delta(swaps) for swaps in itertools.product((0, 1), repeat=len(candidate))]
    return sum(value >= found[0] - 1e-12 for value in found) / len(found)


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (3, 3, 1.0),
        (5, 0, 2 / 32),
        (6, 0, 2 / 64),
        (8, 1, 2 * (1 + 9) / 512),
        (2, 7, 2 * (1 + 9 + 36) / 512),
        (10, 9, 1.0),
    ],
)
def test_mcnemar_is_twice_the_smaller_tail_of_a_fair_coin(wins, losses, p):
    assert mcnemar(wins, losses) == pytest.approx(p)


@pytest.mark.parametrize(("wins", "losses"), [(12, 2), (2, 12), (1, 7), (30, 45), (400, 350)])
def test_mcnemar_agrees_with_a_sum_of_binomials_and_with_scipy(wins, losses):
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1)) / 2**n

    assert mcnemar(wins, losses) == pytest.approx(min(1.0, 2 * tail))
    assert mcnemar(wins, losses) == pytest.approx(binomtest(losses, n).pvalue)


@pytest.mark.parametrize(
    ("candidate", "baseline"),
    [
        ((0.9, 0.8, 0.7, 0.9, 0.6), (0.1, 0.2, 0.3, 0.5, 0.4)),
        ((0.5, 0.4, 0.9, 0.1, 0.3, 0.7), (0.4, 0.6, 0.2, 0.2, 0.1, 0.7)),
        ((0.2,), (0.9,)),
        ((1, 1, 0, 0.5, 0.5, 0, 1, 0.5), (0, 1, 0, 0.5, 0, 0.5, 0, 0)),
    ],
)
def test_the_permutation_p_of_few_pairs_is_that_of_full_enumeration(candidate, baseline):
    weights = np.ones(len(candidate))

    found = paired_permutation(array(*candidate), array(*baseline), (weights, weights))

    assert found == pytest.approx(enumerated(candidate, baseline, weights, weights))


@pytest.mark.parametrize(
    ("candidate", "baseline", "w1", "w0"),
    [
        ((1.0, 0.5, 0.8, 0.9, 1.0), (0.0, 0.5, 0.2, 0.6, 0.0), (2, 4, 10, 3, 1), (4, 4, 10, 8, 1)),
        ((0.5, 1.0, 0.0), (0.5, 0.0, 1.0), (1, 100, 1), (1, 1, 1)),
        ((0.4, 0.9, 0.7, 0.2), (0.3, 0.1, 0.8, 0.0), (0, 3, 2, 1), (1, 2, 0, 1)),
    ],
)
def test_a_ratio_of_sums_swaps_values_and_weights_together(candidate, baseline, w1, w0):
    found = paired_permutation(array(*candidate), array(*baseline), (array(*w1), array(*w0)))

    assert found == pytest.approx(enumerated(candidate, baseline, w1, w0))


def test_the_permutation_p_has_two_sides():
    up, down = np.linspace(0.1, 0.9, 9), np.linspace(0.0, 0.5, 9)
    weights = (np.ones(9), np.ones(9))

    assert paired_permutation(up, down, weights) == pytest.approx(paired_permutation(down, up, weights), abs=1e-9)


def test_equal_sides_have_p_one():
    values = array(0.1, 0.5, 0.9)

    assert paired_permutation(values, values.copy(), (np.ones(3), np.ones(3))) == 1.0
    assert paired_permutation(array(), array(), (array(), array())) == 1.0


def test_no_p_is_below_one_in_ten_thousand_and_one():
    found = paired_permutation(np.full(60, 0.9), np.full(60, 0.1), (np.ones(60), np.ones(60)))

    assert found == pytest.approx(1 / 10_001)


def test_weights_of_zero_yield_a_number():
    found = paired_permutation(array(0.5, 0.2), array(0.1, 0.3), (array(0, 0), array(1, 1)))

    assert 0 < found <= 1


def test_fourteen_pairs_that_differ_are_swapped_at_random_and_p_is_near_the_exact_one():
    candidate, baseline = np.random.default_rng(2).random((2, 14))
    weights = np.ones(14)

    found = paired_permutation(candidate, baseline, (weights, weights))

    assert found == pytest.approx(enumerated(candidate, baseline, weights, weights), abs=0.015)


def test_pairs_that_do_not_differ_do_not_move_p():
    candidate, baseline = np.random.default_rng(4).random((2, 9))
    same = np.random.default_rng(5).random(3_000)
    few, many = np.ones(9), np.ones(3_009)

    found = paired_permutation(np.append(candidate, same), np.append(baseline, same), (many, many))

    assert found == pytest.approx(paired_permutation(candidate, baseline, (few, few)))


def test_p_values_are_even_when_nothing_differs():
    generator = np.random.default_rng(21)
    weights = (np.ones(15), np.ones(15))
    found = [paired_permutation(generator.random(15), generator.random(15), weights) for _ in range(200)]

    assert 0.02 <= np.mean(np.array(found) < 0.05) <= 0.09


def test_the_normal_limit_of_many_swaps_is_what_swapping_them_gives(monkeypatch):
    generator = np.random.default_rng(3)
    baseline = np.round(generator.random(900), 2)
    candidate = np.clip(baseline + generator.normal(0.008, 0.3, 900), 0, 1)
    weights = (generator.integers(1, 9, 900).astype(float), generator.integers(1, 9, 900).astype(float))
    swapped = paired_permutation(candidate, baseline, weights)
    monkeypatch.setattr("chateval.stats.paired.MAX_SWAPPED", 100)

    assert 0.01 < swapped < 0.5
    assert paired_permutation(candidate, baseline, weights) == pytest.approx(swapped, rel=0.15)


def test_p_of_many_pairs_is_no_less_than_what_swaps_can_show():
    assert paired_permutation(np.full(5_000, 0.9), np.full(5_000, 0.1), (np.ones(5_000), np.ones(5_000))) == 1 / 10_001


def test_random_swaps_are_the_same_each_time():
    generator = np.random.default_rng(2)
    candidate, baseline, ones = generator.random(60), generator.random(60), np.ones(60)

    found = {paired_permutation(candidate, baseline, (ones, ones)) for _ in range(3)}

    assert len(found) == 1


@pytest.mark.parametrize(("n", "is_exact"), [(13, True), (14, False)])
def test_p_is_exact_up_to_thirteen_pairs_that_differ(n, is_exact):
    """All pairs on one side: 2 of 2^n swaps are as extreme."""
    ones, zeros = np.ones(n), np.zeros(n)

    assert (paired_permutation(ones, zeros, (ones, ones)) == 2 / 2**n) is is_exact


def test_one_pair_that_differs_shows_nothing():
    ones = np.ones(3)

    assert paired_permutation(array(1, 0, 0), array(0, 0, 0), (ones, ones)) == 1.0


@pytest.mark.parametrize(("wins", "losses"), [(5, 5), (1, 1), (12, 12)])
def test_as_many_wins_as_losses_show_nothing(wins, losses):
    assert mcnemar(wins, losses) == pytest.approx(1.0)


def test_one_side_without_weight_is_no_division():
    """A swap may leave one side without weight, whose mean is then 0: the other of two swaps."""
    found = paired_permutation(array(1, 1), array(0, 0), (array(1, 1), array(0, 1)))

    assert 0 < found <= 1

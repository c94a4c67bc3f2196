"""The confidence sequence: range, closed cases, width, speed. How often it holds: test_coverage.py."""

import time
from itertools import pairwise

import numpy as np
import pytest

from chateval.stats.sequence import confidence_sequence


def signs(n, seed=1, p=(0.05, 0.85, 0.1)):
    return np.random.default_rng(seed).choice((-1.0, 0.0, 1.0), p=p, size=n)


@pytest.mark.parametrize("lowest", [-1.0, 0.0])
def test_without_values_it_is_the_whole_range(lowest):
    assert confidence_sequence(np.array([]), lowest=lowest) == (lowest, 1.0)


def test_one_value_says_almost_nothing():
    low, high = confidence_sequence(np.array([1.0]))

    assert (low, high) == (-1.0, 1.0) or (low < -0.9 and high == 1.0)


@pytest.mark.parametrize("value", [-1.0, -0.3, 0.0, 1.0])
@pytest.mark.parametrize("n", [1, 10, 500])
def test_a_constant_lies_inside_and_the_ends_inside_the_range(value, n):
    low, high = confidence_sequence(np.full(n, value))

    assert -1 <= low <= value <= high <= 1


def test_each_look_lies_inside_the_one_before():
    values = signs(300)
    looks = [confidence_sequence(values[:n]) for n in range(0, 301, 20)]

    for before, after in pairwise(looks):
        assert before[0] <= after[0] <= after[1] <= before[1]


def test_the_other_sign_is_the_mirror_image():
    low, high = confidence_sequence(signs(200))

    assert confidence_sequence(-signs(200)) == pytest.approx((-high, -low), abs=1e-9)


def test_scores_are_read_on_their_own_range():
    scores = (signs(200) + 1) / 2
    low, high = confidence_sequence(signs(200))

    assert confidence_sequence(scores, lowest=0.0) == pytest.approx(((low + 1) / 2, (high + 1) / 2), abs=1e-9)


def test_it_is_wider_than_an_interval_of_one_look_but_less_than_three_times():
    values = signs(2_000)
    low, high = confidence_sequence(values)
    once = 2 * 1.96 * values.std() / np.sqrt(2_000)

    assert once < high - low < 3 * once


def test_less_certainty_is_narrower():
    def width(alpha):
        low, high = confidence_sequence(signs(500), alpha=alpha)
        return high - low

    assert width(0.2) < width(0.05) < width(0.001)


def test_two_halves_that_contradict_each_other_leave_a_point_and_no_nan():
    low, high = confidence_sequence(np.concatenate([np.ones(500), -np.ones(5_000)]))

    assert low == high
    assert -1 < low < 1


@pytest.mark.parametrize("values", [(0.5, 1.1), (-1.2,), (float("nan"),)])
def test_values_outside_the_range_are_refused(values):
    with pytest.raises(ValueError, match="lie in"):
        confidence_sequence(np.array(values))


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1])
def test_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha"):
        confidence_sequence(signs(5), alpha=alpha)


def test_ten_thousand_values_take_less_than_half_a_second():
    values = signs(10_000)
    start = time.perf_counter()
    confidence_sequence(values)

    assert time.perf_counter() - start < 0.5


def betting(values, alpha, lowest=-1.0, points=4_001):
    """The hedged capital process of Waudby-Smith and Ramdas (2023), theorem 3, value by value over a grid of means."""
    shares = [(value - lowest) / (1 - lowest) for value in values]
    grid = np.linspace(0, 1, points)[1:-1]
    up, down = np.zeros_like(grid), np.zeros_like(grid)
    is_left = np.ones(len(grid), dtype=bool)
    mean, variance, total, squares = 0.5, 0.25, 0.5, 0.25
    for t, share in enumerate(shares, start=1):
        bet = np.sqrt(2 * np.log(2 / alpha) / (variance * t * np.log(t + 1)))
        up += np.log1p(np.minimum(bet, 0.5 / grid) * (share - grid))
        down += np.log1p(-np.minimum(bet, 0.5 / (1 - grid)) * (share - grid))
        is_left &= (up < np.log(2 / alpha)) & (down < np.log(2 / alpha))
        total += share
        mean = total / (t + 1)
        squares += (share - mean) ** 2
        variance = squares / (t + 1)
    left = grid[is_left]
    return lowest + (1 - lowest) * left[0], lowest + (1 - lowest) * left[-1]


@pytest.mark.parametrize("alpha", [0.05, 0.2])
@pytest.mark.parametrize(("n", "lowest"), [(40, -1.0), (40, 0.0), (300, -1.0), (300, 0.0)])
def test_it_is_the_process_of_the_paper_value_by_value(n, lowest, alpha):
    values = np.random.default_rng(n).choice((0.0, 0.25, 1.0), p=(0.2, 0.2, 0.6), size=n)

    assert confidence_sequence(values, lowest=lowest, alpha=alpha) == pytest.approx(
        betting(values, alpha, lowest), abs=2e-3
    )


def test_looks_that_exclude_every_mean_leave_the_middle_between_the_two_that_crossed():
    """The first half says 1 and the second 0: both ends have been excluded, each by the other half."""
    low, high = confidence_sequence(np.array([1.0] * 200 + [0.0] * 2_000), lowest=0.0)

    assert low == high
    assert 0.1 < low < 0.9

"""Power against simulation, closed forms and statsmodels."""

import math

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.power import TTestPower

from chateval.stats.interval import wilson
from chateval.stats.paired import mcnemar
from chateval.stats.power import detectable_mean, detectable_share, mcnemar_power, needed_mean, needed_share


def shown(n, discordant, delta, runs=20_000):
    """Share of simulated runs of n pairs in which exact McNemar has p <= 0.05."""
    generator = np.random.default_rng(37)
    counts = generator.binomial(n, discordant, runs)
    wins = generator.binomial(counts, 0.5 + delta / (2 * discordant))
    return np.mean(np.minimum(1.0, 2 * binom.cdf(np.minimum(wins, counts - wins), counts, 0.5)) <= 0.05)


@pytest.mark.parametrize(
    ("n", "discordant", "delta"), [(20, 0.5, 0.4), (50, 0.2, 0.15), (200, 0.1, 0.05), (1000, 0.3, 0.05), (40, 0.2, 0.0)]
)
def test_the_power_of_mcnemar_is_how_often_it_shows_a_difference(n, discordant, delta):
    low, high = wilson(round(shown(n, discordant, delta) * 20_000), 20_000)

    assert low - 0.002 <= mcnemar_power(n, discordant, delta) <= high + 0.002


def test_power_counts_the_same_splits_as_the_test():
    # ten pairs, all discordant: the power of a delta of 0 is the size of the test
    size = sum(binom.pmf(wins, 10, 0.5) for wins in range(11) if mcnemar(wins, 10 - wins) <= 0.05)

    assert mcnemar_power(10, 1.0, 0.0) == pytest.approx(size)


@pytest.mark.parametrize(("n", "discordant"), [(6, 0.0), (20, 0.1), (24, 0.3), (200, 0.05), (1000, 0.3)])
def test_the_smallest_delta_that_pairs_show_has_a_power_of_eighty_percent(n, discordant):
    found = detectable_share(n, discordant)

    assert mcnemar_power(n, discordant, found) == pytest.approx(0.8, abs=0.005)
    assert shown(n, max(discordant, found), found) == pytest.approx(0.8, abs=0.015)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_fewer_than_six_pairs_show_nothing(n):
    assert detectable_share(n, 0.5) is None


def test_the_smallest_delta_falls_with_pairs_and_grows_with_discordance():
    assert [detectable_share(n, 0.2) for n in (20, 100, 500)] == sorted(
        (detectable_share(n, 0.2) for n in (20, 100, 500)), reverse=True
    )
    assert detectable_share(200, 0.05) < detectable_share(200, 0.3)


@pytest.mark.parametrize(("discordant", "delta"), [(0.2, 0.05), (0.3, -0.1), (0.1, 0.1), (0.5, 0.02)])
def test_the_pairs_that_a_delta_needs_are_those_that_show_it(discordant, delta):
    needed = needed_share(discordant, delta)

    assert mcnemar_power(needed, discordant, delta) >= 0.8
    assert mcnemar_power(needed - max(2, needed // 20), discordant, delta) < 0.8
    assert detectable_share(needed, discordant) == pytest.approx(abs(delta), rel=0.03)


def test_a_tiny_delta_needs_what_the_normal_limit_says():
    z = 1.959964 * math.sqrt(0.3) + 0.841621 * math.sqrt(0.3 - 0.001**2)

    assert needed_share(0.3, 0.001) == pytest.approx((z / 0.001) ** 2, rel=1e-4)


def test_no_delta_needs_no_pairs():
    assert needed_share(0.3, 0.0) is None
    assert needed_mean(0.02, 50, 0.0) is None


@pytest.mark.parametrize("n", [10, 20, 50, 400])
def test_the_smallest_mean_difference_agrees_with_statsmodels(n):
    expected = TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8)

    assert detectable_mean(0.2 / math.sqrt(n), n - 1) == pytest.approx(0.2 * expected, rel=0.03)


@pytest.mark.parametrize("size", [0.2, 0.4, 0.8])
def test_the_pairs_that_a_mean_difference_needs_agree_with_statsmodels(size):
    expected = TTestPower().solve_power(effect_size=size, alpha=0.05, power=0.8)

    assert needed_mean(0.3 / math.sqrt(50), 50, -0.3 * size) == pytest.approx(expected, abs=1.01)


def test_a_difference_larger_than_can_be_is_none():
    assert detectable_mean(0.9, 3) is None


@pytest.mark.parametrize(
    ("deviation", "units", "delta", "expected"),
    [(0.0001, 2, 1.0, 2), (0.0001, 100, 1.0, 2), (0.05, 100, 0.1, 199), (0.1, 50, 0.2, 101), (0.1, 50, -0.2, 101)],
)
def test_the_units_that_a_mean_needs_are_guenthers(deviation, units, delta, expected):
    """units ((1.95996 + 0.84162) deviation / delta)² + 1.95996² / 2, rounded up."""
    assert needed_mean(deviation, units, delta) == expected


def test_no_delta_larger_than_1_is_said_to_be_detectable():
    one = detectable_mean(0.1, 1e9) / 0.1

    assert detectable_mean(0.9999 / one, 1e9) == pytest.approx(0.9999)
    assert detectable_mean(1.0001 / one, 1e9) is None

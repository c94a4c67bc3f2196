"""Standard errors against closed forms and statsmodels."""

import math

import numpy as np
import pytest
import statsmodels.api as sm

from chateval.stats.spread import freedom, paired_error, standard_error


def array(*values):
    return np.array(values, dtype=np.float64)


def test_without_clusters_it_is_the_deviation_over_the_root_of_n():
    values = array(0.1, 0.4, 0.4, 1.0)

    assert standard_error(values) == pytest.approx(values.std(ddof=1) / 2)


@pytest.mark.parametrize("seed", range(4))
def test_with_clusters_it_is_that_of_a_regression_on_a_constant_in_statsmodels(seed):
    generator = np.random.default_rng(seed)
    places = generator.integers(0, 9, 60)
    values = generator.beta(2, 3, 9)[places] * 0.6 + generator.random(60) * 0.4
    fitted = sm.OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": places})

    assert standard_error(values, labels=[str(place) for place in places]) == pytest.approx(fitted.bse[0])


def test_weights_are_those_of_a_weighted_regression_in_statsmodels():
    generator = np.random.default_rng(8)
    values, weights, places = generator.random(40), generator.integers(1, 9, 40).astype(float), np.arange(40) // 5
    fitted = sm.WLS(values, np.ones(40), weights=weights).fit(cov_type="cluster", cov_kwds={"groups": places})

    assert standard_error(values, weights, [str(place) for place in places]) == pytest.approx(fitted.bse[0])


def test_samples_that_repeat_their_cluster_add_nothing():
    values = array(0.1, 0.5, 0.9, 0.3)
    labels = [str(place // 3) for place in range(12)]

    assert standard_error(np.repeat(values, 3), labels=labels) == pytest.approx(standard_error(values))


@pytest.mark.parametrize(
    ("values", "weights", "labels"),
    [
        ((), None, None),
        ((0.5,), None, None),
        ((0.5, 0.7), (1, 0), None),
        ((0.5, 0.7), (0, 0), None),
        ((0.5, 0.7), None, ["p", "p"]),
    ],
)
def test_what_shows_no_spread_has_no_standard_error(values, weights, labels):
    assert standard_error(array(*values), None if weights is None else array(*weights), labels) is None


def test_the_error_of_a_difference_is_that_of_the_differences():
    candidate, baseline = np.random.default_rng(3).random((2, 12))

    found, degrees = paired_error(candidate, baseline, (np.ones(12), np.ones(12)))

    assert found == pytest.approx((candidate - baseline).std(ddof=1) / math.sqrt(12))
    assert degrees == pytest.approx(11)


@pytest.mark.parametrize(
    ("shares", "expected"), [((0.25,) * 4, 3.0), ((1.0,), 1.0), ((0.5, 0.5), 1.0), ((0.97, 0.01, 0.01, 0.01), 1.0)]
)
def test_degrees_of_freedom_are_the_effective_number_less_one_and_at_least_one(shares, expected):
    assert freedom(array(*shares)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "weights", "labels", "expected"),
    [
        ((0.0, 1.0), None, None, 0.5),
        ((0.0, 1.0), None, ("a", "b"), 0.5),
        ((0.0, 1.0, 0.5), (0.3, 0.3, 0.0), ("a", "b", "c"), 0.5),
        ((0.0, 1.0, 0.5), (0.3, 0.3, 0.0), ("a", "a", "b"), None),
        ((0.0, 1.0), (0.5, 0.0), None, None),
        ((0.7,), None, None, None),
        ((), None, None, None),
        ((0.0, 1.0), (0.0, 0.0), None, None),
    ],
)
def test_only_samples_and_clusters_of_weight_are_counted(values, weights, labels, expected):
    found = standard_error(array(*values), None if weights is None else array(*weights), labels)

    assert found == (None if expected is None else pytest.approx(expected))

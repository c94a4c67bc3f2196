"""Agreement of raters against published values and the code of others."""

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from chateval.stats.agreement import alpha_row, interval_alpha, kappa, moments, pearson, resampled, spearman

NAN = float("nan")
# Krippendorff (2011), example C: four observers, twelve units.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


def alpha(units):
    return interval_alpha(np.sum([alpha_row(np.array(unit, dtype=float)) for unit in units], axis=0))


def test_alpha_is_the_published_one():
    assert alpha(np.array(OBSERVERS).T) == pytest.approx(0.849, abs=5e-4)


def test_kappa_is_cohens_of_the_textbook():
    """Two readers of fifty applications: 35 the same, expected 25."""
    assert kappa(np.array([[20.0, 5.0], [10.0, 15.0]])) == pytest.approx(0.4)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_that_of_statsmodels(seed):
    table = np.random.default_rng(seed).integers(0, 20, size=(3, 3)).astype(float)

    assert kappa(table) == pytest.approx(cohens_kappa(table).kappa)


@pytest.mark.parametrize("table", [np.zeros((3, 3)), np.diag([7.0, 0.0, 0.0])])
def test_raters_who_say_one_thing_throughout_show_nothing(table):
    assert kappa(table) is None


@pytest.mark.parametrize("units", [[[0.5, 0.5], [0.5, 0.5]], [[0.5, NAN]], [[NAN, NAN]]])
def test_alpha_needs_ratings_that_differ(units):
    assert alpha(units) is None


def test_alpha_is_1_where_raters_agree_and_below_0_where_they_turn_the_scale_round():
    assert alpha([[0, 0, 0], [1, 1, 1]]) == pytest.approx(1.0)
    assert alpha([[0, 1], [1, 0]]) < 0


@pytest.mark.parametrize("seed", range(3))
def test_correlations_are_those_of_scipy(seed):
    from scipy import stats

    x, y = np.random.default_rng(seed).integers(0, 6, size=(2, 40)).astype(float)
    rows = np.array([moments(a, b) for a, b in zip(x, y, strict=True)])

    assert pearson(rows.sum(axis=0)) == pytest.approx(stats.pearsonr(x, y).statistic)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


def test_what_does_not_vary_correlates_with_nothing():
    assert spearman(np.ones(5), np.arange(5.0)) is None
    assert spearman(np.zeros(0), np.zeros(0)) is None
    assert pearson(np.sum([moments(1e9, n) for n in range(4)], axis=0)) is None


def test_an_interval_is_drawn_from_pairs_and_needs_two():
    x = np.arange(60.0)
    noise = np.random.default_rng(0).normal(0, 20, 60)
    low, high = resampled((x, x + noise), spearman)

    assert low < spearman(x, x + noise) < high
    assert resampled((x[:1], x[:1]), spearman) is None
    assert resampled((np.ones(3), x[:3]), spearman) is None

"""Adjustments for many tests against worked examples and statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from chateval.stats.many import benjamini_hochberg, holm


@pytest.mark.parametrize(
    ("given", "adjusted"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.01, 0.02, 0.03], [0.03, 0.04, 0.04]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02, 0.02], [0.04, 0.04]),
    ],
)
def test_holm_multiplies_by_how_many_are_left_and_never_falls(given, adjusted):
    assert holm(given) == pytest.approx(adjusted)


def test_holm_does_not_count_a_test_that_was_not_made():
    found = holm([None, 0.01, None, 0.04])

    assert found[0] is None
    assert found[2] is None
    assert [found[1], found[3]] == pytest.approx([0.02, 0.04])


@pytest.mark.parametrize(
    ("given", "adjusted"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.01, 0.04, 0.03, 0.005], [0.02, 0.04, 0.04, 0.02]),
        ([0.01, 0.02, 0.03], [0.03, 0.03, 0.03]),
        ([0.5, 1.0], [1.0, 1.0]),
    ],
)
def test_q_multiplies_by_how_many_there_are_over_the_rank(given, adjusted):
    assert benjamini_hochberg(given) == pytest.approx(adjusted)


def test_q_does_not_count_a_test_that_was_not_made():
    assert benjamini_hochberg([None, 0.01, None, 0.04]) == [None, pytest.approx(0.02), None, pytest.approx(0.04)]


@pytest.mark.parametrize("seed", range(5))
def test_both_agree_with_statsmodels(seed):
    given = np.random.default_rng(seed).random(23) ** 3

    assert holm(given.tolist()) == pytest.approx(multipletests(given, method="holm")[1])
    assert benjamini_hochberg(given.tolist()) == pytest.approx(multipletests(given, method="fdr_bh")[1])


def test_of_what_has_q_below_five_hundredths_at_most_that_share_is_false():
    generator = np.random.default_rng(6)
    shares = []
    for _ in range(400):
        true = np.arange(30) < 10
        found = np.array(benjamini_hochberg((generator.random(30) ** np.where(true, 12.0, 1.0)).tolist())) < 0.05
        shares.append((found & ~true).sum() / max(1, found.sum()))

    assert np.mean(shares) <= 0.05

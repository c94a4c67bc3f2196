"""Resampled repeats against closed forms. How often their intervals hold: test_coverage.py."""

import numpy as np
import pytest
from scipy.stats import binom

from chateval.stats.interval import mean_interval
from chateval.stats.repeats import hierarchical_interval


def samples(*rows):
    return [np.array(row, dtype=np.float64) for row in rows]


def width(interval):
    return interval[1] - interval[0]


def test_repeats_that_agree_leave_what_resampling_samples_shows():
    values = np.random.default_rng(1).random(60)

    found = hierarchical_interval([np.full(3, value) for value in values])

    assert found == pytest.approx(mean_interval(values, np.ones(60)), abs=0.01)


def test_with_many_samples_and_repeats_it_is_near_the_interval_of_their_means():
    generator = np.random.default_rng(2)
    values = [(generator.random(20) < chance).astype(np.float64) for chance in generator.beta(2, 2, 80)]
    means = np.array([row.mean() for row in values])

    assert hierarchical_interval(values) == pytest.approx(mean_interval(means, np.ones(80)), abs=0.02)


def test_samples_count_alike_however_often_they_were_asked():
    low, high = hierarchical_interval(samples([1.0] * 50, [0.0] * 2, [1.0], [0.0]), same_samples=True)

    assert (low, high) == (0.5, 0.5)


def test_on_the_same_samples_only_repeats_vary():
    values = samples(*[[0, 0, 0, 1] * 5, [1, 1, 1, 0] * 5] * 3)

    # six means of 20 draws with variance 3/16 each
    assert width(hierarchical_interval(values, same_samples=True)) == pytest.approx(
        2 * 1.96 * np.sqrt(3 / 16 / 20 / 6), rel=0.1
    )
    assert width(hierarchical_interval(values)) > 2 * width(hierarchical_interval(values, same_samples=True))


def test_a_difference_draws_the_same_samples_on_both_sides():
    hard_and_easy = samples(*[[value] * 4 for value in np.linspace(0, 0.8, 12)])
    better = [row + 0.1 for row in hard_and_easy]

    assert hierarchical_interval(better, hard_and_easy) == pytest.approx((0.1, 0.1))


def test_it_is_the_same_each_time():
    values = samples([0, 1, 1], [1], [0, 0], [1, 0])

    assert hierarchical_interval(values) == hierarchical_interval(values)


@pytest.mark.parametrize(
    ("values", "same_samples"), [((), False), (((1.0, 0.0),), False), (((1.0,), (0.0,)), True), ((), True)]
)
def test_what_shows_no_spread_has_no_interval(values, same_samples):
    assert hierarchical_interval(samples(*values), same_samples=same_samples) is None


def test_sides_of_other_samples_and_samples_without_repeats_are_refused():
    with pytest.raises(ValueError, match="1 samples of the candidate, 2 of the baseline"):
        hierarchical_interval(samples([1.0]), samples([1.0], [0.0]))
    with pytest.raises(ValueError, match="without repeats"):
        hierarchical_interval(samples([1.0], []))


def test_two_samples_of_two_repeats_have_an_interval_and_one_or_none_has_not():
    assert hierarchical_interval(samples([0.0, 1.0], [0.0, 1.0])) is not None
    assert hierarchical_interval(samples([0.0, 1.0], [0.0, 1.0]), same_samples=True) is not None
    assert hierarchical_interval(samples([0.0, 1.0]), same_samples=True) is not None
    assert hierarchical_interval(samples([0.0, 1.0])) is None
    assert hierarchical_interval([]) is None
    assert hierarchical_interval([], same_samples=True) is None


def test_its_ends_are_the_quantiles_of_all_ways_to_draw_the_repeats():
    """2,000 repeats of one sample, half of them right: drawn again, the number of right ones is binomial."""
    low, high = hierarchical_interval(samples([0.0, 1.0] * 1_000), same_samples=True)

    assert low == pytest.approx(binom.ppf(0.025, 2_000, 0.5) / 2_000, abs=0.0012)
    assert high == pytest.approx(binom.ppf(0.975, 2_000, 0.5) / 2_000, abs=0.0012)


def test_every_sample_is_drawn_as_often_as_any_other():
    low, high = hierarchical_interval(samples([1.0], [0.0], [0.0], [0.0]))

    assert (low, high) == (0.0, 0.75)


def test_a_sample_without_repeats_is_refused_in_words():
    with pytest.raises(ValueError, match="^a sample without repeats$"):
        hierarchical_interval(samples([1.0], []))


def test_large_numbers_of_samples_are_drawn_in_chunks_that_make_up_the_whole(monkeypatch):
    values = samples(*np.random.default_rng(3).random((30, 4)))
    whole = hierarchical_interval(values)
    monkeypatch.setattr("chateval.stats.repeats._CELLS", 120 * 300)

    assert hierarchical_interval(values) == pytest.approx(whole, abs=0.01)

"""The bound of noise against a full sum and simulated reruns."""

import numpy as np
import pytest
from scipy.stats import binom, nbinom

from chateval.stats.noise import noise_bound


@pytest.mark.parametrize(("n_reruns", "n_samples"), [(1, 1), (5, 200)])
def test_answers_that_never_flip_explain_no_difference(n_reruns, n_samples):
    assert noise_bound(0, n_reruns=n_reruns, n_samples=n_samples) == 0.0


@pytest.mark.parametrize(("n_flips", "n_reruns", "n_samples"), [(1, 1, 24), (2, 3, 100), (5.5, 2, 200), (40, 4, 500)])
def test_the_bound_is_the_smallest_that_leaves_one_in_twenty(n_flips, n_reruns, n_samples):
    flips = np.arange(n_samples + 1)
    chances = nbinom.pmf(flips, n_flips * n_reruns + 0.5, n_reruns / (n_reruns + 1))

    def beyond(excess):
        return sum(
            chance * binom.pmf(wins, count, 0.5)
            for count, chance in zip(flips, chances, strict=True)
            if chance > 1e-9
            for wins in range(count + 1)
            if abs(2 * wins - count) > excess
        )

    bound = round(noise_bound(n_flips, n_reruns=n_reruns, n_samples=n_samples) * n_samples)

    assert beyond(bound) <= 0.05 < beyond(bound - 1)


@pytest.mark.parametrize(("rate", "n_reruns"), [(10, 1), (10, 3), (40, 3)])
def test_of_comparisons_in_which_nothing_changed_one_in_twenty_is_beyond(rate, n_reruns):
    generator = np.random.default_rng(41)
    bounds: dict[int, float] = {}
    inside = []
    for n_flips in generator.poisson(rate, (1_500, n_reruns)).sum(axis=1):
        if n_flips not in bounds:
            bounds[n_flips] = noise_bound(n_flips / n_reruns, n_reruns=n_reruns, n_samples=500)
        count = generator.poisson(rate)
        inside.append(abs(2 * generator.binomial(count, 0.5) - count) / 500 <= bounds[n_flips])

    assert np.mean(inside) >= 0.94


def test_it_never_leaves_its_range():
    assert noise_bound(4, n_reruns=1, n_samples=4) <= 1.0


@pytest.mark.parametrize(("n_reruns", "n_samples"), [(0, 10), (1, 0)])
def test_noise_needs_a_rerun_and_a_sample(n_reruns, n_samples):
    with pytest.raises(ValueError, match="needs a rerun and a sample"):
        noise_bound(1, n_reruns=n_reruns, n_samples=n_samples)


def test_no_more_flips_are_thought_of_than_there_are_samples():
    """3 samples that flip each time: with three flips, all wins (or losses) have a chance of 1/4."""
    assert noise_bound(3, n_reruns=50, n_samples=3) == 1.0

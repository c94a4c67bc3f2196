"""How often 95 % intervals hold the truth: exact sums for shares, simulation with a fixed seed for the rest."""

import itertools

import numpy as np
import pytest
from scipy.stats import binom, multinomial

from chateval.stats import (
    confidence_sequence,
    group_clusters,
    hierarchical_interval,
    mean_interval,
    newcombe,
    paired_interval,
    wilson,
)

RUNS = 800
"""A coverage of 0.95 is seen to within 0.015 in 19 of 20 simulations."""


def ones(n):
    return np.ones(n)


def seen(draw, truth, *, runs=RUNS, seed=29):
    """Return the share of drawn intervals that hold the truth."""
    generator = np.random.default_rng(seed)
    found = (draw(generator) for _ in range(runs))
    return np.mean([low - 1e-12 <= truth <= high + 1e-12 for low, high in found])


@pytest.mark.parametrize(
    ("n", "share", "least"),
    [
        (10, 0.02, 0.98),
        (10, 0.5, 0.97),
        (10, 0.9, 0.92),
        (10, 0.98, 0.98),
        (20, 0.02, 0.93),
        (20, 0.5, 0.95),
        (20, 0.98, 0.93),
        (50, 0.02, 0.91),
        (200, 0.02, 0.92),
        (200, 0.98, 0.92),
    ],
)
def test_wilson_holds_the_share(n, share, least):
    covered = [low <= share <= high for low, high in (wilson(k, n) for k in range(n + 1))]

    assert binom.pmf(np.arange(n + 1), n, share) @ covered >= least


@pytest.mark.parametrize(
    ("n", "lost", "won", "both", "least"),
    [
        (10, 0.02, 0.02, 0.5, 0.99),
        (10, 0.05, 0.25, 0.5, 0.95),
        (10, 0.0, 0.02, 0.96, 0.99),
        (20, 0.02, 0.02, 0.94, 0.99),
        (20, 0.02, 0.02, 0.02, 0.99),
        (20, 0.05, 0.25, 0.5, 0.95),
        (20, 0.3, 0.3, 0.2, 0.94),
    ],
)
def test_newcombe_holds_the_difference(n, lost, won, both, least):
    cells = np.array([cut for cut in itertools.product(range(n + 1), repeat=3) if sum(cut) <= n])
    cells = np.column_stack([cells, n - cells.sum(axis=1)])
    chances = multinomial.pmf(cells, n, (both, lost, won, 1 - both - lost - won))
    covered = [low - 1e-12 <= won - lost <= high + 1e-12 for low, high in (newcombe(*map(int, row)) for row in cells)]

    assert chances @ covered >= least


GRADED = {
    "even": (lambda g, n: g.beta(2, 3, n), 0.4),
    "heaped at both ends": (lambda g, n: g.beta(0.5, 0.5, n), 0.5),
    "halves": (lambda g, n: g.choice((0, 0.5, 1), p=(0.05, 0.1, 0.85), size=n), 0.9),
    "thirds, almost all right": (lambda g, n: g.choice((0, 1 / 3, 2 / 3, 1), p=(0.01, 0.01, 0.01, 0.97), size=n), 0.98),
    "almost right, never quite": (lambda g, n: g.beta(4.9, 0.1, n), 0.98),
}


@pytest.mark.parametrize(
    ("kind", "n", "least"),
    [
        ("even", 10, 0.93),
        ("even", 20, 0.93),
        ("heaped at both ends", 10, 0.94),
        ("heaped at both ends", 20, 0.94),
        ("halves", 10, 0.95),
        ("halves", 20, 0.95),
        ("thirds, almost all right", 10, 0.94),
        ("thirds, almost all right", 20, 0.91),
        ("thirds, almost all right", 200, 0.92),
        ("almost right, never quite", 20, 0.80),
        ("almost right, never quite", 50, 0.88),
        ("almost right, never quite", 200, 0.93),
    ],
)
def test_the_interval_of_graded_scores_holds_the_mean(kind, n, least):
    draw, truth = GRADED[kind]

    assert least <= seen(lambda g: mean_interval(draw(g, n), ones(n)), truth) <= 0.995


@pytest.mark.parametrize(("n", "share"), [(10, 0.7), (20, 0.7), (20, 0.95)])
def test_the_interval_of_weighted_scores_holds_the_ratio(n, share):
    def draw(generator):
        size = generator.integers(1, 11, n)
        return mean_interval(generator.binomial(size, share) / size, size.astype(np.float64))

    assert 0.90 <= seen(draw, share) <= 0.985


def clustered(generator, n_clusters, share):
    """0/1 outcomes of clusters of one to eight samples, each cluster easy or hard by itself."""
    sizes = generator.integers(1, 9, n_clusters)
    ease = generator.beta(4 * share, 4 * (1 - share), n_clusters)
    places = np.repeat(np.arange(n_clusters), sizes)
    return (generator.random(len(places)) < ease[places]).astype(np.float64), [str(place) for place in places]


@pytest.mark.parametrize(
    ("n_clusters", "share", "least"), [(10, 0.5, 0.92), (20, 0.5, 0.93), (20, 0.9, 0.90), (40, 0.98, 0.85)]
)
def test_the_interval_over_clusters_holds_the_share(n_clusters, share, least):
    def draw(generator):
        values, labels = clustered(generator, n_clusters, share)
        return mean_interval(*group_clusters(values, ones(len(values)), labels))

    assert least <= seen(draw, share) <= 0.99


def test_an_interval_that_takes_the_samples_of_clusters_for_so_many_witnesses_holds_far_less():
    def draw(generator):
        values, _ = clustered(generator, 20, 0.5)
        return mean_interval(values, ones(len(values)))

    assert seen(draw, 0.5) < 0.85


def repeated(generator, n, share, most):
    """Mean of one to `most` 0/1 repeats of each sample, whose chance is its own."""
    ease = generator.beta(2 * share, 2 * (1 - share), n)
    repeats = generator.integers(1, most + 1, n)
    return generator.binomial(repeats, ease) / repeats


@pytest.mark.parametrize(
    ("n", "share", "most", "least"),
    [(10, 0.5, 4, 0.94), (20, 0.5, 4, 0.94), (20, 0.5, 16, 0.93), (20, 0.9, 4, 0.91), (50, 0.95, 8, 0.91)],
)
def test_averaging_repeats_first_leaves_an_interval_that_holds_the_mean_over_samples_and_repeats(n, share, most, least):
    assert least <= seen(lambda g: mean_interval(repeated(g, n, share, most), ones(n)), share) <= 0.985


@pytest.mark.parametrize(("n", "most"), [(10, 4), (20, 1), (20, 8)])
def test_the_paired_interval_of_repeats_holds_the_difference(n, most):
    def draw(generator):
        ease = generator.beta(2, 2, n) * 0.9
        sides = [generator.binomial(most, ease + gain) / most for gain in (0.1, 0.0)]
        return paired_interval(*sides, (ones(n), ones(n)))

    assert 0.92 <= seen(draw, 0.1) <= 0.985


@pytest.mark.parametrize(
    ("n", "least"),
    [(10, 0.95), (20, 0.88), (50, 0.91), (200, 0.93)],
)
def test_the_paired_interval_of_graded_scores_that_rarely_differ_holds_the_difference(n, least):
    def draw(generator):
        moved = generator.choice((-1, -0.5, 0, 0.5, 1), p=(0.02, 0.05, 0.83, 0.05, 0.05), size=n)
        return paired_interval(np.maximum(moved, 0), np.maximum(-moved, 0), (ones(n), ones(n)))

    assert seen(draw, 0.03) >= least


@pytest.mark.parametrize(("n_clusters", "least"), [(10, 0.92), (20, 0.93)])
def test_the_paired_interval_over_clusters_holds_the_difference(n_clusters, least):
    def draw(generator):
        sizes = generator.integers(1, 9, n_clusters)
        places = np.repeat(np.arange(n_clusters), sizes)
        ease = generator.beta(2, 2, n_clusters)[places] * 0.9
        labels = [str(place) for place in places]
        sides = [
            group_clusters((generator.random(len(places)) < ease + gain).astype(np.float64), ones(len(places)), labels)
            for gain in (0.1, 0.0)
        ]
        return paired_interval(sides[0][0], sides[1][0], (sides[0][1], sides[1][1]))

    assert least <= seen(draw, 0.1) <= 0.985


def test_drawing_samples_and_then_repeats_holds_the_mean_and_is_on_the_wide_side():
    def draw(generator):
        ease = generator.beta(2, 2, 12)
        return hierarchical_interval([(generator.random(3) < chance).astype(np.float64) for chance in ease])

    assert 0.95 <= seen(draw, 0.5, runs=150) <= 1


def test_drawing_repeats_only_holds_the_difference_on_these_very_samples():
    ease = np.array((0.1, 0.5, 0.8))

    def draw(generator):
        sides = [[(generator.random(12) < chance).astype(float) for chance in ease + gain] for gain in (0.1, 0.0)]
        return hierarchical_interval(*sides, same_samples=True)

    assert 0.89 <= seen(draw, 0.1, runs=150) <= 0.985


@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda g: g.choice((-1.0, 0.0, 1.0), p=(0.05, 0.85, 0.1), size=400), 0.05),
        (lambda g: g.choice((-1.0, 0.0, 1.0), p=(0.0, 0.98, 0.02), size=400), 0.02),
        (lambda g: g.random(400) - g.random(400), 0.0),
    ],
)
def test_the_share_of_sequences_that_ever_exclude_the_truth_is_below_five_hundredths(draw, truth):
    # the sequence is the running intersection: what it ever excluded is outside at its end
    assert seen(lambda g: confidence_sequence(draw(g)), truth, runs=200) >= 0.95

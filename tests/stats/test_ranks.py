"""Pairs told apart and rank intervals: against McNemar's test, and by simulation."""

import numpy as np
import pytest

from chateval.stats import group_clusters, mcnemar, wilson
from chateval.stats.paired import MAX_SWAPPED
from chateval.stats.ranks import contributions, macro_interval, pairwise_p, rank_intervals


def singles(n):
    return [str(i) for i in range(n)]


def added(values, weights=None, clusters=None):
    values = np.asarray(values, dtype=float)
    weights = np.ones_like(values) if weights is None else np.asarray(weights, dtype=float)
    return contributions(values, weights, clusters or singles(len(values)))


def table(wins, losses, ties=5):
    return [[1, 0]] * wins + [[0, 1]] * losses + [[1, 1]] * ties


@pytest.mark.parametrize(("wins", "losses"), [(6, 0), (9, 2), (20, 8), (3, 3), (1, 0)])
def test_two_subjects_with_0_1_scores_are_tested_as_by_mcnemar(wins, losses):
    p = pairwise_p([added(table(wins, losses))])

    assert p[0, 1] == pytest.approx(mcnemar(wins, losses), abs=0.015)


def test_the_normal_limit_of_a_large_stratum_agrees_with_drawing_it():
    generator = np.random.default_rng(3)
    values = generator.random((MAX_SWAPPED, 3)) + np.array([0.0, 0.015, 0.03])
    drawn = pairwise_p([added(values)])
    limit = pairwise_p([np.concatenate([added(values), np.zeros((1, 3))])])

    assert limit == pytest.approx(drawn, abs=0.02)


def test_twins_have_p_1_and_share_every_rank():
    values = np.random.default_rng(0).random((50, 1)).repeat(3, axis=1)

    assert (pairwise_p([added(values)]) == 1).all()
    assert rank_intervals(values.mean(axis=0), pairwise_p([added(values)])) == [(1, 3)] * 3


def test_one_subject_has_rank_1():
    assert rank_intervals([0.5], pairwise_p([added([[0.0], [1.0]])])) == [(1, 1)]


def test_ranks_count_only_those_that_are_clearly_better_or_worse():
    adjusted = np.array([[1.0, 0.2, 0.01], [0.2, 1.0, 0.04], [0.01, 0.04, 1.0]])

    assert rank_intervals([0.9, 0.8, 0.1], adjusted) == [(1, 2), (1, 2), (3, 3)]


def test_adjusted_p_is_larger_among_more_subjects():
    generator = np.random.default_rng(5)
    values = generator.random((40, 8))
    values[:, 0] += 0.15
    pair, all_pairs = pairwise_p([added(values[:, :2])]), pairwise_p([added(values)])

    assert all_pairs[0, 1] > pair[0, 1]


def test_contributions_sum_to_differences_of_weighted_means():
    generator = np.random.default_rng(2)
    values, weights = generator.random((30, 3)), generator.random((30, 3))
    labels = [str(i // 3) for i in range(30)]
    means = (values * weights).sum(axis=0) / weights.sum(axis=0)
    found = added(values, weights, labels)

    assert found.shape == (10, 3)
    assert found.sum(axis=0)[0] - found.sum(axis=0)[2] == pytest.approx(means[0] - means[2])


def test_samples_of_one_cluster_are_one_witness():
    values = table(12, 0, 0)
    alone, together = pairwise_p([added(values)]), pairwise_p([added(values, clusters=["a"] * 6 + ["b"] * 6)])

    assert alone[0, 1] < 0.01
    assert together[0, 1] == pytest.approx(0.5, abs=0.02)


def shares(*right, n=20):
    return [(np.array([1.0] * k + [0.0] * (n - k)), np.ones(n)) for k in right]


def test_the_macro_interval_of_one_task_is_that_of_the_task():
    assert macro_interval(shares(5)) == wilson(5, 20)


def test_the_macro_interval_of_equal_tasks_is_about_that_of_all_samples_together():
    assert macro_interval(shares(10, 10)) == pytest.approx(wilson(20, 40), abs=0.01)


def test_tasks_without_spread_have_an_interval_as_of_all_their_samples():
    assert macro_interval(shares(20, 20)) == pytest.approx((1 - wilson(0, 40)[1], 1.0))
    assert macro_interval(shares(0, 20))[0] == pytest.approx(0.5 - wilson(0, 40)[1])


def test_a_task_of_one_sample_says_next_to_nothing():
    low, high = macro_interval([*shares(10), (np.array([1.0]), np.ones(1))])

    assert high - low > 0.6


def test_rank_intervals_are_right_together_in_95_of_100_simulations():
    """Six subjects of which two pairs are equal, three tasks of 40 samples of common difficulty."""
    truth = np.array([0.5, 0.5, 0.55, 0.7, 0.7, 0.85])
    ideal = [(1 + int((truth > one).sum()), 6 - int((truth < one).sum())) for one in truth]
    generator, wrong, n_told = np.random.default_rng(11), 0, 0
    for _ in range(60):
        easy = generator.random((3, 40, 1)) < 0.4
        values = np.where(easy, generator.random((3, 40, 1)) < truth, generator.random((3, 40, 6)) < truth)
        adjusted = pairwise_p([added(stratum) / 3 for stratum in values])
        found = rank_intervals(values.mean(axis=(0, 1)), adjusted)
        wrong += any(low > best or high < worst for (low, high), (best, worst) in zip(found, ideal, strict=True))
        n_told += int((adjusted < 0.05).sum())

    assert wrong <= 7  # 3 are expected at most; 8 of 60 have a probability of 1 % at 5 %
    assert n_told > 60 * 8


@pytest.mark.parametrize("truth", [(0.05, 0.5, 0.9), (0.98,) * 5, (0.02,) * 8, (1.0, 1.0, 0.9, 0.95), (0.5,) * 5])
def test_macro_intervals_cover_in_95_of_100_simulations(truth):
    generator, covered = np.random.default_rng(4), 0
    for right in generator.binomial(24, truth, size=(400, len(truth))):
        low, high = macro_interval(shares(*right, n=24))
        covered += low <= np.mean(truth) <= high

    assert covered / 400 >= 0.92


def test_clusters_are_those_of_the_estimates():
    """Grouping by cluster as the estimates do gives the same sums."""
    generator = np.random.default_rng(8)
    values, labels = generator.random((12, 2)), [str(i // 4) for i in range(12)]
    grouped = [group_clusters(values[:, j], np.ones(12), labels)[0].mean() for j in range(2)]
    sums = added(values, clusters=labels).sum(axis=0)

    assert sums[0] - sums[1] == pytest.approx(grouped[0] - grouped[1])


def test_the_same_subjects_get_the_same_p_each_time():
    values = np.random.default_rng(1).random((40, 4))
    many = np.random.default_rng(2).random((MAX_SWAPPED + 1, 4))

    for strata in ([added(values)], [added(values), added(many)]):
        assert np.array_equal(pairwise_p(strata), pairwise_p(strata))


def test_small_and_large_strata_are_put_together():
    """A difference that only the small stratum shows is not lost beside a large one of noise, nor is its sign."""
    noise = np.random.default_rng(3).random((MAX_SWAPPED + 1, 1)) * np.ones((1, 3))
    apart = [[1, 0, 0]] * 12
    alone, beside = pairwise_p([added(apart)]), pairwise_p([added(apart), added(noise)])

    assert beside == pytest.approx(alone, abs=0.01)
    assert beside[1, 2] == 1.0


def test_what_a_cluster_adds_is_centred_on_the_mean_of_all_and_weighed():
    found = added([[1.0, 0.0], [0.5, 0.5]], [[3.0, 1.0], [1.0, 1.0]])

    # The mean of all is (3 + 0 + 0.5 + 0.5) / 6 = 2/3; the columns weigh 4 and 2.
    assert found == pytest.approx(np.array([[3 * (1 / 3) / 4, -2 / 3 / 2], [-1 / 6 / 4, -1 / 6 / 2]]))


def test_ranks_are_told_apart_below_alpha_only():
    adjusted = np.array([[1.0, 0.05], [0.05, 1.0]])

    assert rank_intervals([0.9, 0.1], adjusted, alpha=0.05) == [(1, 2), (1, 2)]
    assert rank_intervals([0.9, 0.1], adjusted, alpha=0.051) == [(1, 1), (2, 2)]
    assert rank_intervals([0.5, 0.5], adjusted, alpha=0.051) == [(1, 2), (1, 2)]

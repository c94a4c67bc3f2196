"""Scores to estimates: means by hand, repeats, weights, clusters, and what could not be scored."""

import pytest

from chateval.records import Score
from chateval.report.aggregate import audit, estimate, sample_means

ADDRESS = ("sft", "arithmetic", "number")


def score(sample_id, value, *, repeat=0, weight=1.0, scorer="number", task="arithmetic", checkpoint="sft"):
    return Score(checkpoint, task, scorer, sample_id, value, weight=weight, repeat=repeat, reason="why")


def one(scores, clusters=None):
    return estimate(ADDRESS, sample_means(scores)[ADDRESS], clusters or {})


def test_the_mean_is_over_samples():
    found = one([score("a", 1.0), score("b", 0.0), score("c", 0.5), score("d", 1.0)])

    assert found.mean == pytest.approx(2.5 / 4)
    assert found.low < found.mean < found.high
    assert (found.checkpoint, found.task, found.scorer) == ADDRESS


def test_repeats_are_averaged_within_their_sample():
    found = one([score("a", 1.0), score("a", 0.0, repeat=1), score("a", 0.0, repeat=2), score("b", 1.0)])

    assert found.mean == pytest.approx((1 / 3 + 1) / 2)
    assert found.n == 2


def test_an_unscored_repeat_does_not_count_against_its_sample():
    means = sample_means([score("a", 1.0), score("a", None, repeat=1), score("a", 0.0, repeat=2)])

    assert means[ADDRESS]["a"] == (0.5, 1.0)


def test_a_sample_whose_repeats_are_all_unscored_is_unscored():
    assert sample_means([score("a", None), score("a", None, repeat=1)])[ADDRESS] == {"a": None}


def test_unscored_samples_are_counted_and_in_no_mean():
    found = one([score("a", 1.0), score("b", None), score("c", 0.0), score("d", None)])

    assert found.mean == 0.5
    assert (found.n, found.n_unscored) == (2, 2)


def test_without_a_scored_sample_there_is_no_mean():
    found = one([score("a", None), score("b", None)])

    assert (found.mean, found.low, found.high) == (None, None, None)
    assert (found.n, found.n_unscored, found.n_clusters) == (0, 2, 0)


def test_micro_f1_is_the_weighted_mean():
    # tp, fp, fn = 1, 1, 1 and 4, 0, 0 and 0, 0, 2
    found = one([score("a", 2 / 4, weight=4), score("b", 1.0, weight=8), score("c", 0.0, weight=2)])

    assert found.mean == pytest.approx(2 * 5 / (2 * 5 + 1 + 3))


def test_repeats_of_a_weighted_score_are_a_ratio_of_sums_with_a_mean_weight():
    means = sample_means([score("a", 0.5, weight=4), score("a", 1.0, weight=2, repeat=1)])

    assert means[ADDRESS]["a"] == pytest.approx(((0.5 * 4 + 1.0 * 2) / 6, 3.0))


def test_a_score_without_weight_keeps_its_value():
    means = sample_means([score("a", 1.0, weight=0), score("b", 0.0, weight=0)])

    assert means[ADDRESS] == {"a": (1.0, 0.0), "b": (0.0, 0.0)}


def test_scores_that_all_have_no_weight_have_no_mean():
    found = one([score("a", 1.0, weight=0), score("b", 1.0, weight=0)])

    assert (found.mean, found.low, found.high, found.n) == (None, None, None, 2)


@pytest.mark.parametrize(
    ("clusters", "n_clusters"),
    [
        ({}, 3),
        ({"a": "p", "b": "p", "c": "p"}, 1),
        ({"a": "p", "b": "p", "c": None}, 2),
        ({"a": "p", "b": "q", "c": "r"}, 3),
        ({"a": "p", "b": "p", "c": "p", "unscored": "q"}, 1),
    ],
)
def test_samples_of_one_source_are_one_cluster(clusters, n_clusters):
    scores = [score(name, 1.0) for name in "abc"] + [score("unscored", None)]

    assert one(scores, clusters).n_clusters == n_clusters


def test_addresses_are_kept_apart():
    scores = [score("a", 1.0), score("a", 0.0, checkpoint="base"), score("a", 0.5, scorer="exact")]

    assert {address: dict(found) for address, found in sample_means(scores).items()} == {
        ("sft", "arithmetic", "number"): {"a": (1.0, 1.0)},
        ("base", "arithmetic", "number"): {"a": (0.0, 1.0)},
        ("sft", "arithmetic", "exact"): {"a": (0.5, 1.0)},
    }


def test_audits_pool_tasks_and_leave_out_what_does_not_apply():
    scores = [
        score("a", 1.0, scorer="system_kept", task="reading"),
        score("b", None, scorer="system_kept", task="reading"),
        score("a", 0.0, scorer="system_kept", task="arithmetic"),
        score("a", 1.0, scorer="single_bos", task="reading"),
    ]

    system, bos = audit(scores)

    assert (system.task, system.scorer, system.mean, system.n, system.n_unscored) == ("*", "system_kept", 0.5, 2, 0)
    assert (bos.scorer, bos.mean, bos.n) == ("single_bos", 1.0, 1)


def test_an_audit_that_never_applies_has_no_samples_and_no_mean():
    [found] = audit([score("a", None, scorer="clean_stop")])

    assert (found.mean, found.n, found.n_unscored) == (None, 0, 0)


def test_audits_of_two_checkpoints_are_kept_apart():
    found = audit([score("a", 1.0, scorer="single_bos"), score("a", 0.0, scorer="single_bos", checkpoint="base")])

    assert {one.checkpoint: one.mean for one in found} == {"sft": 1.0, "base": 0.0}

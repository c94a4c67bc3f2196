"""Scores to estimates: means by hand, repeats, weights, clusters, and what could not be scored."""

import numpy as np
import pytest

from chateval.compare.aggregate import Column, audit, estimate, find_faults, sample_means
from chateval.records import Decoding, Fault, Prompt, Response, Score
from chateval.stats import mean_interval

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


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_sample_with_an_unscored_repeat_is_unscored(place):
    values = [1.0, 0.0]
    values.insert(place, None)
    repeats = [score("a", value, repeat=repeat) for repeat, value in enumerate(values)]

    assert sample_means(repeats)[ADDRESS]["a"] is None
    found = one([*repeats, score("b", 1.0), score("b", 0.0, repeat=1)])
    assert (found.mean, found.n, found.n_unscored) == (0.5, 1, 1)


def test_a_template_scorer_that_does_not_apply_to_a_repeat_is_averaged_over_the_others():
    column = Column({}, skips_unscored=True)
    for value in (None, 1.0, 0.0):
        column.add("a", value, 1.0)
    column.add("b", None, 1.0)

    assert dict(column) == {"a": (0.5, 1.0), "b": None}


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


def test_a_cluster_counts_once_in_the_interval_and_with_all_its_samples_in_the_mean():
    values = {"a": 1.0, "b": 1.0, "c": 0.0, "d": 0.5, "e": 0.0}
    found = one([score(*pair) for pair in values.items()], {"a": "p", "b": "p", "c": "p", "d": "q"})

    # p has 2/3 of three samples, q and e one sample each
    assert found.mean == pytest.approx(2.5 / 5)
    assert (found.low, found.high) == pytest.approx(mean_interval(np.array([2 / 3, 0.5, 0.0]), np.array([3.0, 1, 1])))
    assert (found.n, found.n_clusters) == (5, 3)


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

    system, bos = audit(sample_means(scores))

    assert (system.task, system.scorer, system.mean, system.n, system.n_unscored) == ("*", "system_kept", 0.5, 2, 0)
    assert (bos.scorer, bos.mean, bos.n) == ("single_bos", 1.0, 1)


def test_an_audit_that_never_applies_has_no_samples_and_no_mean():
    [found] = audit(sample_means([score("a", None, scorer="clean_stop")]))

    assert (found.mean, found.n, found.n_unscored) == (None, 0, 0)


def test_audits_of_two_checkpoints_are_kept_apart():
    scores = [score("a", 1.0, scorer="single_bos"), score("a", 0.0, scorer="single_bos", checkpoint="base")]

    found = audit(sample_means(scores))

    assert {one.checkpoint: one.mean for one in found} == {"sft": 1.0, "base": 0.0}


def faults_of(*audits):
    cases = {
        (found.checkpoint, found.task, found.sample_id, found.repeat): (
            Prompt(found.sample_id, (), f"{found.task} {found.sample_id}?", (), Decoding()),
            Response(found.sample_id, "", "eos", raw_text=f"{found.checkpoint} {found.sample_id} {found.repeat}"),
        )
        for found in audits
    }
    return list(find_faults(audits, cases))


def test_a_fault_has_its_address_its_reason_the_prompt_and_the_answer():
    [found] = faults_of(score("a", 0.0, scorer="clean_stop"))

    assert found == Fault("sft", "arithmetic", "clean_stop", "a", "why", prompt_end="arithmetic a?", raw_text="sft a 0")


@pytest.mark.parametrize(("value", "n"), [(0.0, 1), (0.5, 1), (1.0, 0), (None, 0)])
def test_only_what_was_scored_and_is_not_right_is_a_fault(value, n):
    assert len(faults_of(score("a", value))) == n


def test_of_the_faults_of_a_checkpoint_and_scorer_the_first_three_are_kept_over_all_tasks():
    audits = [
        score("right", 1.0, scorer="clean_stop"),
        *(score(name, 0.0, scorer="clean_stop") for name in "ab"),
        *(score(name, 0.0, scorer="clean_stop", task="reading") for name in "cd"),
        score("a", 0.0, scorer="single_bos"),
        *(score(name, 0.0, scorer="clean_stop", checkpoint="base") for name in "efgh"),
    ]

    found = [(one.checkpoint, one.scorer, one.task, one.sample_id) for one in faults_of(*audits)]

    assert found == [
        ("sft", "clean_stop", "arithmetic", "a"),
        ("sft", "clean_stop", "arithmetic", "b"),
        ("sft", "clean_stop", "reading", "c"),
        ("sft", "single_bos", "arithmetic", "a"),
        ("base", "clean_stop", "arithmetic", "e"),
        ("base", "clean_stop", "arithmetic", "f"),
        ("base", "clean_stop", "arithmetic", "g"),
    ]


def test_a_fault_shows_the_answer_of_its_own_repeat():
    found = faults_of(score("a", 0.0), score("a", 1.0, repeat=1), score("a", 0.0, repeat=2))

    assert [one.raw_text for one in found] == ["sft a 0", "sft a 2"]


def test_a_fault_keeps_the_end_of_a_long_prompt_and_the_beginning_of_a_long_answer():
    case = (Prompt("a", (), "p" * 999 + "end", (), Decoding()), Response("a", "", "eos", raw_text="begin" + "x" * 999))

    [found] = find_faults([score("a", 0.0)], {("sft", "arithmetic", "a", 0): case})

    assert found.prompt_end == "p" * 197 + "end"
    assert found.raw_text == "begin" + "x" * 395

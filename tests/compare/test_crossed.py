"""Weights and templates crossed: what each of the two did."""

import pytest
from made_runs import checkpoint

from chateval.compare.crossed import find_crossings


def column(text):
    marks = {"1": (1.0, 1.0), "0": (0.0, 1.0), ".": None}
    return {str(place): marks[mark] for place, mark in enumerate(text)}


CHECKPOINTS = {
    "base": checkpoint("base", weights_digest="w1", template_digest="t1"),
    "base, new template": checkpoint("base, new template", weights_digest="w1", template_digest="t2"),
    "sft, old template": checkpoint("sft, old template", weights_digest="w2", template_digest="t1"),
    "sft": checkpoint("sft", weights_digest="w2", template_digest="t2"),
}


def crossed(texts):
    means = {(name, "facts", "exact"): column(text) for name, text in texts.items()}
    return find_crossings(means, "base", [CHECKPOINTS[name] for name in texts])


def test_a_change_is_split_into_weights_and_template():
    [found] = crossed(
        {
            "base": "1100000000",
            "base, new template": "1000000000",
            "sft, old template": "1111110000",
            "sft": "1110000000",
        }
    )

    assert (found.baseline, found.candidate, found.n_pairs) == ("base", "sft", 10)
    assert (found.weights, found.template, found.both) == pytest.approx((0.4, -0.1, 0.1))


def test_only_samples_that_all_four_have_count():
    [found] = crossed({"base": "1.0", "base, new template": "11.", "sft, old template": "111", "sft": "011"})

    assert (found.n_pairs, found.weights, found.template, found.both) == (1, 0.0, 0.0, -1.0)


@pytest.mark.parametrize("absent", ["base, new template", "sft, old template", "sft"])
def test_three_corners_are_no_square(absent):
    assert crossed({name: "10" for name in CHECKPOINTS if name != absent}) == []


def test_without_a_sample_in_common_there_is_nothing():
    assert crossed({"base": "1.", "base, new template": ".1", "sft, old template": "11", "sft": "11"}) == []

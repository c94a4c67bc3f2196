"""Preference pairs: which answer is the more probable one, and what training did to the two."""

import math
from dataclasses import replace

import pytest
from answers import chosen

from chateval.records import Response
from chateval.score import bind, bind_measure
from chateval.score.preference import NoRewardError, implicit_rewards

INF = math.inf


def case(good=(-1.0,), bad=(-2.0,), reference=None):
    found = chosen("good", {"good": good, "bad": bad})
    return replace(found, reference=Response("0" * 16, "", "eos", choice_logprobs=reference)) if reference else found


@pytest.mark.parametrize(
    ("good", "bad", "options", "value"),
    [
        ((-1.0,), (-2.0,), {}, 1.0),
        ((-2.0,), (-1.0,), {}, 0.0),
        ((-1.0, -1.0), (-1.5,), {}, 0.0),
        ((-1.0, -1.0), (-1.5,), {"normalise": "tokens"}, 1.0),
        ((-1.0, -1.0), (-1.8,), {"normalise": "characters"}, 1.0),
        ((-1.0,), (-1.0,), {}, 0.0),
        ((-1.0,), (-INF,), {}, 1.0),
        ((-INF,), (-INF,), {}, None),
        ((math.nan,), (-1.0,), {}, None),
        ((), (-1.0,), {}, None),
    ],
)
def test_the_chosen_answer_must_be_the_more_probable_one(good, bad, options, value):
    assert bind("preference", options)(case(good, bad)).value == value


def test_the_more_probable_answer_is_told():
    assert bind("preference", {})(case((-3.0,), (-2.0,))).answer == "bad"


@pytest.mark.parametrize("name", ["preference", "reward_accuracy"])
@pytest.mark.parametrize("choices", [("good",), ("good", "bad", "worse"), ("bad", "worse"), ("good", "good")])
def test_what_is_no_pair_is_a_fault_of_the_task(name, choices):
    one = case()
    odd = replace(one, sample=replace(one.sample, choices=choices))

    with pytest.raises(ValueError, match=r"choices|same"):
        bind(name, {})(odd)


def test_the_length_that_evens_out_is_one_of_four():
    with pytest.raises(ValueError, match="none, tokens, characters, bytes"):
        bind("preference", {"normalise": "words"})(case())


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        (((-1.5,), (-2.0,)), 1.0),
        (((-0.5,), (-2.0,)), 0.0),
        (((-1.0,), (-2.0,)), 0.5),
        (((-2.0,), (-3.0,)), 0.5),
        (None, None),
        (((-1.0,),), None),
        (((-INF,), (-2.0,)), None),
    ],
)
def test_the_reward_is_what_was_gained_on_the_baseline(reference, value):
    assert bind("reward_accuracy", {})(case(reference=reference)).value == value


def test_the_margin_is_that_of_the_paper():
    """beta (log pi(y_w)/ref(y_w) - log pi(y_l)/ref(y_l)), by hand."""
    found = implicit_rewards(case((-1.0, -0.5), (-4.0,), ((-2.0, -0.5), (-3.0,))), beta=0.1)

    assert (found.chosen, found.rejected) == pytest.approx((0.1, -0.1))
    assert found.margin == pytest.approx(0.2)


@pytest.mark.parametrize(("name", "value"), [("reward_margin", 1.0), ("reward_chosen", 0.5), ("reward_rejected", -0.5)])
def test_a_measure_is_its_part_of_the_reward(name, value):
    measure = bind_measure(name, {"beta": 0.5})

    assert measure.collect([case((-1.0,), (-4.0,), ((-2.0,), (-3.0,)))], [{}]) == pytest.approx((value, 1.0))
    assert measure.reads_reference
    assert "beta 0.5" in measure.unit


def test_a_pair_without_a_reference_is_not_measured():
    assert bind_measure("reward_margin", {}).collect([case()], [{}]) is None


def test_an_error_of_the_baseline_is_told():
    failed = replace(case(), reference=Response("0" * 16, "", "error", error="out of memory"))

    with pytest.raises(NoRewardError, match="the baseline's response is an error: out of memory"):
        implicit_rewards(failed, beta=1.0)


@pytest.mark.parametrize("beta", [0, -1, INF, math.nan, "x", True])
def test_beta_is_a_number_above_0(beta):
    with pytest.raises(Exception, match="beta"):
        bind_measure("reward_margin", {"beta": beta})

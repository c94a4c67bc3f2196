"""Rules about scores: what each outcome says, what is statistics and what is missing, and the edges of the noise."""

from dataclasses import replace

import pytest

from chateval.gate.scores import judge_drop, judge_unscored, judge_value
from chateval.records import Comparison, Estimate, Noise, Refusal, Report, Rule

ADDRESS = ("sft", "facts", "exact")
SEEN = Estimate(*ADDRESS, 0.5, 0.4, 0.6, 100, 0, 100)
DELTA = Comparison("facts", "exact", "base", "sft", -0.1, -0.2, 0.0, 0.5, 0.5, 0, 0, 100, 100, 0)


def report(*, estimate=None, comparison=None, noise=(), refusals=()):
    return Report(
        baseline="base",
        checkpoints=(),
        tasks=(),
        estimates=(estimate,) if estimate else (),
        audits=(),
        comparisons=(comparison,) if comparison else (),
        flips=(),
        noise=noise,
        refusals=refusals,
    )


def value(limit, **changes):
    return judge_value(Rule(scorer="exact", min_value=limit), ADDRESS, report(estimate=replace(SEEN, **changes)))


def drop(limit, *, reruns=(), refusals=(), **changes):
    given = report(comparison=replace(DELTA, **changes), noise=reruns, refusals=refusals)
    return judge_drop(Rule(scorer="exact", max_drop=limit), ADDRESS, given)


@pytest.mark.parametrize(
    ("limit", "changes", "outcome", "reason", "is_statistical"),
    [
        (0.7, {}, "fail", "0.500 [0.400, 0.600], n=100: below 0.7", True),
        (0.4, {}, "pass", "0.500 [0.400, 0.600], n=100: at least 0.4", True),
        (0.0, {"low": 0.0}, "pass", "0.500 [0.000, 0.600], n=100: at least 0", True),
        (0.5, {}, "inconclusive", "0.500 [0.400, 0.600], n=100: 0.5 lies inside the interval", True),
        (0.4, {"n": 9}, "inconclusive", "0.500 [0.400, 0.600], n=9: fewer than 10 samples", False),
        (
            0.4,
            {"n_unscored": 2},
            "inconclusive",
            "0.500 [0.400, 0.600], n=100: 2 samples could not be evaluated",
            False,
        ),
        (0.4, {"mean": None}, "inconclusive", "nothing could be scored", False),
        (0.4, {"low": None}, "inconclusive", "nothing could be scored", False),
        (0.4, {"high": None}, "inconclusive", "nothing could be scored", False),
    ],
)
def test_a_mean_is_judged_in_words_and_figures(limit, changes, outcome, reason, is_statistical):
    found = value(limit, **changes)

    assert (found.outcome, found.reason, found.is_statistical) == (outcome, reason, is_statistical)


@pytest.mark.parametrize(
    ("limit", "changes", "outcome", "reason", "is_statistical"),
    [
        (
            0.0,
            {"high": -0.01},
            "fail",
            "-0.100 [-0.200, -0.010], 100 pairs: worse than the margin of +0",
            True,
        ),
        (0.2, {}, "pass", "-0.100 [-0.200, +0.000], 100 pairs: no drop beyond -0.2", True),
        (
            0.2,
            {"n_dropped": 5, "n_unasked": 5},
            "pass",
            "-0.100 [-0.200, +0.000], 100 pairs (5 more samples were asked of one side only): no drop beyond -0.2",
            True,
        ),
        (
            0.2,
            {"n_dropped": 7, "n_unasked": 5},
            "inconclusive",
            "-0.100 [-0.200, +0.000], 100 pairs (5 more samples were asked of one side only): "
            "2 samples could not be evaluated on both sides",
            False,
        ),
        (0.2, {"n_pairs": 9}, "inconclusive", "-0.100 [-0.200, +0.000], 9 pairs: fewer than 10 samples", False),
        (0.2, {"delta": None}, "inconclusive", "nothing could be compared", False),
        (0.2, {"low": None}, "inconclusive", "nothing could be compared", False),
        (0.2, {"high": None}, "inconclusive", "nothing could be compared", False),
    ],
)
def test_a_difference_is_judged_in_words_and_figures(limit, changes, outcome, reason, is_statistical):
    found = drop(limit, **changes)

    assert (found.outcome, found.reason, found.is_statistical) == (outcome, reason, is_statistical)


def test_what_an_open_verdict_needs_is_the_pairs_that_a_power_of_80_percent_asks_for():
    """(1.96 + 0.84)² s² / distance², where the interval says that 1.96 s / √n is its arm: n (1 + 0.84/1.96)² × 4."""
    found = drop(0.15)

    assert found.is_statistical
    assert found.reason.endswith(
        "pairs: the margin of -0.15 lies inside the interval; about 818 pairs would decide it if delta stays"
    )


@pytest.mark.parametrize(("arm", "says"), [(0.69, True), (0.71, False)])
def test_no_number_of_pairs_is_named_where_more_than_ten_thousand_times_as_many_were_needed(arm, says):
    """The arm grows by 1.4294 with the reach of the power; the distance is 0.01, a hundred times that is 1."""
    found = drop(0.11, low=-0.1 - arm, high=-0.1 + arm)

    assert ("would decide it" in found.reason) is says


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (Refusal("base", "sft", "facts", "exact", "other samples"), "inconclusive"),
        (Refusal("base", "sft", "facts", "*", "other samples"), "inconclusive"),
        (Refusal("base", "sft", "facts", "number", "other samples"), "pass"),
        (Refusal("base", "sft", "sums", "exact", "other samples"), "pass"),
        (Refusal("base", "lora", "facts", "exact", "other samples"), "pass"),
    ],
)
def test_only_what_was_refused_may_not_be_compared(refusal, outcome):
    assert drop(0.2, refusals=(refusal,)).outcome == outcome


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"low": -0.125, "high": 0.5}, "pass"),
        ({"low": -0.126, "high": 0.5}, "inconclusive"),
        ({"low": -1.0, "high": -0.375}, "inconclusive"),
        ({"low": -1.0, "high": -0.376}, "fail"),
        ({"low": -0.125, "high": 0.5, "noise": 0.25}, "inconclusive"),
        ({"low": 0.0, "high": 0.5, "noise": 0.25}, "pass"),
    ],
)
def test_a_verdict_stands_where_the_noise_does_not_reach_over_the_margin(changes, outcome):
    """The margin is -1/4 and the noise 1/8, so that nothing is rounded."""
    noise = Noise("facts", "exact", 3, 100, 2.0, 0.125)

    found = drop(0.25, reruns=(noise,), **changes)

    assert (found.outcome, found.is_statistical) == (outcome, True)
    if outcome == "inconclusive":
        assert "that the baseline shows against itself (3 reruns)" in found.reason


@pytest.mark.parametrize(
    ("changes", "limit", "outcome", "reason"),
    [
        ({}, 0.0, "pass", "0.000 (0 of 100 samples); allowed 0"),
        ({"n_unscored": 1}, 0.0, "fail", "0.010 (1 of 101 samples); allowed 0"),
        ({"n": 90, "n_unscored": 10}, 0.1, "pass", "0.100 (10 of 100 samples); allowed 0.1"),
        ({"n": 89, "n_unscored": 11}, 0.1, "fail", "0.110 (11 of 100 samples); allowed 0.1"),
        ({"n": 0, "n_unscored": 5}, 1.0, "pass", "1.000 (5 of 5 samples); allowed 1"),
        ({"n": 0}, 1.0, "inconclusive", "no sample was scored or tried"),
    ],
)
def test_the_share_of_unscored_samples_is_held_against_its_limit(changes, limit, outcome, reason):
    found = judge_unscored(Rule(max_unscored=limit), ADDRESS, report(estimate=replace(SEEN, **changes)))

    assert (found.outcome, found.reason) == (outcome, reason)


def test_no_estimate_is_no_sample():
    found = judge_unscored(Rule(max_unscored=1.0), ADDRESS, report())

    assert (found.outcome, found.reason) == ("inconclusive", "no sample was scored or tried")

"""Rules about a whole checkpoint: what was counted against the limit, and nothing counted is no pass."""

from dataclasses import replace

import hand_made
import pytest

from chateval.errors import GateError
from chateval.gate import check, check_rules
from chateval.gate.rules import describe
from chateval.pipeline.against import efforts_of, gate_runs
from chateval.records import Comparison, Noise, Rule


def outcome(rule, **changes):
    run = hand_made.run({"base": [1] * 20, "sft": [1] * 20}, summaries={"sft": changes})
    [verdict] = gate_runs([run], [rule]).verdicts
    return verdict.outcome


@pytest.mark.parametrize(
    ("rule", "changes", "expected"),
    [
        (Rule(max_cost=20), {}, "pass"),
        (Rule(max_cost=19.9), {}, "fail"),
        (Rule(max_cost=20), {"n_responses": 0}, "inconclusive"),
        (Rule(max_cost=20), {"n_output_tokens": 0}, "inconclusive"),
        (Rule(max_growth=0), {}, "pass"),
        (Rule(max_growth=0.2), {"n_output_tokens": 480}, "pass"),
        (Rule(max_growth=0.2), {"n_output_tokens": 481}, "fail"),
        (Rule(max_growth=0.2), {"n_responses": 19}, "inconclusive"),
        (Rule(min_speed=60), {}, "pass"),
        (Rule(min_speed=61), {}, "fail"),
        (Rule(max_errors=0), {}, "pass"),
        (Rule(max_errors=0), {"n_errors": 1}, "fail"),
        (Rule(max_errors=0.05), {"n_errors": 1}, "pass"),
        (Rule(max_errors=1), {"n_responses": 0}, "inconclusive"),
        (Rule(max_truncated=0.1), {"n_length": 2}, "pass"),
        (Rule(max_truncated=0.1), {"n_length": 3}, "fail"),
    ],
)
def test_what_was_counted_is_held_against_the_limit(rule, changes, expected):
    assert outcome(rule, **changes) == expected


def test_a_speed_that_nobody_wrote_down_is_inconclusive_and_never_only_a_warning():
    run = replace(hand_made.run({"sft": [1] * 20}), efforts=())

    [verdict] = gate_runs([run], [Rule(min_speed=1, on_inconclusive="warn")]).verdicts

    assert (verdict.outcome, verdict.is_warning) == ("inconclusive", False)


@pytest.mark.parametrize("limit", ["max_drop", "max_growth"])
def test_what_is_held_against_the_baseline_needs_one(limit):
    rule = Rule(scorer="*", **{limit: 0.1})

    with pytest.raises(GateError, match=f"{limit} needs a baseline"):
        check_rules([rule], {"facts": ["exact"]}, ["sft"], {}, baseline="sft")


def test_a_tag_that_no_sample_has_is_refused():
    rule = Rule(scorer="*", max_drop=0.1, tag="persian")

    with pytest.raises(GateError, match="no sample has the tag 'persian'; tags: english"):
        check_rules([rule], {"facts": ["exact"]}, ["base", "sft"], {}, baseline="base", tags=["english"])


def test_a_rule_on_a_tag_is_inconclusive_where_the_samples_are_not_known():
    report = gate_runs([hand_made.run({"base": [1] * 20, "sft": [1] * 20})], [])

    [verdict] = check([Rule(scorer="*", max_drop=0.1, tag="persian")], report, {})

    assert verdict.outcome == "inconclusive"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (Rule(max_cost=150), "max_cost 150"),
        (Rule(max_growth=0.2), "max_growth 0.2"),
        (Rule(task="facts", scorer="exact", max_drop=0.02, tag="persian"), "facts/exact [persian] max_drop 0.02"),
        (Rule(max_unscored=0.01), "*/* max_unscored 0.01"),
    ],
)
def test_a_rule_is_described_in_one_line(rule, line):
    assert describe(rule) == line


@pytest.mark.parametrize(
    ("low", "high", "noise", "expected"),
    [
        (-0.01, 0.01, 0.005, "pass"),
        (-0.01, 0.01, 0.02, "inconclusive"),
        (-0.10, -0.05, 0.01, "fail"),
        (-0.10, -0.05, 0.04, "inconclusive"),
        (-0.10, 0.05, 0.0, "inconclusive"),
    ],
)
def test_a_verdict_that_noise_could_undo_is_none(low, high, noise, expected):
    report = gate_runs([hand_made.run({"base": [1] * 20, "sft": [1] * 20})], [])
    delta = (low + high) / 2
    found = Comparison("facts", "exact", "base", "sft", delta, low, high, 0.5, 0.5, 0, 0, 20, 20, 0)
    report = replace(report, comparisons=(found,), noise=(Noise("facts", "exact", 2, 20, 1.0, noise),))

    [verdict] = check([Rule(scorer="*", max_drop=0.02)], report, {})

    assert verdict.outcome == expected
    assert ("noise" in verdict.reason) == (expected == "inconclusive" and noise > 0)


def test_efforts_have_the_names_of_the_report():
    runs = [hand_made.run({"sft": [1] * 20}, name="a"), hand_made.run({"sft": [0] * 20}, name="b")]

    report = gate_runs(runs, [])

    assert {effort.checkpoint for effort in efforts_of(runs, report)} == {"a/sft", "b/sft"}

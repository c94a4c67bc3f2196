"""Rules about a whole checkpoint: what was counted against the limit, and nothing counted is no pass."""

from dataclasses import replace

import hand_made
import pytest

from chateval.errors import GateError
from chateval.gate import check, check_rules
from chateval.gate.counts import judge_cost, judge_errors, judge_growth, judge_speed, judge_template, judge_truncated
from chateval.gate.rules import describe, limit_of
from chateval.pipeline.against import efforts_of, gate_runs
from chateval.records import Comparison, Noise, Refusal, Report, Rule

TEMPLATE = Rule(template="error")
UNTIMED = "nothing says how long the answers took (efforts.jsonl)"


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
        (Rule(max_errors=1), {"n_errors": None}, "inconclusive"),
        (Rule(max_truncated=1), {"n_length": None}, "inconclusive"),
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


@pytest.mark.parametrize(
    ("low", "bound", "expected"),
    [(-0.01, 0.02, "inconclusive"), (-0.01, 0.005, "pass"), (-0.01, None, "pass"), (-0.005, 0.012, "pass")],
)
def test_noise_is_as_large_as_the_report_takes_it_to_be(low, bound, expected):
    report = gate_runs([hand_made.run({"base": [1] * 20, "sft": [1] * 20})], [])
    found = Comparison("facts", "exact", "base", "sft", 0.0, low, 0.01, 0.5, 0.5, 0, 0, 20, 20, 0, noise=bound)
    report = replace(report, comparisons=(found,), noise=(Noise("facts", "exact", 2, 20, 1.0, 0.0),))

    [verdict] = check([Rule(scorer="*", max_drop=0.02)], report, {})

    assert verdict.outcome == expected


def test_noise_of_the_whole_task_is_not_held_against_a_tag_and_that_is_said():
    tags = dict.fromkeys(range(20), ("persian",))
    noise = (Noise("facts", "exact", 2, 40, 40.0, 0.9),)
    run = replace(hand_made.run({"base": [1] * 40, "sft": [0] * 20 + [1] * 20}, tags=tags), noise=noise)

    rules = [Rule(scorer="*", max_drop=0.1), Rule(scorer="*", max_drop=0.1, tag="persian")]
    part, whole = gate_runs([run], rules).verdicts

    assert (whole.rule, whole.outcome) == ("facts/exact max_drop 0.1", "inconclusive")
    assert (part.rule, part.outcome) == ("facts/exact [persian] max_drop 0.1", "fail")
    assert part.reason.endswith("noise was measured on the whole task")


def test_tokens_of_other_samples_are_not_held_against_each_other():
    first, second = hand_made.run({"base": [1] * 20}, name="a"), hand_made.run({"sft": [1] * 20}, name="b")
    shifted = {f"{number:016x}": hand_made.sample(number) for number in range(10, 30)}
    moved = tuple(replace(score, sample_id=name) for score, name in zip(second.scores, shifted, strict=True))
    second = replace(second, samples={"facts": shifted}, scores=moved)

    [verdict] = gate_runs([first, second], [Rule(max_growth=0.5)]).verdicts

    assert verdict.outcome == "inconclusive"
    assert verdict.reason == "facts: the baseline was not asked the same samples"


@pytest.mark.parametrize(
    ("refusals", "outcome", "reason"),
    [
        (
            [Refusal("base", "sft", "facts", "exact", "other decoding")],
            "inconclusive",
            "may not be compared: facts: other decoding",
        ),
        (
            [Refusal("base", "lora", "sums", "*", "other prompts"), Refusal("base", "sft", "facts", "*", "other data")],
            "inconclusive",
            "may not be compared: facts: other data",
        ),
        (
            [Refusal("base", "sft", "facts", "*", "other data"), Refusal("base", "sft", "sums", "*", "other prompts")],
            "inconclusive",
            "may not be compared: facts: other data",
        ),
        (
            [Refusal("base", "lora", "facts", "*", "other data")],
            "pass",
            "20.0 -> 20.0 output tokens per answer, +0.0%; allowed +0.0%",
        ),
    ],
)
def test_growth_is_not_judged_where_the_candidate_itself_may_not_be_compared(refusals, outcome, reason):
    report = gate_runs([hand_made.run({"base": [1] * 20, "sft": [1] * 20})], [])

    found = judge_growth(Rule(max_growth=0), "sft", replace(report, refusals=tuple(refusals)))

    assert (found.outcome, found.reason) == (outcome, reason)


def test_growth_needs_a_task_that_both_were_asked():
    report = gate_runs([hand_made.run({"base": [1] * 20, "sft": [1] * 20})], [])
    extra = replace(report.estimates[0], checkpoint="sft", task="sums")

    found = judge_growth(Rule(max_growth=0), "sft", replace(report, estimates=(*report.estimates, extra)))

    assert (found.outcome, found.reason) == ("inconclusive", "sums: the baseline was not asked the same samples")


def test_unscored_samples_were_asked_all_the_same():
    run = hand_made.run({"base": [1] * 20, "sft": [None] * 5 + [1] * 15})

    assert gate_runs([run], [Rule(max_growth=0)]).verdicts[0].outcome == "pass"


def test_repeats_that_got_no_value_are_no_pass():
    run = hand_made.run({"base": [1] * 60, "sft": [1] * 60})
    lost = [replace(one, value=None, repeat=1, reason="no") for one in run.scores if one.checkpoint == "sft"]
    run = replace(run, scores=(*run.scores, *lost))
    rules = [Rule(scorer="*", **limit) for limit in ({"max_drop": 0.1}, {"min_value": 0.9}, {"max_unscored": 0})]

    verdicts = gate_runs([run], rules).verdicts

    assert [verdict.outcome for verdict in verdicts] == ["fail", "inconclusive", "inconclusive"]
    assert verdicts[0].reason == "1.000 (60 of 60 samples); allowed 0"


def test_a_tag_that_no_sample_of_several_runs_has_is_refused():
    run = hand_made.run({"base": [1] * 20, "sft": [1] * 20}, tags={0: ("english",)})

    with pytest.raises(GateError, match="no sample has the tag 'persian'; tags: english"):
        gate_runs([run, hand_made.run({"dpo": [1] * 20}, name="b")], [Rule(scorer="*", max_drop=0.1, tag="persian")])


def test_efforts_have_the_names_of_the_report():
    runs = [hand_made.run({"sft": [1] * 20}, name="a"), hand_made.run({"sft": [0] * 20}, name="b")]

    report = gate_runs(runs, [])

    assert {effort.checkpoint for effort in efforts_of(runs, report)} == {"a/sft", "b/sft"}


@pytest.mark.parametrize(
    ("rule", "changes", "reason"),
    [
        (Rule(max_cost=20), {}, "20.0 output tokens per answer over 20 answers; allowed 20"),
        (
            Rule(max_growth=0.2),
            {"n_output_tokens": 480},
            "20.0 -> 24.0 output tokens per answer, +20.0%; allowed +20.0%",
        ),
        (Rule(max_growth=0.2), {"n_responses": 19}, "19 answers against 20 of the baseline: not the same prompts"),
        (Rule(max_growth=1), {"n_output_tokens": 0}, "no answers were counted"),
        (Rule(max_cost=0), {"n_output_tokens": 1}, "0.1 output tokens per answer over 20 answers; allowed 0"),
        (Rule(max_growth=0), {"n_output_tokens": 500}, "20.0 -> 25.0 output tokens per answer, +25.0%; allowed +0.0%"),
        (Rule(max_errors=0.05), {"n_errors": 1}, "0.050 (1 of 20 prompts got no answer); allowed 0.05"),
        (
            Rule(max_truncated=0),
            {"n_length": 2},
            "0.100 (2 of 20 answers were cut at the token limit); allowed 0",
        ),
        (Rule(max_errors=1), {"n_errors": None}, "the harness did not write down how many prompts got no answer"),
        (Rule(max_errors=1), {"n_responses": 0}, "no answers were counted"),
    ],
)
def test_the_reason_names_what_was_counted_and_what_was_allowed(rule, changes, reason):
    run = hand_made.run({"base": [1] * 20, "sft": [1] * 20}, summaries={"sft": changes})

    [verdict] = gate_runs([run], [rule]).verdicts

    assert verdict.reason == reason


@pytest.mark.parametrize(
    ("rule", "outcome", "reason"),
    [
        (Rule(min_speed=0), "pass", "60.0 tokens per second; asked for 0"),
        (Rule(min_speed=60), "pass", "60.0 tokens per second; asked for 60"),
        (Rule(min_speed=60.1), "fail", "60.0 tokens per second; asked for 60.1"),
        (
            Rule(min_speed=1, checkpoint="lora"),
            "inconclusive",
            "nothing says how long the answers took (efforts.jsonl)",
        ),
    ],
)
def test_a_speed_is_that_of_its_own_checkpoint(rule, outcome, reason):
    run = hand_made.run({"base": [1] * 20, "sft": [1] * 20, "lora": [1] * 20})
    of_sft = next(one for one in run.efforts if one.checkpoint == "sft")
    slow = replace(of_sft, checkpoint="base", n_output_tokens=0)
    one = Rule(min_speed=rule.min_speed, checkpoint="sft") if rule.checkpoint == "*" else rule

    [verdict] = gate_runs([replace(run, efforts=(slow, of_sft))], [one]).verdicts

    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    "rule",
    [Rule(max_cost=0), Rule(max_growth=0), Rule(max_errors=0), Rule(max_truncated=0), Rule(min_speed=0), TEMPLATE],
)
def test_a_checkpoint_that_the_report_does_not_sum_up_never_passes(rule):
    """Reports of others may leave it out; the judges are asked directly, for `check` asks for known names only."""
    report = Report("base", checkpoints=(), tasks=(), estimates=(), audits=(), comparisons=(), flips=())
    judges = {
        "max_cost": lambda: judge_cost(rule, "base", report),
        "max_growth": lambda: judge_growth(rule, "base", report),
        "max_errors": lambda: judge_errors(rule, "base", report),
        "max_truncated": lambda: judge_truncated(rule, "base", report),
        "min_speed": lambda: judge_speed(rule, "base", ()),
        "template": lambda: judge_template("base", report),
    }

    assert judges[limit_of(rule)[0]]().outcome == "inconclusive"

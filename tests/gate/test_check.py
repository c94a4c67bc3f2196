"""Gate rules: three outcomes from where the limit lies, and nothing that is missing passes."""

from dataclasses import replace

import pytest

from chateval.errors import GateError
from chateval.findings import TemplateReport
from chateval.gate.check import check, exit_code
from chateval.gate.counts import PROMPT_SCORERS
from chateval.gate.rules import check_rules, describe
from chateval.records import CheckpointSummary, Comparison, Decoding, Estimate, Report, Rule, TaskSummary, Verdict
from chateval.score.registry import PROMPT_AUDIT

FAMILIES = {"exact": "accuracy", "number": "accuracy", "json_valid": "format"}
MIN = Rule(task="facts", scorer="exact", min_value=0.8)
DROP = Rule(task="facts", scorer="exact", max_drop=0.02)


def estimate(low, high, *, n=100, n_unscored=0, checkpoint="sft", scorer="exact", task="facts"):
    return Estimate(checkpoint, task, scorer, (low + high) / 2, low, high, n, n_unscored, n)


def comparison(low, high, *, n=100, n_dropped=0, candidate="sft", scorer="exact", task="facts"):
    delta = (low + high) / 2
    return Comparison(task, scorer, "base", candidate, delta, low, high, 0.5, 0.5, 0, 0, n, n, n_dropped)


def audit(scorer, mean, *, n=100, checkpoint="sft"):
    return Estimate(checkpoint, "*", scorer, mean, mean, mean, n, 0, n)


def report(*found, audits=(), checkpoints=("base", "sft"), n_errors=0):
    return Report(
        baseline="base",
        checkpoints=tuple(
            CheckpointSummary(n, "chat", "float32", "t", "", "", None, 9, n_errors, 0, 0, 0, 0) for n in checkpoints
        ),
        tasks=(
            TaskSummary("facts", 1, "", 100, 100, "generate", Decoding(), ("exact", "json_valid"), ""),
            TaskSummary("sums", 1, "", 100, 100, "generate", Decoding(), ("number",), ""),
        ),
        estimates=tuple(one for one in found if isinstance(one, Estimate)),
        audits=tuple(audits),
        comparisons=tuple(one for one in found if isinstance(one, Comparison)),
        flips=(),
    )


def judged(rule, *found, **options):
    [verdict] = check([rule], report(*found, **options), FAMILIES)
    return verdict


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.81, 0.95, "pass"),
        (0.80, 0.95, "pass"),
        (0.79, 0.95, "inconclusive"),
        (0.70, 0.80, "inconclusive"),
        (0.70, 0.79, "fail"),
        (0.0, 1.0, "inconclusive"),
    ],
)
def test_min_value_follows_where_the_limit_lies(low, high, outcome):
    assert judged(MIN, estimate(low, high)).outcome == outcome


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.01, 0.20, "pass"),
        (-0.02, 0.03, "pass"),
        (-0.021, 0.03, "inconclusive"),
        (-0.10, -0.02, "inconclusive"),
        (-0.10, -0.021, "fail"),
        (-1.0, 1.0, "inconclusive"),
    ],
)
def test_max_drop_follows_where_the_margin_lies(low, high, outcome):
    assert judged(DROP, comparison(low, high)).outcome == outcome


@pytest.mark.parametrize(
    ("low", "high", "outcome"), [(0.0, 0.1, "pass"), (-0.1, 0.0, "inconclusive"), (-0.1, -0.01, "fail")]
)
def test_a_drop_of_zero_is_a_limit_too(low, high, outcome):
    assert judged(replace(DROP, max_drop=0.0), comparison(low, high)).outcome == outcome


def test_the_mean_alone_decides_nothing():
    assert judged(MIN, replace(estimate(0.7, 0.95), mean=0.9)).outcome == "inconclusive"
    assert judged(DROP, replace(comparison(-0.2, 0.3), delta=0.1)).outcome == "inconclusive"


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (MIN, []),
        (MIN, [estimate(0.9, 1.0, checkpoint="base")]),
        (MIN, [estimate(0.9, 1.0, scorer="json_valid")]),
        (MIN, [estimate(0.9, 1.0, task="sums")]),
        (MIN, [replace(estimate(0.9, 1.0), mean=None, low=None, high=None, n=0)]),
        (MIN, [estimate(0.9, 1.0, n=9)]),
        (MIN, [estimate(0.0, 0.1, n=9)]),
        (MIN, [estimate(0.9, 1.0, n_unscored=1)]),
        (DROP, []),
        (DROP, [estimate(0.9, 1.0)]),
        (DROP, [replace(comparison(0.1, 0.2), delta=None, low=None, high=None, n_pairs=0)]),
        (DROP, [comparison(0.1, 0.2, n=9)]),
        (DROP, [comparison(-0.9, -0.8, n=9)]),
        (DROP, [comparison(0.1, 0.2, n_dropped=1)]),
    ],
)
@pytest.mark.parametrize("on_inconclusive", ["fail", "warn"])
def test_what_is_missing_unscored_or_too_little_is_inconclusive_and_never_only_a_warning(rule, found, on_inconclusive):
    verdict = judged(replace(rule, on_inconclusive=on_inconclusive), *found)

    assert (verdict.outcome, verdict.is_warning) == ("inconclusive", False)


@pytest.mark.parametrize(
    ("found", "min_samples", "outcome"),
    [
        (estimate(0.9, 1.0, n=10), 10, "pass"),
        (estimate(0.9, 1.0, n=10), 11, "inconclusive"),
        (estimate(0.9, 1.0, n=1), 1, "pass"),
        (estimate(0.0, 0.1, n=10), 10, "fail"),
        (estimate(0.0, 0.1, n=10), 11, "inconclusive"),
        (comparison(-0.9, -0.8, n=10), 10, "fail"),
        (comparison(-0.9, -0.8, n=10), 11, "inconclusive"),
    ],
)
def test_min_samples_is_the_least_number_that_decides(found, min_samples, outcome):
    rule = replace(MIN if isinstance(found, Estimate) else DROP, min_samples=min_samples)

    assert judged(rule, found).outcome == outcome


@pytest.mark.parametrize(
    ("rule", "found"), [(MIN, estimate(0.0, 0.1, n_unscored=3)), (DROP, comparison(-0.9, -0.8, n_dropped=3))]
)
def test_samples_that_could_not_be_evaluated_do_not_undo_a_failure(rule, found):
    assert judged(rule, found).outcome == "fail"


@pytest.mark.parametrize(
    ("rule", "found", "is_warning"),
    [
        (MIN, estimate(0.7, 0.9), True),
        (MIN, estimate(0.7, 0.75), False),
        (MIN, estimate(0.9, 0.95), False),
        (DROP, comparison(-0.1, 0.1), True),
        (DROP, comparison(-0.3, -0.1), False),
    ],
)
def test_warn_softens_only_what_the_statistics_leave_open(rule, found, is_warning):
    assert judged(replace(rule, on_inconclusive="warn"), found).is_warning is is_warning
    assert judged(rule, found).is_warning is False


@pytest.mark.parametrize(
    ("rule", "found", "reason"),
    [
        (MIN, estimate(0.9, 1.0), "0.950 [0.900, 1.000], n=100: at least 0.8"),
        (MIN, estimate(0.5, 0.7), "0.600 [0.500, 0.700], n=100: below 0.8"),
        (MIN, estimate(0.7, 0.9, n_unscored=3), "0.800 [0.700, 0.900], n=100: 3 samples could not be evaluated"),
        (DROP, comparison(-0.3, -0.1), "-0.200 [-0.300, -0.100], 100 pairs: worse than the margin of -0.02"),
    ],
)
def test_a_reason_has_the_numbers(rule, found, reason):
    assert judged(rule, found).reason == reason


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        (replace(MIN, task="poems"), ["'poems'", "facts, sums"]),
        (replace(MIN, scorer="bleu"), ["'bleu'", "exact, json_valid", "accuracy, format"]),
        (replace(MIN, scorer="number"), ["'number'", "exact, json_valid"]),
        (replace(MIN, task="sums", scorer="format"), ["'format'", "number", "accuracy"]),
        (replace(MIN, checkpoint="dpo"), ["'dpo'", "base, sft"]),
        (Rule(template="error", checkpoint="dpo"), ["'dpo'", "base, sft"]),
    ],
)
def test_a_rule_that_names_nothing_raises_and_names_what_there_is(rule, named):
    with pytest.raises(GateError) as caught:
        check([rule], report(), FAMILIES)

    assert [words for words in named if words not in str(caught.value)] == []


def test_a_wrong_rule_behind_right_ones_raises_too():
    with pytest.raises(GateError, match="poems"):
        check([MIN, replace(MIN, task="poems")], report(estimate(0.9, 1.0)), FAMILIES)


def test_a_drop_needs_something_to_drop_from():
    with pytest.raises(GateError, match="baseline"):
        check_rules([DROP], {"facts": ["exact"]}, ["base"], FAMILIES, baseline="base")


def test_a_baseline_cannot_drop_against_itself():
    rule = replace(DROP, checkpoint="sft")

    assert check_rules([rule], {"facts": ["exact"]}, ["base", "sft"], FAMILIES, baseline="base") is None
    with pytest.raises(GateError, match=r"facts/exact max_drop 0\.02: 'sft' is the baseline"):
        check_rules([rule], {"facts": ["exact"]}, ["base", "sft"], FAMILIES, baseline="sft")


def test_a_rule_on_a_stored_report_is_held_against_the_baseline_of_that_report():
    with pytest.raises(GateError, match="'base' is the baseline"):
        check([replace(DROP, checkpoint="base")], report(comparison(0.1, 0.2)), FAMILIES)


def test_the_baseline_may_have_a_least_value():
    rule = replace(MIN, checkpoint="base")

    assert check_rules([rule], {"facts": ["exact"]}, ["base", "sft"], FAMILIES, baseline="base") is None


def test_right_rules_are_found_before_any_model_is_loaded():
    rules = [MIN, DROP, Rule(scorer="*", min_value=0.5), Rule(template="warn")]

    assert check_rules(rules, {"facts": ["exact"]}, ["base", "sft"], FAMILIES, baseline="base") is None


@pytest.mark.parametrize(
    ("task", "scorer", "addresses"),
    [
        ("*", "accuracy", ["facts/exact", "sums/number"]),
        ("*", "format", ["facts/json_valid"]),
        ("*", "*", ["facts/exact", "facts/json_valid", "sums/number"]),
        ("facts", "*", ["facts/exact", "facts/json_valid"]),
        ("facts", "accuracy", ["facts/exact"]),
        ("*", "number", ["sums/number"]),
    ],
)
def test_families_and_stars_speak_of_every_scorer_they_match(task, scorer, addresses):
    verdicts = check([Rule(task=task, scorer=scorer, min_value=0.5)], report(), FAMILIES)

    assert [verdict.rule for verdict in verdicts] == [f"{address} min_value 0.5" for address in addresses]
    assert {verdict.outcome for verdict in verdicts} == {"inconclusive"}


@pytest.mark.parametrize(
    ("rule", "checkpoints", "judged_ones"),
    [
        (MIN, ("base", "sft", "lora"), ["sft", "lora"]),
        (replace(MIN, checkpoint="lora"), ("base", "sft", "lora"), ["lora"]),
        (replace(MIN, checkpoint="base"), ("base", "sft"), ["base"]),
        (MIN, ("base",), ["base"]),
        (DROP, ("base", "sft", "lora"), ["sft", "lora"]),
        (Rule(template="error"), ("base", "sft"), ["base", "sft"]),
        (Rule(template="error", checkpoint="sft"), ("base", "sft"), ["sft"]),
    ],
)
def test_a_rule_judges_the_checkpoint_it_names_or_all_but_the_baseline(rule, checkpoints, judged_ones):
    verdicts = check([rule], report(checkpoints=checkpoints), FAMILIES)

    assert [verdict.checkpoint for verdict in verdicts] == judged_ones


def test_each_checkpoint_is_judged_by_its_own_numbers():
    found = report(estimate(0.9, 1.0), estimate(0.1, 0.2, checkpoint="lora"), checkpoints=("base", "sft", "lora"))

    assert {v.checkpoint: v.outcome for v in check([MIN], found, FAMILIES)} == {"sft": "pass", "lora": "fail"}


def test_failures_come_first_and_passes_last_each_in_the_order_of_the_rules():
    rules = [
        replace(MIN, min_value=0.1),
        replace(MIN, min_value=0.5),
        replace(MIN, min_value=0.9),
        replace(MIN, min_value=0.2),
        replace(MIN, min_value=0.8),
        replace(MIN, min_value=0.6),
    ]

    verdicts = check(rules, report(estimate(0.4, 0.7)), FAMILIES)

    assert [(one.outcome, one.rule.split()[-1]) for one in verdicts] == [
        ("fail", "0.9"),
        ("fail", "0.8"),
        ("inconclusive", "0.5"),
        ("inconclusive", "0.6"),
        ("pass", "0.1"),
        ("pass", "0.2"),
    ]


@pytest.mark.parametrize(
    ("audits", "outcome"),
    [
        ([audit("single_bos", 1.0), audit("prompt_closed", 1.0), audit("system_kept", 1.0)], "pass"),
        ([audit("single_bos", 1.0)], "pass"),
        ([audit("single_bos", 1.0), replace(audit("system_kept", 1.0), mean=None, n=0)], "pass"),
        ([audit("single_bos", 0.99), audit("prompt_closed", 1.0)], "fail"),
        ([audit("single_bos", 1.0), audit("system_kept", 0.5)], "fail"),
        ([audit("single_bos", 1.0, n=1), audit("prompt_closed", 0.0, n=1)], "fail"),
        ([audit("single_bos", 1.0), audit("clean_stop", 0.0), audit("no_foreign_turn", 0.2)], "pass"),
        ([], "inconclusive"),
        ([audit("prompt_closed", 1.0)], "inconclusive"),
        ([replace(audit("single_bos", 1.0), mean=None, n=0)], "inconclusive"),
        ([audit("single_bos", 1.0, checkpoint="base")], "inconclusive"),
    ],
)
@pytest.mark.parametrize("level", ["error", "warn"])
def test_a_template_rule_asks_that_every_prompt_be_well_formed(audits, outcome, level):
    verdict = judged(Rule(template=level, checkpoint="sft"), audits=audits)

    assert verdict.outcome == outcome
    assert verdict.is_warning is (level == "warn" and outcome != "pass")


@pytest.mark.parametrize(
    ("audits", "outcome", "reason"),
    [
        ([audit("single_bos", 1.0)], "inconclusive", "2 prompts could not be answered, so they were not audited"),
        ([audit("single_bos", 0.5)], "fail", "prompts that break the template: single_bos 0.500"),
        ([], "inconclusive", "no prompt was audited"),
    ],
)
@pytest.mark.parametrize("level", ["error", "warn"])
def test_a_template_rule_never_passes_where_prompts_got_no_answer(audits, outcome, reason, level):
    verdict = judged(Rule(template=level, checkpoint="sft"), audits=audits, n_errors=2)

    assert (verdict.outcome, verdict.reason, verdict.is_warning) == (outcome, reason, level == "warn")


def test_the_errors_of_one_checkpoint_leave_the_template_rule_of_another_alone():
    found = report(audits=[audit("single_bos", 1.0), audit("single_bos", 1.0, checkpoint="base")])
    base, sft = found.checkpoints

    verdicts = check([Rule(template="error")], replace(found, checkpoints=(replace(base, n_errors=1), sft)), FAMILIES)

    assert {one.checkpoint: one.outcome for one in verdicts} == {"base": "inconclusive", "sft": "pass"}


def test_a_broken_template_is_named_with_its_share():
    verdict = judged(Rule(template="error", checkpoint="sft"), audits=[audit("single_bos", 0.25)])

    assert "single_bos 0.250" in verdict.reason


def test_the_prompt_scorers_of_gate_and_registry_are_the_same():
    assert PROMPT_SCORERS == PROMPT_AUDIT


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (MIN, "facts/exact min_value 0.8"),
        (DROP, "facts/exact max_drop 0.02"),
        (Rule(scorer="accuracy", max_drop=0.0), "*/accuracy max_drop 0"),
        (Rule(template="warn"), "template warn"),
    ],
)
def test_a_rule_is_described_in_one_line(rule, line):
    assert describe(rule) == line


@pytest.mark.parametrize(
    ("outcomes", "n_unscored", "code"),
    [
        ([], 0, 0),
        (["pass", "pass"], 0, 0),
        (["pass"], 1, 4),
        ([], 5, 4),
        (["pass", "inconclusive"], 0, 3),
        (["inconclusive"], 1, 3),
        (["fail", "inconclusive", "pass"], 1, 1),
        (["fail"], 0, 1),
        (["fail?", "inconclusive?"], 0, 0),
        (["fail?", "inconclusive"], 0, 3),
        (["inconclusive?"], 2, 4),
    ],
)
def test_the_exit_code_is_regression_before_inconclusive_before_not_evaluated(outcomes, n_unscored, code):
    verdicts = [Verdict("rule", "sft", one.rstrip("?"), "", is_warning=one.endswith("?")) for one in outcomes]

    assert exit_code(verdicts, n_unscored=n_unscored) == code


def _with_template(verdict):
    whole = report(audits=[audit("single_bos", 1.0), audit("prompt_conforms", 1.0)], checkpoints=("sft",))
    [summary] = whole.checkpoints
    checked = TemplateReport("sft", verdict, "CT203: always on", "chatml", "", "", (), (), (), ())
    return replace(whole, checkpoints=(replace(summary, template=checked),), baseline="sft")


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [("PROVEN", "pass"), ("CONFORMS", "pass"), ("UNVERIFIED", "inconclusive"), ("BROKEN", "fail")],
)
def test_a_template_rule_follows_the_verdict_on_the_template(verdict, outcome):
    [found] = check([Rule(template="error")], _with_template(verdict), FAMILIES)

    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("verdict", "outcome", "reason"),
    [
        ("BROKEN", "fail", "the chat template is BROKEN: CT203: always on"),
        ("UNVERIFIED", "inconclusive", "the chat template is UNVERIFIED: CT203: always on"),
        ("CONFORMS", "pass", "every prompt is well formed (single_bos, prompt_conforms)"),
    ],
)
def test_a_template_rule_says_what_the_verdict_on_the_template_rests_on(verdict, outcome, reason):
    [found] = check([Rule(template="error")], _with_template(verdict), FAMILIES)

    assert (found.outcome, found.reason) == (outcome, reason)


def test_every_audit_that_a_prompt_breaks_is_named_and_no_other():
    audits = [
        audit("system_kept", 0.5),
        audit("single_bos", 1.0),
        audit("prompt_closed", 0.125),
        audit("clean_stop", 0.0),
        replace(audit("prompt_conforms", 1.0), mean=None, n=0),
    ]

    verdict = judged(Rule(template="error", checkpoint="sft"), audits=audits)

    assert verdict.reason == "prompts that break the template: system_kept 0.500, prompt_closed 0.125"


def test_only_audits_that_had_a_prompt_to_look_at_are_named_as_passed():
    audits = [audit("single_bos", 1.0), replace(audit("system_kept", 1.0), mean=None, n=0), audit("clean_stop", 1.0)]

    verdict = judged(Rule(template="error", checkpoint="sft"), audits=audits)

    assert (verdict.outcome, verdict.reason) == ("pass", "every prompt is well formed (single_bos)")


@pytest.mark.parametrize(
    ("rule", "addresses"),
    [
        (Rule(task="*", scorer="accuracy", min_value=0.5), [("facts", "exact"), ("sums", "number")]),
        (Rule(task="sums", scorer="*", max_unscored=0), [("sums", "number")]),
        (DROP, [("facts", "exact")]),
        (Rule(scorer="exact", min_value=0.8, tag="hard"), [("facts", "exact")]),
        (Rule(max_errors=0), [("", "")]),
        (Rule(template="error", checkpoint="sft"), [("", "")]),
    ],
)
def test_a_verdict_has_the_address_of_the_score_that_it_speaks_of(rule, addresses):
    """Annotations and pages find the score by it; a verdict on a whole checkpoint has none."""
    verdicts = check([rule], report(), FAMILIES)

    assert [(verdict.task, verdict.scorer) for verdict in verdicts] == addresses


TAGGED = Rule(scorer="exact", min_value=0.8, tag="hard", on_inconclusive="warn")


@pytest.mark.parametrize(
    ("rule", "tagged", "expected"),
    [
        (
            replace(TAGGED, task="facts"),
            None,
            ("facts/exact [hard] min_value 0.8", "inconclusive", "the samples with the tag 'hard' are not known"),
        ),
        (TAGGED, {"hard": report()}, ("*/exact [hard] min_value 0.8", "inconclusive", "no sample has this tag")),
        (
            replace(TAGGED, task="facts"),
            {"hard": report()},
            ("facts/exact [hard] min_value 0.8", "inconclusive", "nothing could be scored"),
        ),
        (
            TAGGED,
            {"hard": report(estimate(0.9, 1.0))},
            ("facts/exact [hard] min_value 0.8", "pass", "0.950 [0.900, 1.000], n=100: at least 0.8"),
        ),
    ],
)
def test_a_tag_without_samples_passes_nothing_and_is_never_only_a_warning(rule, tagged, expected):
    [verdict] = check([rule], report(estimate(0.9, 1.0)), FAMILIES, tagged=tagged)

    assert (verdict.rule, verdict.outcome, verdict.reason) == expected
    assert (verdict.checkpoint, verdict.is_warning) == ("sft", False)

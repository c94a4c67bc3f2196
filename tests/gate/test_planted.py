"""Planted regressions fail and are named, equal checkpoints pass, and too little decides nothing."""

import re
from dataclasses import replace
from datetime import date

import hand_made
import pytest

from chateval.pipeline.against import against, gate_runs
from chateval.records import Answered, Decoding, Prompt, Response, Rule
from chateval.report.why import outcome_of, why_failed
from chateval.store import read_baseline, write_baseline

DROP = Rule(task="*", scorer="*", max_drop=0.02)


def gated(before, after, *rules):
    """Hold the candidate `sft` of one run against `sft` of an earlier one."""
    return gate_runs(against(before, [after]), rules or [DROP])


def bad(report):
    return [
        (verdict.outcome, verdict.rule, verdict.checkpoint) for verdict in report.verdicts if verdict.outcome != "pass"
    ]


def reasons(report):
    return "\n".join(line for verdict in report.verdicts for line in (verdict.reason, *why_failed(report, verdict)))


def answered(run, texts, **fields):
    """Return the run with answers; `texts` has one for each sample."""
    [checkpoint] = run.checkpoints
    samples = run.samples["facts"].values()
    return replace(
        run,
        answers=[
            Answered(
                checkpoint.name,
                "facts",
                Prompt(one.id, one.messages, "p", (1,), Decoding()),
                Response(one.id, text, fields.get("finish", "eos"), raw_text=text, output_ids=(1, 2)),
            )
            for one, text in zip(samples, texts, strict=True)
        ],
    )


@pytest.mark.parametrize(
    ("names", "own", "judged"),
    [
        (("base", "sft", "lora"), "base", {"sft"}),
        (("base", "dpo", "lora"), "base", {"dpo", "lora"}),
        (("sft", "lora"), "sft", {"lora"}),
        (("sft",), "sft", {"sft"}),
    ],
)
def test_a_baseline_judges_its_namesake_where_that_is_a_candidate(names, own, judged):
    before = hand_made.run({"sft": [1] * 20}, name="before")
    after = hand_made.run(dict.fromkeys(names, [1] * 20), name="after", baseline=own)

    assert {found.checkpoint for found in gated(before, after).verdicts} == judged


def test_a_skill_that_is_gone_fails_and_the_changed_adapter_is_named():
    before = hand_made.run(
        {"sft": hand_made.share(360, 400)}, name="before", summaries={"sft": {"adapter_digest": "a" * 64}}
    )
    after = hand_made.run(
        {"sft": hand_made.share(200, 400)}, name="after", summaries={"sft": {"adapter_digest": "b" * 64}}
    )

    report = gated(before, after)

    assert outcome_of(report) == "regression"
    assert bad(report) == [("fail", "facts/exact max_drop 0.02", "sft")]
    assert "no longer right: 160 samples" in reasons(report)
    assert "changed: adapter:" in reasons(report)


def test_a_template_that_lost_a_newline_fails_by_its_scores_and_by_its_verdict():
    before = hand_made.run({"sft": hand_made.share(360, 400)}, name="before")
    broken = {
        "template_digest": "u",
        "template": replace(hand_made.template("BROKEN", digest="u"), reason="no newline"),
    }
    after = hand_made.run({"sft": hand_made.share(300, 400)}, name="after", summaries={"sft": broken})

    report = gated(before, after, DROP, Rule(template="error"))

    assert bad(report) == [
        ("fail", "facts/exact max_drop 0.02", "sft"),
        ("fail", "template error", "sft"),
    ]
    assert "the chat template is BROKEN: no newline" in reasons(report)
    assert "changed: template:" in reasons(report)


def test_five_percent_of_answers_broken_fail_and_the_cause_is_counted():
    n = 1000
    before = answered(hand_made.run({"sft": [1] * n}, name="before"), [str(i) for i in range(n)])
    broken = range(0, n, 20)
    values = [0 if i in broken else 1 for i in range(n)]
    texts = ["" if i in broken else str(i) for i in range(n)]
    after = answered(hand_made.run({"sft": values}, name="after"), texts)

    report = gated(before, after)

    assert outcome_of(report) == "regression"
    assert "no longer right: 50 samples (50 " in reasons(report)


def test_the_cause_is_told_against_a_baseline_file_which_has_no_answers(tmp_path):
    n = 400
    write_baseline(tmp_path / "sft.json", hand_made.run({"sft": [1] * n}), "sft", accepted=date(2026, 1, 31))
    after = answered(hand_made.run({"sft": [0] * n}, name="after"), ["la " * 40] * n, finish="length")

    report = gated(read_baseline(tmp_path / "sft.json"), after)

    assert re.search(r"no longer right: 400 samples \(400 (truncated|never stopped)\)", reasons(report))


def test_five_percent_of_prompts_without_an_answer_never_pass():
    before = hand_made.run({"sft": [1] * 400}, name="before")
    values = [None if i % 20 == 0 else 1 for i in range(400)]
    after = hand_made.run({"sft": values}, name="after", summaries={"sft": {"n_errors": 20}})

    report = gated(before, after, DROP, Rule(max_errors=0.01), Rule(task="*", scorer="*", max_unscored=0.01))

    assert bad(report) == [
        ("fail", "max_errors 0.01", "sft"),
        ("fail", "facts/exact max_unscored 0.01", "sft"),
        ("inconclusive", "facts/exact max_drop 0.02", "sft"),
    ]


def test_equal_checkpoints_pass():
    before = hand_made.run({"sft": hand_made.share(800, 1000)}, name="before")
    after = hand_made.run({"sft": hand_made.share(800, 1000)}, name="after")

    report = gated(before, after, DROP, Rule(max_growth=0.1), Rule(template="error"))

    assert outcome_of(report) == "pass"
    assert {verdict.checkpoint for verdict in report.verdicts} == {"sft", "sft@before"}


def test_an_improvement_passes():
    report = gated(
        hand_made.run({"sft": hand_made.share(200, 400)}, name="before"),
        hand_made.run({"sft": hand_made.share(300, 400)}, name="after"),
    )

    assert outcome_of(report) == "pass"


@pytest.mark.parametrize("n", [5, 20])
def test_too_few_samples_decide_nothing(n):
    values = [1.0, 0.0] * (n // 2) + [1.0] * (n % 2)

    report = gated(hand_made.run({"sft": values}, name="before"), hand_made.run({"sft": values}, name="after"))

    assert outcome_of(report) == "inconclusive"


def test_a_sample_that_is_missing_is_no_pass():
    before = hand_made.run({"sft": [1] * 400}, name="before")
    after = hand_made.run({"sft": [1] * 400}, name="after")
    after = replace(after, scores=after.scores[:-1])

    assert outcome_of(gated(before, after)) == "inconclusive"


def test_what_may_not_be_compared_is_no_pass_and_says_why():
    before = hand_made.run({"sft": [1] * 400}, name="before")
    after = hand_made.run({"sft": [1] * 400}, name="after", task=replace(hand_made.TASK, version=2, prompt_digest="q"))

    report = gated(before, after)

    assert outcome_of(report) == "inconclusive"
    assert "may not be compared: another version of the task" in reasons(report)


def test_a_fall_within_one_tag_is_found():
    tags = dict.fromkeys(range(300), ("persian",))
    before = hand_made.run({"sft": [1] * 3000}, name="before")
    after = hand_made.run({"sft": [0] * 40 + [1] * 2960}, name="after", tags=tags)

    whole, part = Rule(task="*", scorer="*", max_drop=0.02), Rule(task="*", scorer="*", max_drop=0.02, tag="persian")
    report = gated(before, after, whole, part)

    assert [(verdict.outcome, verdict.rule) for verdict in report.verdicts] == [
        ("fail", "facts/exact [persian] max_drop 0.02"),
        ("pass", "facts/exact max_drop 0.02"),
    ]
    assert "300 pairs" in report.verdicts[0].reason

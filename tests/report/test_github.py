"""What GitHub shows: annotations that nothing can inject into, one comment within its limit, findings as SARIF."""

import json
import re
from dataclasses import replace

import hand_made
import pytest
from hostile_report import HOSTILE

from chateval.findings import Finding
from chateval.pipeline.against import gate_runs
from chateval.records import Change, Refusal, Rule, Verdict
from chateval.report.comment import MAX_CHARACTERS, marker, to_comment
from chateval.report.github import SUMMARY_BYTES, to_annotations, to_summary
from chateval.report.sarif import to_sarif
from chateval.template.output import to_sarif as template_to_sarif


def gated(n=20, **options):
    run = hand_made.run({"base": hand_made.share(n, n), "sft": hand_made.share(2, n)}, **options)
    return gate_runs([run], [Rule(scorer="*", max_drop=0.02), Rule(template="error")])


def test_an_annotation_for_what_does_not_pass():
    report = replace(gated(), verdicts=(*gated().verdicts, Verdict("r", "sft", "inconclusive", "few", True)))

    lines = to_annotations(report).splitlines()

    assert [line.partition(" ")[0] for line in lines] == ["::error", "::warning"]
    assert "title=chateval fail%3A sft%3A facts/exact max_drop 0.02" in lines[0]
    assert "%0Ano longer right: 18 samples" in lines[0]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_begins_no_command_and_ends_no_property(text):
    report = replace(gated(), verdicts=(Verdict(f"r{text}", f"c{text}", "fail", f"s{text}"),))

    lines = to_annotations(report).splitlines()

    assert len(lines) == 1
    command = re.fullmatch(r"::error title=[^:,]*::(?P<text>.*)", lines[0])
    assert command is not None
    assert "\r" not in lines[0]


def test_a_comment_begins_with_its_marker_and_names_what_fell():
    text = to_comment(gated(), name="nightly")

    assert text.startswith("<!-- chateval:nightly -->\n### ❌ chateval: regression\n")
    assert "**fail**" in text
    assert "no longer right: 18 samples" in text
    assert "<details><summary>2 rules pass</summary>" in text
    assert "18 no longer right with sft</summary>" in text


@pytest.mark.parametrize("name", ["a b", "-->", "x\n::error::", "----", "@octocat"])
def test_a_marker_is_one_comment_whatever_the_name(name):
    assert re.fullmatch(r"<!-- chateval:[A-Za-z0-9._-]* -->", marker(name))
    assert "--" not in marker(name)[4:-3]


def test_a_comment_says_what_changed_and_what_is_not_compared():
    report = replace(
        gated(),
        changes=(Change("base", "sft", "template", "newline", "a", "b", "a newline is gone"),),
        refusals=(Refusal("base", "sft", "facts", "*", "other decoding"),),
    )

    text = to_comment(report)

    assert "- sft: template: a newline is gone" in text
    assert "other decoding" in text


def test_a_comment_stays_within_the_limit_and_says_what_it_leaves_out():
    report = gated()
    flips = tuple(
        replace(flip, task=f"task {i}", question="q" * 2_000, candidate_text="`" * 2_000)
        for i in range(60)
        for flip in report.flips[:3]
    )
    tasks = tuple(replace(report.tasks[0], name=f"task {i}") for i in range(60))
    report = replace(report, flips=flips, tasks=(*report.tasks, *tasks))

    text = to_comment(report)

    assert len(text) <= MAX_CHARACTERS
    assert "parts are left out" in text
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_opens_no_tag_and_mentions_nobody_in_a_comment(text):
    verdicts = (Verdict(text, text, "fail", text), Verdict(text, text, "pass", text))
    report = replace(gated(), verdicts=verdicts, refusals=(Refusal("base", text, text, text, text),))

    written = to_comment(report, name=text)
    outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", written)

    assert not re.search(r"(?<!\\)<(script|img|b|/table|/pre)\b", outside)
    assert "@octocat" not in outside
    assert "\n::" not in written


def test_a_report_that_is_too_large_for_a_summary_is_shortened():
    report = gated()
    large = replace(report.flips[0], question="q" * 2_000)
    tasks = tuple(replace(report.tasks[0], name=f"task {i}", description="d" * 20_000) for i in range(60))

    assert to_summary(report).startswith("# ")
    assert len(to_summary(replace(report, tasks=tasks, flips=(replace(large, task="task 1"),)))) <= SUMMARY_BYTES


def test_findings_of_all_templates_are_one_sarif_log():
    found = replace(hand_made.template("BROKEN"), findings=(Finding("CT208", "warning", "a default system text"),))
    report = gated(summaries={"sft": {"template": found}})

    log = json.loads(to_sarif(report, template_to_sarif))

    assert (log["version"], len(log["runs"])) == ("2.1.0", 2)
    assert [run["automationDetails"]["id"] for run in log["runs"]] == ["chateval/base/", "chateval/sft/"]
    assert [len(run["results"]) for run in log["runs"]] == [0, 1]
    assert log["runs"][1]["results"][0]["ruleId"] == "CT208"

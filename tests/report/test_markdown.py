"""Markdown: tables keep their columns, fences are closed, text of others stays text."""

import re
from dataclasses import replace

import pytest
from hostile_report import HOSTILE, hostile_report

from chateval.records import (
    Fault,
)
from chateval.report.markdown import SHOWN_FLIPS, to_markdown


def outside_and_inside(markdown):
    """Split lines into those outside and those inside of fences, by CommonMark's rules."""
    outside, inside, fence = [], [], None
    for line in markdown.split("\n"):
        opened = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if fence is None and opened:
            fence = opened.group(1)
        elif (
            fence is not None
            and opened
            and line.strip() == fence[0] * len(line.strip())
            and len(line.strip()) >= len(fence)
        ):
            fence = None
        else:
            (outside if fence is None else inside).append(line)
    assert fence is None, "a fence is not closed"
    return outside, inside


def n_columns(row):
    return len(re.sub(r"\\.", "", row).split("|")) - 2


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_row_of_a_table_has_the_columns_of_its_head(text):
    outside, _ = outside_and_inside(to_markdown(hostile_report(text)))
    rows = [line for line in outside if line.startswith("|")]
    rules = [i for i, row in enumerate(rows) if set(row) <= set("|- ")]

    assert [n_columns(rows[i]) for i in rules] == [4, 4, 4, 3, 3, 7, 3, 12, 5]
    for begin, end in zip(rules, [*[i - 1 for i in rules[1:]], len(rows)], strict=True):
        assert {n_columns(row) for row in rows[begin - 1 : end]} == {n_columns(rows[begin])}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_fences_close_and_the_parts_of_the_report_stay_outside_of_them(text):
    outside, inside = outside_and_inside(to_markdown(hostile_report(text)))
    headings = [line for line in outside if line.startswith("#")]

    assert [line for line in headings if line.startswith("## ")] == [
        "## Gate",
        "## Scores",
        "## Dialogues",
        "## Thinking",
        "## Why: answers by the scorer's verdict",
        "## Template correctness",
        "## Checkpoints",
        "## Helpers",
        "## Tasks",
        "## Flips",
    ]
    assert len(headings) == 1 + 10 + 3
    assert sum(line.startswith("target: ") for line in inside) == 2


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_outside_of_fences_there_is_no_markup_of_others(text):
    lines = outside_and_inside(to_markdown(hostile_report(text)))[0]
    outside = "\n".join(line for line in lines if not line.startswith(("<details>", "</details>")))

    assert set(re.findall(r"(?<!\\)<[^ >]*>?", outside)) <= {"<br>", "<!--"}
    assert not re.search(r"(?<!\\)!?\[[^\]]*\]\(", outside)
    assert not re.search(r"[@#]\w", outside)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_title_of_a_fault_is_one_line_of_html_without_elements_of_others(text):
    outside, _ = outside_and_inside(to_markdown(hostile_report(text)))
    [title] = [line for line in outside if line.startswith("<details>")]

    # a backslash before < escapes nothing there
    assert re.findall(r"<[^ >]*>?", title.replace("<!-- -->", "")) == ["<details>", "<summary>", "</summary>"]
    assert not re.search(r"[@#]\w", title)
    assert outside.count("</details>") == 1


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_in_it_acts_on_a_terminal_or_hides(text):
    found = to_markdown(hostile_report(text))

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", found)
    assert found.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_line_is_a_command_of_a_ci_log(text):
    assert not [line for line in to_markdown(hostile_report(text)).split("\n") if line.lstrip().startswith("::")]


def test_an_answer_stands_in_its_fence_as_it_was_given():
    _, inside = outside_and_inside(to_markdown(hostile_report("one <b> | `two` @me")))

    assert "asked:  one <b> | `two` @me" in inside
    assert "base (0; why one <b> | `two` @me): one <b> | `two` @me" in inside


def test_further_lines_of_an_answer_cannot_pose_as_the_target():
    _, inside = outside_and_inside(to_markdown(hostile_report("42\ntarget: 43")))

    assert {line for line in inside if line.startswith("target:")} == {"target: 42"}
    assert "  | target: 43" in inside


def test_a_side_without_a_reason_shows_its_value_alone():
    report = hostile_report("x")
    _, inside = outside_and_inside(
        to_markdown(replace(report, flips=(replace(report.flips[0], baseline_reason="", candidate_reason="so"),)))
    )

    assert "base (0): x" in inside
    assert "sft x (1; so): x" in inside


def test_a_fault_is_shown_with_its_reason_the_end_of_the_prompt_and_the_answer():
    fault = Fault("sft", "facts", "no_foreign_turn", "f" * 16, "<|user|> opens another turn", "bot:\n", "A\n<|user|>")

    found = to_markdown(replace(hostile_report("x"), faults=(fault,)))

    assert (
        "<details><summary>no_foreign_turn, sft, facts, sample ffffffffffffffff: "
        "&lt;|user|&gt; opens another turn</summary>\n\n"
        "```text\nprompt ends: bot:\n  | \nanswer:      A\n  | <|user|>\n```\n\n</details>"
    ) in found


def test_the_end_of_a_prompt_cannot_pose_as_the_answer():
    fault = Fault("sft", "facts", "clean_stop", "f" * 16, "why", "Q\nanswer: forged", "real")

    _, inside = outside_and_inside(to_markdown(replace(hostile_report("x"), faults=(fault,))))

    assert [line for line in inside if line.startswith("answer:")] == ["answer:      real"]
    assert "  | answer: forged" in inside


def test_tasks_say_how_answers_were_drawn_and_checkpoints_how_many_prompts_were_cut():
    report = hostile_report("x")
    checkpoints = tuple(replace(one, n_empty=5, n_length=7, n_cut=13) for one in report.checkpoints)

    found = to_markdown(replace(report, checkpoints=checkpoints))

    assert "| facts | 1 | all 4 samples | at most 128 new tokens, greedy | x |" in found
    assert "| answers | errors | empty | answers cut | prompts cut | tokens |" in found
    assert "| 3 | 0 | 5 | 7 | 13 | 1,234 in, 56 out |" in found


def test_what_another_harness_did_not_count_is_unknown_and_not_0():
    report = hostile_report("x")
    checkpoints = tuple(replace(one, n_errors=None, n_length=None, n_cut=13) for one in report.checkpoints)

    found = to_markdown(replace(report, checkpoints=checkpoints))

    assert "| 3 | unknown | unknown | unknown | 13 |" in found


def test_numbers_are_shown_beside_their_intervals():
    found = to_markdown(hostile_report("x"))

    assert (
        "| **facts** | exact | 0.500 [0.200, 0.900] n=4 | 0.750 [0.200, 0.900] n=4<br>▲ +0.250 [+0.100, +0.400]"
        in found
    )
    assert "p=0.004<br>2 won, 1 lost, 1 tied |" in found
    assert "| inconclusive (warning) | sft x | facts/exact x | x |" in found


def test_losses_come_before_wins():
    found = to_markdown(hostile_report("x"))

    assert 0 < found.index("1 no longer right with sft x") < found.index("1 right only with sft x")


def test_of_many_flips_the_first_are_shown_and_the_rest_counted():
    report = hostile_report("x")
    found = to_markdown(replace(report, flips=report.flips[:1] * (SHOWN_FLIPS + 3)))

    assert found.count("asked:") == SHOWN_FLIPS
    assert "3 more are in report.html." in found


def test_without_verdicts_flips_and_faults_their_parts_are_left_out():
    found = to_markdown(replace(hostile_report("x"), verdicts=(), flips=(), faults=()))

    assert "## Gate" not in found
    assert "## Flips" not in found
    assert "<details>" not in found


def test_an_answer_that_was_not_kept_is_no_empty_answer():
    report = hostile_report("x")
    flip = replace(report.flips[0], baseline_text=None, baseline_reason="", baseline_value=1.0)

    _, inside = outside_and_inside(to_markdown(replace(report, flips=(flip,))))

    assert "base (right; a baseline file or a table of scores keeps no answers)" in inside


def test_a_run_without_claims_has_no_table_of_them():
    assert "Prompts and answers" not in to_markdown(replace(hostile_report("x"), audits=()))


def test_the_page_is_not_pointed_to_where_there_is_none():
    report = hostile_report("x")
    found = to_markdown(replace(report, flips=report.flips[:1] * (SHOWN_FLIPS + 3)), where="with --html FILE")

    assert "3 more with --html FILE." in found
    assert "report.html" not in found

"""Dialogues, verdicts, judges, thinking and helpers in the terminal, in Markdown, on the page and in verdicts."""

from dataclasses import replace

import pytest
from chat_runs import chat_report, chat_run
from terminal_reports import shown

from chateval.compare.runs import compare_runs
from chateval.records import Comparison, Decoding, Verdict
from chateval.records.counts import ThinkingCount
from chateval.report import to_html, to_markdown
from chateval.report.why import why
from chateval.report.words import summary

RUN = chat_run(12)
REPORT = chat_report(RUN)
JUDGED = Comparison("sums", "clean_stop", "base", "sft", -0.25, -0.4, -0.1, 0.001, 0.004, 1, 2, 1, 4, 0)


def test_the_terminal_says_how_dialogues_ended_and_why_answers_are_wrong():
    found = shown(REPORT)

    assert "Dialogues: how they ended\n sums\n  base  rounds 12; 2.0 rounds each; 12 calls; 12 lost history\n" in found
    assert "  sft   answered 12; 2.0 rounds each" in found
    assert "Why: answers by the scorer's verdict\n sums / exact\n  base  right 4, " in found
    assert "Helpers, not under test: small (chat, transformers, dddddddddddd)" in found


def test_what_judges_say_stands_in_a_block_of_its_own_under_their_names():
    found = shown(REPORT)
    exact, judged = found.index("\n exact\n"), found.index("Scores by the judge small;")

    assert exact < judged < found.index("\n clean_stop\n") < found.index("An opinion of a model")
    markdown = to_markdown(REPORT)
    assert markdown.index("### Scores by the judge small") < markdown.index("| clean_stop |")
    assert markdown.count("| clean_stop |") == 1
    assert 'class="judged"' in to_html(REPORT)


def test_a_judge_is_in_no_count_of_what_is_better_or_worse():
    report = replace(REPORT, comparisons=(*REPORT.comparisons, JUDGED))

    assert summary(report)[0] == "sft against base: better on sums/exact; by the judge small worse on sums/clean_stop."
    found = shown(report)
    assert "  sft   ▲ better 1  ▼ worse 0\n    by the judge small: ▼ worse 1\n" in found


def test_a_verdict_on_a_judges_score_says_whose_opinion_it_is():
    verdict = Verdict("sums/clean_stop min_value 0.9", "sft", "fail", "below", task="sums", scorer="clean_stop")

    assert why(REPORT, verdict) == ["an opinion of small, a model that judged"]
    assert not any("opinion" in line for line in why(REPORT, replace(verdict, scorer="exact")))


def test_a_report_without_judges_and_dialogues_has_no_parts_for_them():
    [task] = REPORT.tasks
    plain = replace(REPORT, tasks=(replace(task, families=(), judges=()),), dialogues=(), reasons=(), helpers=())

    for found in (shown(plain), to_markdown(plain)):
        assert not any(word in found for word in ("judge", "Dialogues", "Why: answers", "Helpers", "Thinking"))
    assert not any(f'id="{name}"' in to_html(plain) for name in ("dialogues", "why", "helpers", "thinking"))


@pytest.mark.parametrize("fields", [{"judges": (("small",),)}, {"families": ("judge",), "judges": ()}])
def test_a_report_whose_lists_do_not_match_its_scorers_is_shown(fields):
    [task] = REPORT.tasks
    report = replace(REPORT, tasks=(replace(task, **({"families": ()} | fields)),))

    assert "Scores; differences" in shown(report)
    assert "## Scores" in to_markdown(report)


def test_thinking_is_told_with_its_tokens_and_what_came_of_it():
    first, *rest = REPORT.checkpoints
    thought = replace(
        first,
        thinking=ThinkingCount(9, 120.4, 300, 20.0, 40),
        n_incomplete=2,
        template_options={"enable_thinking": True},
    )
    words = "9 answers with thinking of 120 tokens (p95 300), 20 behind it; 2 incomplete, ending inside their thinking"
    report = replace(REPORT, checkpoints=(thought, *rest))

    assert f"  base  {words}; template with enable_thinking=True\n  sft   none\n" in shown(report)
    assert words in to_html(report)


def test_drawn_answers_say_how_they_were_drawn_beside_the_task():
    [task] = REPORT.tasks
    drawn = replace(task, decoding=Decoding(temperature=0.7, seed=3, repeats=4))

    assert "sums (all 12 samples; temperature 0.7, seed 3, 4 repeats)" in shown(replace(REPORT, tasks=(drawn,)))


def test_a_comparison_of_runs_counts_again_what_it_compares():
    found = compare_runs([replace(RUN, name="one"), replace(RUN, name="two")], "one/base")

    assert {one.checkpoint for one in found.dialogues} == {one.name for one in found.checkpoints}
    assert {one.words for one in found.reasons if one.scorer == "exact"} >= {"right", "wrong tool"}

"""Rows: one for each sample and repeat, over all checkpoints and runs."""

import json
from dataclasses import replace

import pytest
from page_runs import NAMES, answered, page_report, page_run, sample

from chateval.findings import Finding
from chateval.records import Prompt, Response, Sample
from chateval.report.page.rows import SEARCHED, answer_text, collect


def test_a_row_holds_the_answers_of_all_checkpoints():
    run = page_run(3)

    rows, n_lean = collect(page_report(run), [run])

    assert [row.sample.id for row in rows] == list(run.samples["sums"])
    assert rows[1].texts == ["The answer is 3, I think.", "The answer is 2, I am sure.", "The answer is 2, I am sure."]
    assert rows[1].finishes == ["stop"] * 3
    assert rows[1].values == [{"exact": found, "clean_stop": 1.0} for found in (0.0, 1.0, 1.0)]
    assert n_lean == 0


def test_a_prompt_that_checkpoints_share_is_kept_once():
    run = page_run(2)
    [row, _] = collect(page_report(run), [run])[0]

    assert len(row.prompts) == 1
    assert row.which == [0, 0, 0]


def test_prompts_that_differ_are_kept_apart():
    one = sample(0)
    run = replace(page_run(1), answers=[answered(one, who, "x", prompt=f"<{who == 'sft'}>") for who in NAMES])

    [row] = collect(page_report(run), [run])[0]

    assert [json.loads(prompt)[0] for prompt in row.prompts] == ["<False>", "<True>"]
    assert row.which == [0, 1, 0]


def test_checkpoints_of_several_runs_are_found_under_the_names_of_the_report():
    one, two = page_run(2, name="old"), page_run(2, name="new", reply=lambda number, who: f"new {who}")
    named = [replace(one.checkpoints[0], name=name) for name in ("old/base", "new/base")]

    rows, _ = collect(replace(page_report(one), checkpoints=tuple(named), flips=()), [one, two])

    assert rows[0].texts == ["The answer is 0, I think.", "new base"]


def test_samples_of_equal_content_stand_in_one_row_whatever_their_ids():
    one, two = page_run(2, name="old"), page_run(2, name="new")
    samples = {
        f"other{number}": replace(found, id=f"other{number}", inputs={})
        for number, found in enumerate(two.samples["sums"].values())
    }
    two = replace(
        two,
        samples={"sums": samples},
        scores=(),
        answers=[answered(found, "base", f"new {number}") for number, found in enumerate(samples.values())],
    )
    named = [replace(one.checkpoints[0], name=name) for name in ("old/base", "new/base")]

    rows, _ = collect(replace(page_report(one), checkpoints=tuple(named), flips=()), [one, two])

    assert [row.texts[1] for row in rows] == ["new 0", "new 1"]


def test_a_run_without_answers_has_rows_of_scores():
    run = replace(page_run(2), answers=())

    rows, _ = collect(page_report(run), [run])

    assert [row.texts for row in rows] == [[None] * 3] * 2
    assert rows[0].values[0]["exact"] == 1.0


def test_beyond_the_bound_only_samples_that_flipped_keep_their_prompts():
    run = page_run(12)
    report = page_report(run)
    flipped = {flip.sample_id for flip in report.flips}

    rows, n_lean = collect(report, [run], max_raw=2_000)

    assert 0 < len(flipped) < 12
    assert {row.sample.id for row in rows if row.prompts} == flipped
    assert n_lean == 12 - len(flipped)
    assert all(row.texts[0] and row.values[0] for row in rows)


def test_what_a_prompt_was_found_to_have_is_kept():
    finding = Finding("GR001", "error", "two BOS", offset=3, length=2)
    found = answered(sample(0), "base", "x")
    run = replace(
        page_run(1), answers=[replace(found, prompt=replace(found.prompt, findings=(finding,), cut="2 turns"))]
    )

    [row] = collect(page_report(run), [run])[0]
    [prompt] = map(json.loads, row.prompts)

    assert prompt[3:] == [[[3, 2, "GR001: two BOS"]], "2 turns", None]


def test_a_long_answer_is_searched_in_part_and_kept_whole():
    run = replace(page_run(1), answers=[answered(sample(0), "base", "x" * 10_000)])

    [row] = collect(page_report(run), [run])[0]

    assert len(row.texts[0]) == SEARCHED
    assert json.loads(row.answers[0])[0] == "x" * 10_000


@pytest.mark.parametrize(
    ("response", "shown"),
    [
        (Response("1", "Paris", "eos"), "Paris"),
        (Response("1", "", "error", error="no room"), "[error: no room]"),
        (Response("1", "", "eos", choice_logprobs=((-3.0,), (-1.0, -1.0))), "Rome"),
        (Response("1", "", "eos"), ""),
    ],
)
def test_an_answer_is_the_text_the_choice_or_the_error(response, shown):
    assert answer_text(response, Sample("1", {}, choices=("Paris", "Rome"))) == shown


def test_a_sample_without_messages_is_shown_by_its_inputs():
    one = Sample("1", {"question": "how?"})
    run = replace(page_run(samples=[one]), answers=[])

    [row] = collect(page_report(page_run(1)), [run])[0]

    assert row.question == '{"question": "how?"}'


def test_a_raw_text_is_kept_as_what_follows_the_text():
    run = replace(page_run(1), answers=[answered(sample(0), "base", "four")])

    [row] = collect(page_report(run), [run])[0]

    assert json.loads(row.answers[0])[1] == [4, "<|im_end|>"]
    assert isinstance(run.answers[0].prompt, Prompt)


def test_an_end_that_nobody_wrote_down_is_not_shown():
    run = page_run(1)
    answers = [replace(one, response=replace(one.response, finish="unknown")) for one in run.answers]
    run = replace(run, answers=answers)

    rows, _ = collect(page_report(run), [run])

    assert rows[0].finishes == [None] * 3

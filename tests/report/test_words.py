"""Numbers in words, and hostile text spelt out."""

from dataclasses import replace

import pytest

from chateval.records import (
    CheckpointSummary,
    Comparison,
    Decoding,
    Estimate,
    Figure,
    Report,
    TaskSummary,
    Verdict,
)
from chateval.report.words import (
    count_words,
    decoding_words,
    delta_words,
    direction,
    early_words,
    figure_words,
    mean_words,
    p_words,
    record_words,
    slice_words,
    standing,
    summary,
    unit_words,
    value_words,
    visible,
)

ESTIMATE = Estimate("sft", "facts", "exact", 19 / 24, 0.5953, 0.9076, n=24, n_unscored=0, n_clusters=24)
NOTHING = Estimate("sft", "facts", "exact", None, None, None, n=0, n_unscored=24, n_clusters=0)
BETTER = Comparison("facts", "exact", "base", "sft", 0.25, 0.1, 0.4, 0.001, 0.004, 7, 1, 16, 24, 0)
UNCOMPARED = Comparison("facts", "exact", "base", "sft", None, None, None, None, None, 0, 0, 0, 0, 24)
TASK = TaskSummary("facts", 1, "Facts.", 24, 200, "generate", Decoding(), ("exact",), "d" * 64)
CHOOSING = replace(TASK, output="choose")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext, 日本語 فارسی 😀", "plain\n\ttext, 日本語 فارسی 😀"),
        ("\x1b]0;owned\x07", r"\u001b]0;owned\u0007"),
        ("\x1b[31mred", r"\u001b[31mred"),
        ("\x9b31m", r"\u009b31m"),
        ("a\x00b", r"a\u0000b"),
        ("over\rwrite", r"over\u000dwrite"),
        ("\x7f\x08", r"\u007f\u0008"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\u0085d"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("\u061c\u200f", r"\u061c\u200f"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("soft\xadhyphen", r"soft\u00adhyphen"),
        ("\ud800", r"\ud800"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("", ""),
    ],
)
def test_what_acts_or_hides_is_spelt_out(text, shown):
    assert visible(text) == shown


def test_visible_text_can_always_be_written_as_utf8():
    everything = "".join(map(chr, range(0x110000)))

    assert visible(everything).encode("utf-8")


@pytest.mark.parametrize(
    ("found", "words"), [(ESTIMATE, "0.792 [0.595, 0.908]"), (NOTHING, "not scored"), (None, "not run")]
)
def test_a_mean_is_shown_with_its_interval(found, words):
    assert mean_words(found) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ESTIMATE, "n=24"),
        (replace(ESTIMATE, n_unscored=2), "n=24, 2 unscored"),
        (NOTHING, "n=0, 24 unscored"),
        (None, ""),
    ],
)
def test_unscored_samples_are_told_apart(found, words):
    assert count_words(found) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (BETTER, "+0.250 [+0.100, +0.400]"),
        (replace(BETTER, delta=-0.25, low=-0.4, high=-0.1), "-0.250 [-0.400, -0.100]"),
        (UNCOMPARED, "not compared"),
        (None, "not compared"),
    ],
)
def test_a_difference_has_a_sign(found, words):
    assert delta_words(found) == words


@pytest.mark.parametrize(
    ("p", "words"), [(None, "no test"), (0.0004, "p<0.001"), (0.001, "p=0.001"), (0.0426, "p=0.043"), (1.0, "p=1.000")]
)
def test_a_p_value_has_three_digits(p, words):
    assert p_words(p) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (BETTER, "7 won, 1 lost, 16 tied"),
        (replace(BETTER, n_dropped=3), "7 won, 1 lost, 16 tied, 3 without a pair"),
    ],
)
def test_a_record_names_missing_pairs_where_there_are_any(found, words):
    assert record_words(found) == words


@pytest.mark.parametrize(
    ("delta", "p_adjusted", "word"),
    [
        (0.25, 0.004, "better"),
        (-0.25, 0.004, "worse"),
        (0.25, 0.05, "unclear"),
        (-0.25, 0.0499, "worse"),
        (0.25, None, "unclear"),
        (None, None, "unclear"),
    ],
)
def test_direction_follows_the_adjusted_p(delta, p_adjusted, word):
    assert direction(replace(BETTER, p=0.001, delta=delta, p_adjusted=p_adjusted)) == word


def test_no_comparison_has_no_direction():
    assert direction(None) == "unclear"


@pytest.mark.parametrize(("n", "words"), [(24, "the first 24 of 200 samples"), (200, "all 200 samples")])
def test_a_slice_says_what_it_leaves_out(n, words):
    assert slice_words(replace(TASK, n_samples=n)) == words


@pytest.mark.parametrize(
    ("decoding", "words"),
    [
        (Decoding(), "at most 128 new tokens, greedy"),
        (Decoding(max_new_tokens=1, seed=7), "at most 1 new tokens, greedy"),
        (
            Decoding(64, temperature=0.7, top_p=0.95, seed=3, repeats=4),
            "at most 64 new tokens, temperature 0.7, top-p 0.95, seed 3, 4 repeats",
        ),
        (Decoding(temperature=1.0), "at most 128 new tokens, temperature 1, top-p 1, seed 0, 1 repeat"),
    ],
)
def test_decoding_says_how_long_answers_may_be_and_how_they_were_drawn(decoding, words):
    assert decoding_words(replace(TASK, decoding=decoding)) == words


def test_the_summary_says_of_each_candidate_where_it_is_better_and_worse():
    names = ("base", "sft", "same", "idle")
    checkpoints = tuple(CheckpointSummary(n, "chat", "float32", "t", "", "", None, 0, 0, 0, 0, 0, 0) for n in names)
    comparisons = (
        BETTER,
        replace(BETTER, task="reading", delta=-0.2),
        replace(BETTER, task="numbers", low=-0.1, p_adjusted=0.6),
        replace(BETTER, task="letters", delta=-0.3, low=-0.5, high=-0.1, p_adjusted=0.6),
        replace(UNCOMPARED, task="empty"),
        replace(BETTER, candidate="same", low=-0.1, p_adjusted=0.6),
        replace(BETTER, candidate="same", task="reading", low=-0.1, p_adjusted=0.6),
    )

    assert summary(Report("base", checkpoints, (TASK,), (), (), comparisons, ())) == [
        "sft against base: better on facts/exact; worse on reading/exact; perhaps worse on letters/exact (by the "
        "interval, not by the adjusted p); no clear difference on 1 other scorer; not compared on empty/exact.",
        "same against base: no clear difference on 2 scorers.",
        "idle against base: nothing to compare.",
    ]


def test_what_reruns_of_the_baseline_explain_is_neither_better_nor_worse():
    found = Comparison("t", "s", "base", "sft", -0.02, -0.03, -0.01, 0.001, 0.001, 1, 9, 90, 100, 0, noise=0.03)

    assert direction(found) == "unclear"
    assert standing(found) == "within noise"


def test_more_than_noise_is_what_the_test_says():
    found = Comparison("t", "s", "base", "sft", -0.2, -0.3, -0.1, 0.001, 0.001, 1, 21, 78, 100, 0, noise=0.03)

    assert standing(found) == "worse"


@pytest.mark.parametrize(
    ("n", "words"),
    [(24, "24 of 200 samples, in the order of their ids"), (200, "all 200 samples")],
)
def test_samples_of_a_run_that_may_stop_came_by_their_ids(n, words):
    assert slice_words(replace(TASK, n_samples=n), is_anytime=True) == words


def test_of_a_task_without_samples_none_were_kept():
    assert slice_words(replace(TASK, n_samples=0, n_available=0)) == "no samples kept"


@pytest.mark.parametrize(
    ("unit", "is_less_better", "words"),
    [("0-100", False, "0-100"), ("bits", True, "bits; less is better"), ("", True, "less is better"), ("", False, "")],
)
def test_a_unit_that_nobody_knows_leaves_no_empty_brackets(unit, is_less_better, words):
    assert unit_words(unit, is_less_better=is_less_better) == words


def test_a_figure_whose_samples_nobody_counted_has_no_n():
    figure = Figure("sft", "facts", "acc", 0.5, None, None, "", False, 0, 0)

    assert (figure_words(figure), figure_words(replace(figure, n=3))) == ("0.5", "0.5 n=3")


@pytest.mark.parametrize(
    ("value", "text", "words"),
    [
        (1.0, "Rome", "1"),
        (1.0, "", "1"),
        (1.0, None, "right; a baseline file or a table of scores keeps no answers"),
        (0.5, None, "0.5; a baseline file or a table of scores keeps no answers"),
    ],
)
def test_an_answer_that_was_not_kept_is_no_empty_answer(value, text, words):
    assert value_words(value, text) == words


@pytest.mark.parametrize(
    ("n", "outcomes", "words"),
    [
        (24, ["pass"], "stopped at 24 of 200 samples: the gate was decided"),
        (24, ["inconclusive", "fail"], "stopped at 24 of 200 samples: the gate was decided"),
        (200, ["pass"], "the gate was decided with all 200 samples"),
        (200, ["pass", "inconclusive"], "the gate was not decided by all 200 samples"),
        (24, ["inconclusive"], "the gate was not decided by 24 of 200 samples"),
        (24, [], ""),
    ],
)
def test_a_run_that_may_stop_says_where_it_did_and_why(n, outcomes, words):
    verdicts = tuple(Verdict("rule", "sft", outcome, "") for outcome in outcomes)
    report = Report("base", (), (replace(TASK, n_samples=n),), (), (), (), (), verdicts=verdicts, is_anytime=True)

    assert early_words(report) == words
    assert early_words(replace(report, is_anytime=False)) == ""

"""Several runs in one report."""

from dataclasses import replace

import pytest
from made_runs import checkpoint, run, sample, task

from chateval.compare.runs import check_comparable, compare_runs
from chateval.errors import DataError
from chateval.records import Estimate, Figure


def test_checkpoints_of_two_runs_are_compared_on_shared_samples():
    first = run("a", {"base": "1100", "sft": "1111"})
    second = run("b", {"dpo": "0101"}, samples={"facts": [sample(i) for i in (2, 3, 4, 5)]})

    report = compare_runs([first, second])

    found = {(c.candidate): (c.delta, c.wins, c.losses, c.n_pairs, c.n_dropped) for c in report.comparisons}
    assert report.baseline == "base"
    assert found == {"sft": (0.5, 2, 0, 4, 0), "dpo": (0.5, 1, 0, 2, 4)}
    assert ("facts: samples, 2 pair of 4 before and 4 after") in [change.words for change in report.changes]


def test_one_run_is_compared_within_itself():
    report = compare_runs([run("a", {"base": "10", "sft": "11"})])

    assert [c.candidate for c in report.comparisons] == ["sft"]
    assert [(change.kind, change.words) for change in report.changes] == [
        ("weights", "weight files weights of b -> weights of s")
    ]


def test_the_named_baseline_is_compared_with():
    report = compare_runs([run("a", {"sft": "10"}), run("b", {"sft": "11"})], baseline="b/sft")

    assert [(c.baseline, c.candidate, c.delta) for c in report.comparisons] == [("b/sft", "a/sft", -0.5)]


def test_flips_have_both_answers_and_reasons_under_the_first_runs_ids():
    first = run("a", {"base": "10"})
    second = run("b", {"sft": "01"}, samples={"facts": [sample(1, id="x"), sample(0, id="y")]})

    report = compare_runs([first, second])

    assert [c.n_pairs for c in report.comparisons] == [2]
    assert [(f.sample_id, f.baseline_text, f.candidate_text, f.won) for f in report.flips] == []

    worse = run("b", {"sft": "10"}, samples={"facts": [sample(1, id="x"), sample(0, id="y")]})
    lost, won = sorted(compare_runs([first, worse]).flips, key=lambda flip: flip.won)

    assert (lost.sample_id, lost.baseline_text, lost.candidate_text) == ("0", "base says 0", "sft says y")
    assert (lost.candidate_reason, lost.cause) == ("0 it is", "wrong answer")
    assert (won.sample_id, won.baseline_text, won.candidate_text) == ("1", "base says 1", "sft says x")


def test_what_is_refused_has_estimates_and_no_comparison():
    first = run("a", {"base": "10"}, tasks=(task("facts"), task("maths")))
    second = run("b", {"sft": "11"}, tasks=(task("facts", version=2), task("maths")))

    report = compare_runs([first, second])

    assert [(c.candidate, c.task) for c in report.comparisons] == [("sft", "maths")]
    assert [(r.candidate, r.task, r.scorer) for r in report.refusals] == [("sft", "facts", "*")]
    assert {(e.checkpoint, e.task) for e in report.estimates} == {
        (who, what) for who in ("base", "sft") for what in ("facts", "maths")
    }
    assert {flip.task for flip in report.flips} == {"maths"}


def test_tasks_and_scorers_of_all_runs_are_listed():
    first = run("a", {"base": "10"})
    second = run(
        "b", {"sft": "11"}, tasks=(task(scorers=("number", "exact"), scorer_digests=("n", "s1")), task("maths"))
    )

    tasks = compare_runs([first, second]).tasks

    assert [one.name for one in tasks] == ["facts", "maths"]
    assert (tasks[0].scorers, tasks[0].scorer_digests) == (("exact", "number"), ("s1", "n"))
    assert len(tasks[0].families) == 2


def test_audits_and_figures_are_carried_over_under_their_new_names():
    audits = (Estimate("sft", "*", "single_bos", 1.0, 0.8, 1.0, 2, 0, 2),)
    figures = (Figure("sft", "facts", "bleu", 21.0, None, None, "BLEU", False, 2, 0),)

    report = compare_runs([run("a", {"sft": "10"}), run("b", {"sft": "11"}, audits=audits, figures=figures)])

    assert [(one.checkpoint, one.scorer) for one in report.audits] == [("b/sft", "single_bos")]
    assert [(one.checkpoint, one.measure) for one in report.figures] == [("b/sft", "bleu")]


def test_answers_that_are_not_kept_leave_flips_without_a_cause():
    [flip] = compare_runs([run("a", {"base": "1"}), run("b", {"sft": "0"}, answers=())]).flips

    assert (flip.candidate_text, flip.cause) == (None, "")


def test_the_answer_of_a_repeat_that_is_not_right_is_shown_with_its_reason():
    def drawn(found, texts, values):
        scores = [
            replace(found.scores[0], value=value, repeat=i, reason=f"of {text}")
            for i, (text, value) in enumerate(zip(texts, values, strict=True))
        ]
        answers = [
            replace(
                found.answers[0],
                prompt=replace(found.answers[0].prompt, repeat=i),
                response=replace(found.answers[0].response, text=text, repeat=i),
            )
            for i, text in enumerate(texts)
        ]
        return replace(found, scores=tuple(scores), answers=answers)

    before = drawn(run("a", {"base": "1"}), ["town 0"] * 3, [1.0] * 3)
    after = drawn(run("b", {"sft": "1"}), ["town 0", "no idea", "none"], [1.0, 0.0, 0.0])

    [lost] = compare_runs([before, after]).flips

    assert (lost.baseline_text, lost.candidate_text, lost.candidate_reason, lost.cause) == (
        "town 0",
        "no idea",
        "of no idea",
        "wrong answer",
    )


def test_the_cause_is_told_where_only_the_right_answer_is_not_kept():
    [flip] = compare_runs([run("a", {"base": "1"}, answers=()), run("b", {"sft": "0"})]).flips

    assert (flip.baseline_text, flip.cause) == (None, "wrong answer")


def test_weights_and_templates_of_four_runs_are_crossed():
    corners = {"base": ("w1", "t1"), "old": ("w2", "t1"), "new": ("w1", "t2"), "sft": ("w2", "t2")}
    marks = {"base": "1000", "old": "1110", "new": "1000", "sft": "0000"}
    runs = [
        run(f"run {name}", {checkpoint(name, weights_digest=w, template_digest=t): marks[name]})
        for name, (w, t) in corners.items()
    ]

    [found] = compare_runs(runs).crossings

    assert (found.candidate, found.weights, found.template, found.both) == ("sft", 0.5, 0.0, -0.25)


def test_order_and_repetition_do_not_change_the_report():
    runs = [run("a", {"base": "1100", "sft": "1111"}), run("b", {"sft": "0101"})]

    assert compare_runs(runs) == compare_runs(runs)


def test_nothing_comparable_says_why():
    report = compare_runs([run("a", {"base": "10"}), run("b", {"sft": "11"}, tasks=(task(version=2),))])

    with pytest.raises(
        DataError, match=r"nothing can be compared with base: facts: another version of the task: 1 -> 2"
    ):
        check_comparable(report)


def test_a_single_checkpoint_has_nothing_to_be_compared_with():
    with pytest.raises(DataError, match="base: the only checkpoint; name a second run"):
        check_comparable(compare_runs([run("a", {"base": "10"})]))


def test_without_runs_there_is_no_report():
    with pytest.raises(DataError, match="no run to compare"):
        compare_runs([])


def test_pairs_within_one_of_several_runs_compare_no_runs():
    runs = [run("a", {"base": "10", "sft": "11"}), run("b", {"other": "10"}, tasks=(task("sums"),))]

    with pytest.raises(DataError, match="run b does not have this task"):
        check_comparable(compare_runs(runs), runs)

    check_comparable(compare_runs(runs[:1]), runs[:1])
    crossing = [runs[0], run("c", {"other": "10"})]
    check_comparable(compare_runs(crossing), crossing)

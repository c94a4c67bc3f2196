"""What of two runs may not be compared, and why."""

import pytest
from made_runs import run, sample, task

from chateval.compare.comparable import compare_samples, refuse
from chateval.compare.match import match_samples
from chateval.compare.subjects import find_subjects
from chateval.records import Decoding


def both(first, second):
    subjects = find_subjects([first, second])
    return subjects[0], subjects[-1], match_samples([first, second])


def refused(first, second):
    return refuse(*both(first, second))


def one(name, **said):
    return run(name, {"sft": "10"}, tasks=(task(**said),))


def test_equal_tasks_are_compared():
    assert refused(one("a"), one("b")) == []


def test_within_a_run_everything_is_compared():
    found = run("a", {"base": "10", "sft": "11"})
    base, sft = find_subjects([found])

    assert refuse(base, sft, match_samples([found])) == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"prompt_digest": "p2"}, "asked otherwise: prompt digest p1 -> p2"),
        (
            {"prompt_digest": "p2", "decoding": Decoding(max_new_tokens=256)},
            "decoded otherwise: max_new_tokens 128 -> 256",
        ),
        (
            {"prompt_digest": "p2", "decoding": Decoding(stop=("\n",), temperature=0.7)},
            r"decoded otherwise: stop [] -> ['\n'], temperature 0.0 -> 0.7",
        ),
        ({"prompt_digest": "p2", "n_demos": 4}, "demos: 0 -> 4"),
        ({"version": 2}, "another version of the task: 1 -> 2"),
        ({"output": "choose"}, "answers are had otherwise: generate -> choose"),
        ({"version": 2, "n_demos": 1, "prompt_digest": "p2"}, "another version of the task: 1 -> 2; demos: 0 -> 1"),
    ],
)
def test_what_is_asked_or_answered_otherwise_is_refused_whole(said, reason):
    assert refused(one("a"), one("b", **said)) == [("facts", "*", reason)]


def test_other_options_of_a_scorer_refuse_that_scorer_only():
    first = one("a", scorers=("exact", "number"), scorer_digests=("s1", "n1"), families=("accuracy", "accuracy"))
    second = one("b", scorers=("exact", "number"), scorer_digests=("s2", "n1"), families=("accuracy", "accuracy"))

    assert refused(first, second) == [
        ("facts", "exact", "scored otherwise: other options of the scorer, or other files that it reads")
    ]


def test_a_scorer_of_one_run_is_named():
    first = one("a", scorers=("exact", "number"), scorer_digests=("s1", "n1"), families=("accuracy", "accuracy"))

    assert refused(first, one("b")) == [("facts", "number", "only one of the runs has this scorer")]


def test_tasks_without_a_scorer_in_common_are_refused():
    assert refused(one("a"), one("b", scorers=("f1",))) == [("facts", "*", "no scorer in common: exact -> f1")]


def test_a_task_of_one_run_is_named():
    found = refused(run("a", {"sft": "1"}, tasks=(task("maths"),)), run("b", {"sft": "1"}, tasks=(task("facts"),)))

    assert found == [
        ("facts", "*", "run a does not have this task"),
        ("maths", "*", "run b does not have this task"),
    ]


def test_samples_without_any_pair_are_refused():
    second = run("b", {"sft": "1"}, samples={"facts": [sample(7)]})

    assert refused(one("a"), second) == [("facts", "*", "no sample of the 1 has the content of one of the 2")]


def test_samples_without_texts_are_refused_where_no_id_is_equal():
    first, second = (
        run(
            name, {"sft": "10"}, samples={"facts": [sample(i, id=f"{name}{i}", target="", messages=()) for i in (0, 1)]}
        )
        for name in "ab"
    )

    assert refused(first, second) == [
        ("facts", "*", "no sample of the 2 has the id of one of the 2; without messages only ids pair")
    ]


def test_row_numbers_of_other_questions_are_refused():
    second = run("b", {"sft": "10"}, samples={"facts": [sample(7, id="0"), sample(8, id="1")]})

    [(_, _, reason)] = refused(one("a"), second)

    assert reason == (
        "equal ids stand for other questions in the two runs, and no sample of the 2 has the content of one of the 2"
    )


def lm_eval(name, written, **said):
    manifest = {"tasks": [{"name": "facts", "written": written}]}
    unknown = {"prompt_digest": "", "scorer_digests": ()}
    return run(name, {"sft": "10"}, tasks=(task(**(unknown | said)),), harness="lm-eval 0.4.9", manifest=manifest)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"n_demos": 5}, "demos: 0 -> 5"),
        ({"version": 3}, "another version of the task: 1 -> 3"),
        ({"decoding": Decoding(temperature=0.7)}, "decoded otherwise: temperature 0.0 -> 0.7"),
        (
            {"decoding": Decoding(max_new_tokens=9), "n_demos": 1},
            "decoded otherwise: max_new_tokens 128 -> 9; demos: 0 -> 1",
        ),
    ],
)
def test_what_both_logs_wrote_down_otherwise_is_refused(said, reason):
    both = ["version", "n_demos", "decoding"]

    assert refused(lm_eval("a", both), lm_eval("b", both, **said)) == [("facts", "*", reason)]
    assert refused(lm_eval("a", both), lm_eval("b", [], **said)) == []


def test_a_log_that_wrote_one_setting_down_is_held_to_that_one():
    second = lm_eval("b", ["temperature"], decoding=Decoding(max_new_tokens=9, temperature=1.0))

    assert [found[2] for found in refused(lm_eval("a", ["decoding"]), second)] == [
        "decoded otherwise: temperature 0.0 -> 1.0"
    ]


@pytest.mark.parametrize(
    ("said", "reasons"),
    [
        ({"version": 3, "decoding": Decoding(max_new_tokens=9, stop=("Q:",))}, []),
        ({"n_demos": 5}, ["demos: 0 -> 5"]),
        ({"decoding": Decoding(temperature=1.0)}, ["decoded otherwise: temperature 0.0 -> 1.0"]),
    ],
)
def test_two_harnesses_may_differ_in_what_each_has_of_its_own(said, reasons):
    second = lm_eval("b", ["version", "n_demos", "decoding"], **said)

    assert [reason for _, _, reason in refused(one("a"), second)] == reasons


def test_another_target_is_refused():
    second = run("b", {"sft": "10"}, samples={"facts": [sample(0, target="Rome"), sample(1)]})

    [(_, scorer, reason)] = refused(one("a"), second)

    assert (scorer, reason) == ("*", "another target for 1 of 2 samples, such as 0: 'town 0' -> 'Rome'")


def test_a_sample_whose_text_is_unknown_has_no_other_target():
    bare = sample(0, target="", messages=())

    assert refused(one("a"), run("b", {"sft": "10"}, samples={"facts": [bare, sample(1)]})) == []


def test_what_another_harness_did_not_write_down_is_compared():
    unknown = {"prompt_digest": "", "scorer_digests": (), "decoding": Decoding(max_new_tokens=9), "version": 3}

    assert refused(one("a"), one("b", **unknown)) == []


def test_the_pairing_counts_both_sides_and_other_wordings():
    other = sample(1, messages=({"role": "user", "content": "In other words?"},))
    known = sample(0)

    paired = compare_samples(*both(one("a"), run("b", {"sft": "111"}, samples={"facts": [known, other, sample(3)]})))

    found = paired["facts"]
    assert (found.n_before, found.n_after, found.n_paired, found.n_reworded) == (2, 3, 2, 1)

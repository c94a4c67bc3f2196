"""The names of checkpoints of several runs."""

import pytest
from made_runs import checkpoint, run, task

from chateval.compare.subjects import find_baseline, find_subjects, named_apart
from chateval.errors import DataError


def names(*runs):
    return [subject.name for subject in find_subjects(named_apart(runs))]


def test_names_that_do_not_clash_stay():
    assert names(run("a", {"base": "1", "sft": "1"}), run("b", {"dpo": "1"})) == ["base", "sft", "dpo"]


def test_names_that_clash_get_their_run():
    assert names(run("a", {"sft": "10"}), run("b", {"sft": "11"})) == ["a/sft", "b/sft"]


def test_runs_of_one_name_are_numbered():
    assert names(run("a", {"sft": "10"}), run("a", {"sft": "11"})) == ["a/sft", "a#2/sft"]


def test_the_same_baseline_with_the_same_scores_is_shown_once():
    assert names(run("a", {"base": "10", "sft": "11"}), run("b", {"base": "10", "sft": "01"})) == [
        "base",
        "a/sft",
        "b/sft",
    ]


def test_of_the_same_baseline_the_one_with_more_scores_is_taken():
    first, second = run("a", {"base": "10", "sft": "11"}), run("b", {"base": "101", "dpo": "010"})

    [base, *_] = find_subjects([first, second])

    assert (base.name, base.place) == ("base", 1)


@pytest.mark.parametrize(
    "other",
    [
        run("b", {"base": "11", "sft": "01"}),
        run("b", {checkpoint("base", weights_digest="others"): "10", "sft": "01"}),
        run("b", {checkpoint("base", template_digest="t2"): "10", "sft": "01"}),
        run("b", {"base": "10", "sft": "01"}, tasks=(task(prompt_digest="p2"),)),
    ],
)
def test_a_baseline_with_other_scores_weights_template_or_prompts_is_another(other):
    found = names(run("a", {"base": "10", "sft": "11"}), other)

    assert found == ["a/base", "a/sft", "b/base", "b/sft"]


def test_a_run_that_has_nothing_else_keeps_its_checkpoint():
    assert names(run("a", {"m": "10"}), run("b", {"m": "10"})) == ["a/m", "b/m"]


def test_the_baseline_is_that_of_the_first_run_unless_one_is_named():
    runs = [run("a", {"base": "10", "sft": "11"}, baseline="sft"), run("b", {"dpo": "10"})]
    subjects = find_subjects(runs)

    assert find_baseline(subjects, runs, None).name == "sft"
    assert find_baseline(subjects, runs, "dpo").name == "dpo"
    assert find_baseline(subjects, runs, "b/dpo").name == "dpo"


def test_an_unknown_baseline_lists_the_known_ones():
    runs = [run("a", {"base": "10"}), run("b", {"base": "11"})]

    with pytest.raises(DataError, match="^baseline base: no such checkpoint; known: a/base, b/base"):
        find_baseline(find_subjects(runs), runs, "base")

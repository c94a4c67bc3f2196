"""Texts of judges -> marks: what cannot be read is unscored with why, and never a 0."""

import math
from dataclasses import replace

import pytest
from answers import answered

from chateval.errors import TaskError
from chateval.records import Judgement, Response, ScorerSpec
from chateval.score import ask_of, bind_scorer, family_of, reads_reference

RATING = ScorerSpec("rated", {"judges": ["j"]}, function="judge_rating")
PAIR = ScorerSpec("pair", {"judges": ["j"], "against": "target"}, function="judge_pair")
TWO = ScorerSpec("rated", {"judges": ["j", "k"]}, function="judge_rating")


def judged(spec, *texts, judge="j", **fields):
    places = ("",) if ask_of(spec).against is None else ("first", "second")
    return tuple(
        replace(
            Judgement("c", "t", spec.name, "s", judge, text, "eos", position=place, asked=ask_of(spec).digest), **fields
        )
        for place, text in zip(places, texts, strict=False)
    )


def mark(spec, judgements, **changes):
    case = replace(answered("my answer", "the target"), judgements=tuple(judgements), **changes)
    return bind_scorer(spec)(case)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Good. Rating: [[10]]", 1.0),
        ("[[1]]", 0.0),
        ("Rating: [[5.5]]", 0.5),
        ("[[7]] and again [[7.0]]", 2 / 3),
        ("<think>[[2]]?</think> Rating: [[10]]", 1.0),
    ],
)
def test_a_rating_becomes_a_share_of_its_scale(text, value):
    assert mark(RATING, judged(RATING, text)).value == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "unread: j says nothing"),
        ("Rating: 7", "unread: j names no verdict"),
        ("Rating: [[number]]", "unread: j names no verdict"),
        ("[[3]] or [[4]]", "unread: j names 2 verdicts: 3, 4"),
        ("[[11]]", "unread: j rates 11, which is not from 1 to 10"),
        ("[[0]]", "unread: j rates 0, which is not from 1 to 10"),
        ("[[10]] <think> hm </think> bad", "unread: j names no verdict"),
    ],
)
def test_what_cannot_be_read_is_unscored_with_why(text, why):
    found = mark(RATING, judged(RATING, text))

    assert (found.value, found.reason) == (None, why)


def test_a_judge_that_ran_on_or_failed_is_said_to_have():
    assert "ran on to its limit" in mark(RATING, judged(RATING, "hm", finish="length")).reason
    assert "too long" in mark(RATING, judged(RATING, "", error="too long")).reason


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ("[[A]]", "[[B]]", 1.0),
        ("[[B]]", "[[A]]", 0.0),
        ("[[A]]", "[[A]]", 0.5),
        ("[[C]]", "[[C]]", 0.5),
        ("[[A]]", "[[C]]", 0.75),
        ("[[C]]", "[[A]]", 0.25),
        ("[[A]]", "no idea", None),
        ("[[A]] [[B]]", "[[B]]", None),
    ],
)
def test_a_pair_is_the_mean_over_both_orders(first, second, value):
    assert mark(PAIR, judged(PAIR, first, second)).value == value


def test_one_order_alone_says_nothing():
    assert mark(PAIR, judged(PAIR, "[[A]]")).value is None


def test_a_jury_is_its_mean_and_unscored_without_a_member():
    both = (*judged(TWO, "[[10]]"), *judged(TWO, "[[1]]", judge="k"))

    assert mark(TWO, both).value == 0.5
    assert mark(TWO, both).answer == "j: 10; k: 1"
    assert mark(TWO, judged(TWO, "[[10]]")).reason == "unread: k has not judged this answer; run it again"


def test_judgements_of_another_scorer_or_another_question_are_not_read():
    assert "has not judged" in mark(RATING, judged(RATING, "[[9]]", scorer="other")).reason
    assert "asked otherwise" in mark(RATING, judged(RATING, "[[9]]", asked="0" * 16)).reason


def test_an_answer_that_is_the_other_one_is_a_tie_without_a_judge():
    same = replace(answered("the target", "the target"))

    assert bind_scorer(PAIR)(same).value == 0.5


def test_a_pair_needs_what_it_is_compared_with():
    against = ScorerSpec("pair", {}, function="judge_pair")

    assert mark(against, ()).reason == "the baseline has no answer to compare with"
    assert mark(against, (), reference=Response("s", "", "error", error="lost")).value is None
    assert bind_scorer(PAIR)(answered("mine")).reason == "the target has no answer to compare with"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("judge_rating", {"scale": [10, 1]}, "scale: the worst and the best rating"),
        ("judge_rating", {"scale": [1]}, "scale"),
        ("judge_rating", {"scale": [1, math.inf]}, "scale: the worst and the best rating"),
        ("judge_rating", {"judges": []}, "judges: the names"),
        ("judge_rating", {"judges": ["a", "a"]}, "judges: the names"),
        ("judge_rating", {"judges": "a"}, "judges"),
        ("judge_pair", {"against": "sft"}, "against"),
        ("judge_pair", {"scale": [1, 10]}, "has no option 'scale'"),
        ("judge_rating", {"max_new_tokens": 0}, "max_new_tokens: at least 1"),
    ],
)
def test_options_that_ask_nothing_are_refused(name, options, said):
    with pytest.raises(TaskError, match=said):
        bind_scorer(ScorerSpec(name, options))


def test_no_extraction_stands_before_a_judge_and_no_judge_inside_another_scorer():
    with pytest.raises(TaskError, match="the whole answer"):
        bind_scorer(ScorerSpec("judge_rating", extract=("hash_number",)))
    with pytest.raises(TaskError, match="does not score the text of one answer"):
        bind_scorer(ScorerSpec("turns", {"scorer": "judge_rating"}))


def test_judges_are_a_family_of_their_own():
    assert {family_of(RATING), family_of(PAIR)} == {"judge"}
    assert [reads_reference(spec) for spec in (PAIR, ScorerSpec("judge_pair"), RATING)] == [False, True, False]


def test_the_question_is_another_where_what_is_asked_is():
    asked = [
        ask_of(ScorerSpec("judge_rating", options)).digest
        for options in ({}, {"rubric": "x"}, {"scale": [1, 5]}, {"template": "{{ answer }}"}, {"max_new_tokens": 9})
    ]

    assert len(set(asked)) == len(asked)
    assert ask_of(ScorerSpec("judge_rating", {"judges": ["a", "b"]})).digest == asked[0]

"""Figures that say how far a judge can be trusted."""

from dataclasses import replace

import numpy as np
import pytest
from answers import answered

from chateval.records import Judgement, ScorerSpec
from chateval.score import ask_of
from chateval.score.judge.measures import judge_measures

PAIR = ScorerSpec("pair", {"judges": ["j", "k"], "against": "target"}, function="judge_pair")
RATED = ScorerSpec("rated", {"judges": ["j", "k"]}, function="judge_rating")


def figures(spec, cases):
    found = {}
    for name, measure in judge_measures(spec.name, ask_of(spec)).items():
        rows = [row for case in cases if (row := measure.collect([case], [{}])) is not None]
        found[name] = measure.finish(np.sum(rows, axis=0)) if rows else None
    return found


def pair(j, k, text="answer"):
    judgements = [
        Judgement(
            "c", "t", "pair", "s", judge, said and f"[[{said}]]", "eos", position=place, asked=ask_of(PAIR).digest
        )
        for judge, both in (("j", j), ("k", k))
        for place, said in zip(("first", "second"), both, strict=True)
    ]
    return replace(
        answered(text, "target"),
        judgements=tuple(replace(one, n_prompt_tokens=90, n_output_tokens=10) for one in judgements),
    )


def rated(j, k, text="answer"):
    judgements = [
        Judgement("c", "t", "rated", "s", judge, f"[[{said}]]", "eos", asked=ask_of(RATED).digest)
        for judge, said in (("j", j), ("k", k))
    ]
    return replace(answered(text, "target"), judgements=tuple(judgements))


def test_a_judge_that_always_takes_the_first_is_seen_through():
    found = figures(PAIR, [pair("AA", "AB"), pair("AA", "BA")])

    assert found["pair: same in both orders, j"] == 0.0
    assert found["pair: first preferred by j"] == 1.0
    assert found["pair: same in both orders, k"] == 1.0
    assert found["pair: first preferred by k"] == 0.5


def test_what_cannot_be_read_is_a_share_and_tokens_are_counted():
    found = figures(PAIR, [pair("AB", "AB"), pair(("A", ""), "AB")])

    assert found["pair: unread of j"] == 0.5
    assert found["pair: unread of k"] == 0.0
    assert found["pair: tokens of j"] == 200.0


def test_two_judges_of_pairs_agree_by_kappa():
    assert figures(PAIR, [pair("AB", "AB"), pair("BA", "BA")])["pair: agreement of judges"] == pytest.approx(1.0)
    assert figures(PAIR, [pair("AB", "BA"), pair("BA", "AB")])["pair: agreement of judges"] == pytest.approx(-1.0)


def test_ratings_agree_by_alpha_and_length_may_win():
    cases = [rated(2, 2, "a"), rated(5, 5, "a" * 20), rated(9, 9, "a" * 400)]
    found = figures(RATED, cases)

    assert found["rated: agreement of judges"] == pytest.approx(1.0)
    assert found["rated: with length"] > 0.9


def test_an_answer_that_no_judge_was_asked_about_is_left_out():
    assert set(figures(PAIR, [answered("same", "same")]).values()) == {None}

"""Verdicts of scorers, counted: what a reason begins with, within bounds."""

import pytest

from chateval.compare.reasons import MOST_VERDICTS, OTHER, RIGHT, Reasons, verdict_of
from chateval.records import ReasonCount

HERE = ("base", "calls", "tool_call")


@pytest.mark.parametrize(
    ("value", "reason", "verdict"),
    [
        (1.0, "right", RIGHT),
        (1.0, "wrong tool: it is right all the same", RIGHT),
        (0.0, "wrong tool: called x", "wrong tool"),
        (None, "judge failed: timeout", "judge failed"),
        (0.5, "no number in the response", "no number in the response"),
        (0.0, "not 12", OTHER),
        (0.0, "'yes' is not in the response", OTHER),
        (0.0, "", OTHER),
        (0.0, ": no head", OTHER),
        (0.0, "<script>: x", OTHER),
        (0.0, "a\u202eb: x", OTHER),
        (0.0, "a" * 41, OTHER),
        (0.0, "a" * 40 + ": b", "a" * 40),
    ],
)
def test_a_verdict_is_a_few_plain_words_before_the_colon(value, reason, verdict):
    assert verdict_of(value, reason) == verdict


def counts_of(*reasons):
    found = Reasons()
    for reason in reasons:
        found.take(HERE, float(reason == RIGHT), reason)
    return list(found.found())


def test_counts_begin_with_right_and_end_with_other():
    found = counts_of("right", "no call", "wrong tool: a", "wrong tool: b", "7 is not 8")

    assert found == [
        ReasonCount(*HERE, words, n) for words, n in (("right", 1), ("wrong tool", 2), ("no call", 1), ("other", 1))
    ]


def test_a_scorer_without_verdicts_has_no_counts():
    assert counts_of("right", "", "not 12") == []


def test_of_many_verdicts_the_most_frequent_are_told_apart():
    words = ["".join(chr(ord("a") + int(digit)) for digit in str(number)) for number in range(1000)]
    found = counts_of("often", "often", *words)

    assert len(found) == MOST_VERDICTS + 1
    assert found[0].words == "often"
    assert found[-1] == ReasonCount(*HERE, OTHER, 1002 - sum(one.n for one in found[:-1]))

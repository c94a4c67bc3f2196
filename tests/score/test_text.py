"""Text against the target: equal, equal after normalisation, by words, by pattern."""

import time

import pytest

from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score.text import PATTERN_CHARACTERS, exact, normalise, normalised, regex, text_f1

FACTS = TemplateFacts(
    source="completion",
    text="",
    digest="",
    bos_id=None,
    generation_prompt="",
    end_of_turn_id=None,
    stop_ids=(),
    special_tokens={},
)


def case(text: str, target: str) -> Case:
    return Case(
        sample=Sample(id="0" * 16, inputs={}, target=target),
        prompt=Prompt(sample_id="0" * 16, messages=(), text="", ids=(), decoding=Decoding()),
        response=Response(sample_id="0" * 16, text=text, finish="eos"),
        facts=FACTS,
    )


HOSTILE = ["\0", "\ud800", "\x1b]0;title\x07", "\u202e", "a" + "\u0301\u0323" * 100_000, "x " * 2_500_000]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0.0),
        ("I cannot help with that.", 0.0),
        ("New York", 1.0),
        ("  New York\n", 1.0),
        ("New York New York", 0.0),
        ("New Yor", 0.0),
        ("new york", 0.0),
        ("New  York", 0.0),
        ("New York.", 0.0),
    ],
)
def test_exact_needs_the_very_text(text, value):
    assert exact(case(text, "New York")).value == value


def test_exact_can_ignore_case():
    assert exact(case("STRASSE", "straße"), ignore_case=True).value == 1.0


@pytest.mark.parametrize("scorer", [exact, normalised, text_f1])
@pytest.mark.parametrize("target", ["", " \n"])
def test_a_blank_target_is_the_fault_of_the_task(scorer, target):
    with pytest.raises(ValueError, match="target"):
        scorer(case("yes", target))


@pytest.mark.parametrize("scorer", [normalised, text_f1])
def test_a_target_of_articles_and_punctuation_is_the_fault_of_the_task(scorer):
    with pytest.raises(ValueError, match="no words are left"):
        scorer(case("", "The ..."))


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("", "New York", 0.0),
        ("I cannot help with that.", "New York", 0.0),
        ("the NEW york!", "New York", 1.0),
        ("New York, New York", "New York", 0.0),
        ("New Yo", "New York", 0.0),
        ("“New\tYork”", "New York", 1.0),
        ("Ｎｅｗ Ｙｏｒｋ", "New York", 1.0),
        ("Cafe\u0301", "café", 1.0),
        ("cafe", "café", 0.0),
        ("US", "U.S.", 1.0),
        ("STRASSE", "Straße", 1.0),
        ("東京。", "東京", 1.0),
        ("¿Москва?", "москва", 1.0),
        ("القاهرة؟", "القاهرة", 1.0),
    ],
)
def test_normalised_ignores_case_punctuation_articles_and_width(text, target, value):
    assert normalised(case(text, target)).value == value


@pytest.mark.parametrize("text", ["The U.S.\tＣafé", "ﬁne  ½ — a test", "İstanbul", "ὈΔΥΣΣΕΎΣ", "e\u0301\u0323" * 50])
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)

    assert normalise(once) == once


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("", "red fox", 0.0),
        ("I cannot help with that.", "red fox", 0.0),
        ("The red fox.", "red fox", 1.0),
        ("fox red", "red fox", 1.0),
        ("a fox", "red fox", 2 / 3),
        ("red fox red fox", "red fox", 2 / 3),
        ("It was the red fox", "red fox", 2 * 2 / (4 + 2)),
        ("fox fox", "red fox", 1 / 2),
        ("赤い狐", "赤い狐", 1.0),
    ],
)
def test_text_f1_is_the_f1_of_shared_words(text, target, value):
    assert text_f1(case(text, target)).value == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "target", "value", "reason"),
    [
        ("", "42", 0.0, "no match"),
        ("I cannot help with that.", "42", 0.0, "no match"),
        ("id: 42", "42", 1.0, ""),
        ("id: 42, id: 7", "42", 1.0, ""),
        ("id: 7, id: 42", "42", 0.0, "the match is not the target"),
        ("id:", "42", 0.0, "no match"),
        ("id: 42", "", 1.0, ""),
        ("id: ٤٢", "٤٢", 1.0, ""),
    ],
)
def test_regex_compares_the_first_match_with_the_target(text, target, value, reason):
    mark = regex(case(text, target), pattern=r"id:\s*(\d+)", group=1)

    assert (mark.value, mark.reason) == (value, reason)


def test_regex_calls_a_group_that_took_no_part_wrong():
    assert regex(case("b", "a"), pattern="(a)|b", group=1).value == 0.0


def test_regex_leaves_a_search_that_takes_too_long_unscored():
    started = time.process_time()
    mark = regex(case("a" * 40 + "!", ""), pattern="^(a|a)*$", seconds=0.2)

    assert mark.value is None
    assert "0.2 s" in mark.reason
    assert time.process_time() - started < 5


def test_regex_says_that_it_searched_only_the_beginning():
    mark = regex(case("x" * PATTERN_CHARACTERS + "yes", "yes"), pattern="yes")

    assert (mark.value, mark.reason) == (0.0, "no match; only the first 100,000 characters searched")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pattern": "(a"}, "pattern"),
        ({"pattern": "(a)", "group": 2}, "group"),
        ({"pattern": "a", "group": -1}, "group"),
        ({"pattern": "a", "seconds": 0.0}, "seconds"),
    ],
)
def test_regex_refuses_options_that_cannot_work(options, words):
    with pytest.raises(ValueError, match=words):
        regex(case("a", ""), **options)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_a_wrong_answer_found_soon(text):
    hostile = case(text, "Lisbon")
    started = time.process_time()

    assert [exact(hostile).value, normalised(hostile).value, text_f1(hostile).value] == [0.0, 0.0, 0.0]
    assert regex(hostile, pattern="Lisbon").value == 0.0
    assert time.process_time() - started < 30

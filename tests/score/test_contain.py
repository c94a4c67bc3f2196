"""The target must occur as whole words, and nothing the row calls wrong may."""

import time

import pytest

from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score.contain import contains_answer, count_words, plain_words

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


def case(text: str, target: str, **inputs: object) -> Case:
    return Case(
        sample=Sample(id="0" * 16, inputs=inputs, target=target),
        prompt=Prompt(sample_id="0" * 16, messages=(), text="", ids=(), decoding=Decoding()),
        response=Response(sample_id="0" * 16, text=text, finish="eos"),
        facts=FACTS,
    )


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("", "Lisbon", 0.0),
        (" \n\t", "Lisbon", 0.0),
        ("...!?", "Lisbon", 0.0),
        ("I cannot help with that.", "Lisbon", 0.0),
        ("Lisbon", "Lisbon", 1.0),
        ("You live in **LISBON**!", "Lisbon", 1.0),
        ("Lisbon. Yes, Lisbon.", "Lisbon", 1.0),
        ("You live in Lisb", "Lisbon", 0.0),
        ("Lisbonne", "Lisbon", 0.0),
        ("It was Anna's idea.", "Anna", 1.0),
        ("Susanna", "Anna", 0.0),
        ("the blue-green\nscarf", "Green scarf", 1.0),
        ("the green silk scarf", "green scarf", 0.0),
        ("STRASSE", "Straße", 1.0),
        ("Cafe\u0301 Roma", "Café Roma", 1.0),
        ("Cafe Roma", "Café Roma", 0.0),
        ("Lis\u00adbon", "Lisbon", 1.0),
        ("ΟΔΥΣΣΕΥΣ", "Οδυσσεύς", 0.0),
        ("ΑΘΗΝΑ", "Αθηνα", 1.0),
        ("москва, конечно", "Москва", 1.0),
        ("私は東京に住んでいます", "東京", 1.0),
        ("Ｌｉｓｂｏｎ", "Lisbon", 1.0),
    ],
)
def test_the_target_is_found_as_whole_words_whatever_case_and_punctuation(text, target, value):
    assert contains_answer(case(text, target)).value == value


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("Room 412.", "412", 1.0),
        ("Room 4125", "412", 0.0),
        ("۴۱۲", "412", 1.0),
        ("٤١٢", "412", 1.0),
        ("４１２", "412", 1.0),
        ("12.5 litres", "12", 0.0),
        ("12:30", "12", 0.0),
        ("at 12:30.", "12:30", 1.0),
        ("12, 30", "12", 1.0),
        ("1,200 steps", "1200", 1.0),
        ("1200 steps", "1,200", 1.0),
    ],
)
def test_numbers_are_compared_whole_and_in_the_digits_of_any_script(text, target, value):
    assert contains_answer(case(text, target)).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Thursday", 1.0),
        ("Thursday, not TUESDAY.", 0.0),
        ("Tuesday", 0.0),
        ("Neither", 0.0),
    ],
)
def test_an_answer_that_the_row_calls_wrong_spoils_the_response(text, value):
    assert contains_answer(case(text, "Thursday", wrong=["Tuesday"])).value == value


def test_the_mark_says_what_was_found():
    right = contains_answer(case("On Thursday.", "Thursday", wrong=[]))
    spoilt = contains_answer(case("On Tuesday.", "Thursday", wrong=["Tuesday"]))
    absent = contains_answer(case("On Friday.", "Thursday", wrong=["Tuesday"]))

    assert (right.answer, right.reason) == ("Thursday", "")
    assert (spoilt.answer, spoilt.reason) == ("Tuesday", "found 'Tuesday', which is wrong; expected 'Thursday'")
    assert (absent.answer, absent.reason) == (None, "'Thursday' is not in the response")


@pytest.mark.parametrize(
    ("target", "wrong", "message"),
    [
        ("", [], "target ''"),
        ("?!", [], "target"),
        ("Rome", "Paris", "a list of strings"),
        ("Rome", None, "a list of strings"),
        ("Rome", ["..."], "letter or digit"),
        ("Rome", [7], "letter or digit"),
        ("New York City", ["new york"], "occurs in the target"),
    ],
)
def test_a_target_at_fault_is_an_error_of_the_task(target, wrong, message):
    with pytest.raises(ValueError, match=message):
        contains_answer(case("Rome", target, wrong=wrong))


@pytest.mark.parametrize("text", ["\x00Lisbon\x00", "\ud800 Lisbon \udfff", "\u202eLisbon", "Lisbon" + " " * 1_000_000])
def test_hostile_characters_do_not_hide_an_answer_or_crash(text):
    assert contains_answer(case(text, "Lisbon")).value == 1.0


@pytest.mark.parametrize(
    "text", ["a" * 5_000_000, "a" + "\u0301\u0323" * 500_000, "1,000" * 200_000, ". , : " * 500_000]
)
def test_long_hostile_text_takes_linear_time(text):
    started = time.process_time()

    mark = contains_answer(case(text, "Lisbon"))

    assert mark.value == 0.0
    assert time.process_time() - started < 20


def test_neighbouring_words_are_all_counted():
    assert count_words(plain_words("no, no; NO"), "no") == 3
    assert count_words("anything", "") == 0

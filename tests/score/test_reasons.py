"""What the core scorers say beside the value, and where their limits lie: word by word, for the reader of a report."""

import math
from dataclasses import replace

import pytest
from answers import answered

from chateval.score.choice import choice, letter, mc2
from chateval.score.json_format import json_valid, read_json, shorten
from chateval.score.number import last_number, last_number_text, number
from chateval.score.text import bounded_nfkc, exact, normalise, normalised, regex, text_f1


def said(mark):
    return mark.value, mark.answer, mark.reason


def chosen(choices, target, logprobs=(), *, text="", alternatives=()):
    case = answered(text, target, *alternatives)
    response = replace(case.response, choice_logprobs=logprobs)
    return replace(case, sample=replace(case.sample, choices=choices), response=response)


@pytest.mark.parametrize(
    ("scorer", "text", "expected"),
    [
        (exact, " New York\n", (1.0, "New York", "")),
        (exact, " new york ", (0.0, "new york", "not the target")),
        (exact, " \n", (0.0, "", "the response is empty")),
        (normalised, "the NEW York!", (1.0, "new york", "")),
        (normalised, "Old York.", (0.0, "old york", "not the target")),
        (normalised, "The!", (0.0, "", "the response is empty")),
        (text_f1, "New Jersey", (0.5, "new jersey", "")),
        (text_f1, "The.", (0.0, "", "the response is empty")),
    ],
)
def test_a_text_scorer_shows_what_it_compared(scorer, text, expected):
    assert said(scorer(answered(text, "New York"))) == expected


def test_exact_ignores_case_only_where_it_is_told_to():
    assert exact(answered("yes", "YES")).value == 0.0
    assert exact(answered("yes", "YES"), ignore_case=True).value == 1.0
    assert exact(answered("no", "YES"), ignore_case=True).value == 0.0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a+b = $5 < ^7|~`", "ab 5 7"),
        ("an apple, the pear; a fig", "apple pear fig"),
        ("Anna theatre", "anna theatre"),
        ("½ ²", "1⁄2 2"),
        ("«—»", ""),
    ],
)
def test_normalise_drops_signs_and_articles_and_nothing_else(text, found):
    assert normalise(text) == found


@pytest.mark.parametrize(("n", "kept"), [(29, 29), (30, 30), (31, 30), (60, 30)])
def test_thirty_marks_of_a_letter_are_kept(n, kept):
    assert bounded_nfkc("q" + "\u0315" * n) == "q" + "\u0315" * kept


@pytest.mark.parametrize(
    ("text", "target", "options", "expected"),
    [
        ("id 7", "7", {"pattern": r"\d"}, (1.0, "7", "")),
        ("id 7", "8", {"pattern": r"\d"}, (0.0, "7", "the match is not the target")),
        ("ab", "b", {"pattern": "(a)(b)", "group": 2}, (1.0, "b", "")),
        ("ab", "ab", {"pattern": "(a)(b)", "group": 0}, (1.0, "ab", "")),
        ("< a >", " a", {"pattern": "<(.*)>", "group": 1}, (1.0, " a ", "")),
        ("b", "a", {"pattern": "(a)|b", "group": 1}, (0.0, None, "group 1 is not part of the match")),
        ("yes" + "x" * 100_000, "yes", {"pattern": "yes"}, (1.0, "yes", "only the first 100,000 characters searched")),
        ("x" * 99_997 + "yes", "yes", {"pattern": "yes"}, (1.0, "yes", "")),
    ],
)
def test_regex_shows_what_it_found(text, target, options, expected):
    assert said(regex(answered(text, target), **options)) == expected


def test_regex_says_both_that_it_ran_out_of_time_and_that_it_saw_a_part():
    found = regex(answered("a" * 40 + "!" + "x" * 100_000), pattern="^(a|a)*$", seconds=0.05)

    assert said(found) == (
        None,
        None,
        "the pattern took longer than 0.05 s; only the first 100,000 characters searched",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pattern": "(a)", "group": 2}, r"^group: 2 is not one of 0 to 1 of pattern '\(a\)'$"),
        ({"pattern": "a", "seconds": 0.0}, r"^seconds: 0\.0 is not above 0$"),
        ({"pattern": "a", "seconds": math.nan}, r"^seconds: nan is not above 0$"),
        ({"pattern": "(a"}, r"^pattern '\(a': missing \)"),
    ],
)
def test_regex_says_which_option_cannot_work(options, message):
    with pytest.raises(ValueError, match=message):
        regex(answered("a"), **options)


@pytest.mark.parametrize(
    ("text", "target", "options", "expected"),
    [
        ("none", "12", {}, (0.0, None, "no number in the response")),
        ("12", "12", {}, (1.0, "12", "")),
        ("1,234.50", "12.25", {}, (0.0, "1234.5", "not 12.25")),
        ("1e999", "12", {}, (0.0, "inf", "not 12")),
        ("123456789012345", "0.1", {}, (0.0, "123456789012345", "not 0.1")),
        ("10.5", "10", {"tolerance": 0.5}, (1.0, "10.5", "")),
        ("9.5", "10", {"tolerance": 0.5}, (1.0, "9.5", "")),
        ("10", "10", {"tolerance": 0}, (1.0, "10", "")),
        ("10.000002", "10", {}, (0.0, "10.000002", "not 10")),
    ],
)
def test_number_shows_what_it_compared_and_takes_the_tolerance_itself_as_equal(text, target, options, expected):
    assert said(number(answered(text, target), **options)) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\boxed{5} then 7", "7"),
        ("It is 1\u202f234,5 kg", "1\u202f234,5"),
        ("-\u0663/4", "-3/4"),
        ("1½", "1 1/2"),
        ("no", None),
    ],
)
def test_the_text_of_the_last_number_is_in_ascii_and_boxes_have_no_say(text, found):
    assert last_number_text(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"\boxed{4} \boxed{none} 9", 4.0),
        (r"\boxed   {4} or 9", 4.0),
        (r"\boxed    {4} or 9", 9.0),
        ("\\boxed{4}" + "\\boxed{x}" * 99, 4.0),
        ("\\boxed{4}" + "\\boxed{x}" * 100 + " 9", 9.0),
        ("\\boxed{4" + "x" * 199 + "} 9", 4.0),
        ("\\boxed{4" + "x" * 200 + "} 9", 9.0),
        ("4/0", 0.0),
        ("2 1/2", 2.5),
        ("2 3/2", 1.5),
        ("2 2/2", 1.0),
        ("2.5 1/2", 0.5),
        ("1/2/7", 7.0),
        ("10^-3", 0.001),
        ("10**2", 100.0),
        ("3·10^2", 300.0),
        ("3*10**2", 300.0),
        ("10⁻³", 0.001),
        ("x 10^2", 100.0),
        ("1,23,456.7", 123456.7),
        ("1'234,5", 1234.5),
        ("₹1,00,000", 100000.0),
        ("CHF 7", 7.0),
        ("2.", 2.0),
        ("1.5.2", 2.0),
    ],
)
def test_boxes_fractions_and_powers_are_read_up_to_their_limits(text, found):
    assert last_number(text) == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize(
    ("logprobs", "options", "expected"),
    [
        (((-1.0,), (-2.0,)), {}, (1.0, "yes", "")),
        (((-2.0,), (-1.0,)), {}, (0.0, "no", "another choice is more probable")),
        (
            ((-1.0,), (-1.0,)),
            {"normalise": "tokens"},
            (1.0, "yes", "2 choices are equally probable, the first is taken"),
        ),
        (
            ((-3.0,), (-2.0,)),
            {"normalise": "characters"},
            (1.0, "yes", "2 choices are equally probable, the first is taken"),
        ),
        (((-2.9,), (-2.0,)), {"normalise": "bytes"}, (1.0, "yes", "")),
    ],
)
def test_choice_says_why(logprobs, options, expected):
    assert said(choice(chosen(("yes", "no"), "yes", logprobs), **options)) == expected


def test_choice_names_both_reasons_where_a_wrong_one_leads_a_tie():
    found = choice(chosen(("no", "yes", "perhaps"), "perhaps", ((-1.0,), (-1.0,), (-2.0,))))

    assert said(found) == (
        0.0,
        "no",
        "another choice is more probable; 2 choices are equally probable, the first is taken",
    )


def test_mc2_says_how_many_choices_are_right_and_is_never_above_one():
    found = mc2(chosen(("a", "b", "c"), "a", ((-0.1,), (-0.7,), (-1.3,)), alternatives=("b", "c")))

    assert said(found) == (1.0, "a", "3 of 3 choices are right")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B", (1.0, "B", "")),
        ("A", (0.0, "A", "another letter")),
        ("F", (0.0, "F", "not one of A, B, C")),
        ("", (0.0, None, "no letter in the response")),
        ("C or A", (0.0, None, "ambiguous: A, C")),
        ("B is correct and a choice", (1.0, "B", "")),
        ("b is correct", (0.0, None, "no letter in the response")),
    ],
)
def test_letter_says_why(text, expected):
    assert said(letter(chosen(("red", "green", "blue"), "B", text=text))) == expected


def test_letter_takes_as_many_options_as_there_are_letters():
    options = tuple(f"option {number}" for number in range(26))

    assert letter(chosen(options, "Z", text="Z")).value == 1.0
    with pytest.raises(ValueError, match="^choices: 27, not 1 to 26$"):
        letter(chosen((*options, "more"), "Z", text="Z"))
    with pytest.raises(ValueError, match="^choices: 0, not 1 to 26$"):
        letter(chosen((), "A", text="A"))
    with pytest.raises(ValueError, match="^target 'C': not one of A, B$"):
        letter(chosen(("x", "y"), "C", text="A"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (' {"a": 1}\n', (1.0, '{"a": 1}', "")),
        ("", (0.0, "", "empty answer")),
        ('{"a": 1', (0.0, '{"a": 1', "not JSON: Expecting ',' delimiter at character 7")),
        ("NaN", (0.0, "NaN", "not JSON: NaN")),
        ('{"b": 1, "a": 2, "a": 3}', (0.0, '{"b": 1, "a": 2, "a": 3}', "not JSON: the key 'a' stands twice")),
        ("```JSON\n1\n```", (1.0, "```JSON 1 ```", "")),
        ("```1```", (1.0, "```1```", "")),
        ("```js\n1\n```", (0.0, "```js 1 ```", "not JSON: Expecting value at character 0")),
        ("`````", (0.0, "`````", "not JSON: Expecting value at character 0")),
        ("[" * 100_000, (0.0, "[" * 199 + "…", "not JSON: nested too deeply")),
    ],
)
def test_json_valid_shows_the_answer_and_names_the_fault(text, expected):
    assert said(json_valid(answered(text))) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("x" + " " * 799, "x"),
        ("x" + " " * 800, "x…"),
        (" a\n\tb ", "a b"),
        ("a\x00b\u202ec", "a\ufffdb\ufffdc"),
    ],
)
def test_what_is_shown_of_an_answer_is_one_line_of_two_hundred_characters(text, shown):
    assert shorten(text) == shown


@pytest.mark.parametrize(("n", "kind"), [(300, int), (301, float)])
def test_a_whole_number_of_three_hundred_digits_is_read_exactly(n, kind):
    assert type(read_json("1" * n)) is kind

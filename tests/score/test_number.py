"""The last number of a response against the target, in many ways of writing."""

import time

import pytest

from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score.number import last_number, number

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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0.0),
        ("I cannot help with that.", 0.0),
        ("12", 1.0),
        ("12.", 1.0),
        ("12 or 12", 1.0),
        ("12, no: 13", 0.0),
        ("3 + 9 = 12", 1.0),
        ("3 + 9 =", 0.0),
        ("The answer is 1", 0.0),
        ("twelve", 0.0),
        ("١٢", 1.0),
        ("۱۲", 1.0),
        ("१२", 1.0),
        ("１２", 1.0),
        ("答案是12个", 1.0),
        (r"\boxed{12}, which is 3 times 4", 1.0),
        (r"\boxed{12", 1.0),
    ],
)
def test_the_last_number_counts(text, value):
    assert number(case(text, "12")).value == value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,234", 1234.0),
        ("1 234", 1234.0),
        ("1\u00a0234", 1234.0),
        ("1\u202f234\u202f567", 1234567.0),
        ("1'234", 1234.0),
        ("1’234.5", 1234.5),
        ("$1,299.99.", 1299.99),
        ("1{,}234", 1234.0),
        ("12,34,567", 1234567.0),
        ("1.234,56", 1234.56),
        ("1.234.567", 1234567.0),
        ("3,5", 3.5),
        ("0,125", 0.125),
        ("1,2,3", 3.0),
        ("12, 13", 13.0),
        ("1,234,5678", 5678.0),
        ("in 2023 100 people", 100.0),
        (".5", 0.5),
        ("-3", -3.0),
        ("\u22123", -3.0),
        ("(-3)", -3.0),
        ("10-4", 4.0),
        ("10 - 4", 4.0),
        ("pages 10–20", 20.0),
        ("-$5", -5.0),
        ("$-5", -5.0),
        ("€ 5", 5.0),
        ("5 €", 5.0),
        ("USD5", 5.0),
        ("Rs.500", 500.0),
        ("5%", 5.0),
        ("٥٪", 5.0),
        ("١٬٢٣٤٫٥", 1234.5),
        ("\u200f-۵", -5.0),
        ("3/4", 0.75),
        ("-3/4", -0.75),
        ("1 3/4", 1.75),
        ("½", 0.5),
        ("1½", 1.5),
        ("3⁄4", 0.75),
        ("12 / 4 = 3", 3.0),
        ("20 8/4", 2.0),
        ("5/0", 0.0),
        ("3/4/2024", 2024.0),
        ("13/14/2024", 2024.0),
        (r"\frac{3}{4}", 0.75),
        (r"\boxed{-\dfrac{3}{4}}", -0.75),
        (r"\boxed{7} and \boxed{8}", 8.0),
        (r"\boxed{x} = 3", 3.0),
        ("1.5e3", 1500.0),
        ("1.5E-3", 0.0015),
        ("2 × 10^3", 2000.0),
        ("2 × 10³", 2000.0),
        (r"2 \times 10^{-3}", 0.002),
        ("10^6", 1e6),
        ("5 x 10 = 50", 50.0),
        ("5 cm^2", 5.0),
        ("5 m²", 5.0),
        ("7 tons of CO2", 7.0),
        ("**42**", 42.0),
        ("12km", 12.0),
        ("nan inf", None),
        ("", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text, found):
    assert last_number(text) == (found if found is None else pytest.approx(found, rel=1e-12))


@pytest.mark.parametrize("target", ["0.75", "3/4", "¾", "the answer: 0,75", "۰٫۷۵"])
def test_the_target_is_read_in_the_same_way(target):
    assert number(case("0.75", target)).value == 1.0


@pytest.mark.parametrize(("text", "value"), [("10.05", 1.0), ("9.9", 1.0), ("10.11", 0.0)])
def test_the_tolerance_is_absolute(text, value):
    assert number(case(text, "10"), tolerance=0.1 + 1e-9).value == value


def test_the_answer_and_the_reason_show_both_numbers():
    mark = number(case("It is 1,234.50 in all", "17"))

    assert (mark.answer, mark.reason) == ("1234.5", "not 17")


@pytest.mark.parametrize("target", ["", "many", "1e999"])
def test_a_target_without_a_number_is_the_fault_of_the_task(target):
    with pytest.raises(ValueError, match="not a number"):
        number(case("1", target))


@pytest.mark.parametrize("tolerance", [-1.0, float("nan")])
def test_a_negative_tolerance_is_refused(tolerance):
    with pytest.raises(ValueError, match="tolerance"):
        number(case("1", "1"), tolerance=tolerance)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 5_000_000,
        "1e9999",
        "1,111" * 1_000_000,
        ",111" * 1_250_000,
        "1 " * 2_500_000,
        "1/" * 2_500_000,
        "-" * 5_000_000,
        "\\boxed{" * 700_000,
        "\ud800\0" * 1_000,
    ],
    ids=range(9),
)
def test_hostile_text_is_a_wrong_answer_found_soon(text):
    started = time.process_time()

    assert number(case(text, "12")).value == 0.0
    assert time.process_time() - started < 30

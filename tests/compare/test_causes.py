"""Why the side that is not right is not: each cause, and which of several comes first."""

import pytest

from chateval.compare.causes import SEEN_CHARACTERS, Seen, cause_of, is_loop, script_of, see
from chateval.findings import Finding
from chateval.records import Decoding, Prompt, Response, Sample

RIGHT = Seen("Paris")
SAMPLE = Sample(
    id="a", inputs={}, messages=({"role": "user", "content": "What is the capital of France?"},), target="Paris"
)
AS_JSON = Sample(id="a", inputs={}, messages=({"role": "user", "content": "As JSON?"},), target='{"city": "Paris"}')


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (Seen("", finish="error", is_error=True), "error"),
        (Seen("Lyon", is_faulty=True), "template fault"),
        (Seen("Lyon and so", finish="length"), "truncated"),
        (Seen("Lyon Lyon Lyon", finish="length", is_endless=True), "never stopped"),
        (Seen("I'm sorry, but I can't help with that."), "refused"),
        (Seen("I cannot tell, though Paris is large"), "refused"),
        (Seen("No, it is Lyon"), "wrong answer"),
        (Seen("I think that it must be Paris, sir"), "right but not extractable"),
        (Seen("法国的首都是巴黎，这是一座非常美丽的城市"), "other language"),
        (Seen("Lyon"), "wrong answer"),
        (Seen(""), "wrong answer"),
    ],
)
def test_each_cause_has_its_sign(wrong, cause):
    assert cause_of(wrong, RIGHT, SAMPLE) == cause


def test_a_fault_that_both_prompts_share_is_no_cause():
    assert cause_of(Seen("Lyon", is_faulty=True), Seen("Paris", is_faulty=True), SAMPLE) == "wrong answer"


def test_a_refusal_that_is_wanted_is_no_cause():
    right = Seen("I'm sorry, but I can't help with that.")

    assert cause_of(Seen("I cannot say, but here is how"), right, SAMPLE) == "wrong answer"


def test_a_language_that_the_right_answer_is_in_too_is_no_cause():
    right = Seen("法国的首都是巴黎，这是一座非常美丽的城市")

    assert cause_of(Seen("法国的首都是里昂，这是一座非常美丽的城市"), right, SAMPLE) == "wrong answer"


@pytest.mark.parametrize(
    ("text", "reason", "cause"),
    [
        ("The city is Paris", "", "malformed"),
        ('{"city": "Paris"', "", "malformed"),
        ('{"city": "Lyon"}', "city: Lyon", "wrong answer"),
        ('```json\n{"city": "Lyon"}\n```', "city: Lyon", "wrong answer"),
    ],
)
def test_json_that_does_not_parse_is_malformed(text, reason, cause):
    assert cause_of(Seen(text), Seen('{"city": "Paris"}'), AS_JSON, reason=reason) == cause


@pytest.mark.parametrize("reason", ["not JSON: Expecting value at character 0", "not XML: mismatched tag on line 2"])
def test_what_a_scorer_of_formats_could_not_read_is_malformed(reason):
    assert cause_of(Seen("<a>"), RIGHT, SAMPLE, reason=reason, family="format") == "malformed"


def test_the_target_in_the_text_does_not_excuse_a_format():
    assert cause_of(Seen("It is Paris"), RIGHT, SAMPLE, family="format") == "wrong answer"


def test_a_chosen_text_that_has_the_target_in_it_is_still_wrong():
    sample = Sample(id="a", inputs={}, target="Paris", choices=("Paris", "Paris, Texas"))

    assert cause_of(Seen("Paris, Texas"), RIGHT, sample) == "wrong answer"


def test_a_target_at_the_end_of_a_long_answer_is_seen():
    prompt = Prompt(sample_id="a", messages=(), text="", ids=(1, 2), decoding=Decoding())
    long = Response("a", text="word " * 2_000 + "so it is Paris", finish="eos")

    seen = see(long.text, prompt, long)

    assert len(seen.text) == SEEN_CHARACTERS
    assert cause_of(seen, RIGHT, SAMPLE) == "right but not extractable"


@pytest.mark.parametrize(("severity", "is_faulty"), [("error", True), ("warning", True), ("info", False)])
def test_a_finding_in_the_prompt_makes_it_faulty(severity, is_faulty):
    finding = Finding(code="GR001", severity=severity, message="a line break is missing")
    prompt = Prompt(sample_id="a", messages=(), text="", ids=(1,), decoding=Decoding(), findings=(finding,))

    assert see("Lyon", prompt, Response("a", "Lyon", "eos")).is_faulty is is_faulty


@pytest.mark.parametrize(
    ("text", "finish", "is_endless"),
    [
        ("Paris. " * 20, "length", True),
        ("Paris. " * 20, "eos", False),
        ("Paris.\nQuestion: What is the capital of Spain?", "length", True),
        ("Paris.\nUser: And of Spain?", "length", True),
        ("Question: which city? It is Paris, for", "length", False),
        ("Paris is the capital since the year 987 and", "length", False),
    ],
)
def test_an_answer_that_repeats_itself_or_goes_on_with_turns_never_stops(text, finish, is_endless):
    prompt = Prompt(sample_id="a", messages=(), text="", ids=(1,), decoding=Decoding())

    assert see(text, prompt, Response("a", text, finish)).is_endless is is_endless


@pytest.mark.parametrize(
    ("text", "found"),
    [("ab" * 20, True), ("one two three. " * 6 + "one tw", True), ("aaaa", False), ("", False), (" " * 300, False)],
)
def test_a_loop_is_four_times_the_same_at_the_end(text, found):
    assert is_loop(text) is found


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("The capital of France", "Latin"),
        ("Столица Франции Париж", "Cyrillic"),
        ("東京は日本の首都です。大きい", "Han"),
        ("Paris", None),
        ("12345 67890 12345", None),
    ],
)
def test_the_script_is_that_of_most_letters(text, script):
    assert script_of(text) == script

"""Each kind of constraint is kept or broken by what the response says, and by nothing else."""

import json
import time

import pytest

from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score.constraint import KINDS
from chateval.score.instruction import check_constraints, instructions

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

TABLE = [
    ({"kind": "min_words", "n": 3}, ["one two three", "don't stop - 3.5 %", "سلام بر شما"], ["one two", "one - two !"]),
    (
        {"kind": "max_words", "n": 3},
        ["one two three", "- a\n- b", "well-known fact"],
        ["one two three four", "a—b—c—d"],
    ),
    (
        {"kind": "exact_sentences", "n": 2},
        [
            "One. Two!",
            "Dr. Lee came at 3.5 km/h, i.e. slowly. Who?",
            'He said "Go!" Then he left.',
            "One\nTwo",
            "雨です。寒い。",
        ],
        ["One.", "One. Two. Three.", "One. Two. Thr", "1. 2."],
    ),
    (
        {"kind": "max_sentences", "n": 1},
        ["One.", "1. Tea with J. R. Smith, e.g. at noon...", "Ναι;", "Yes"],
        ["One. Two.", "नमस्ते। कैसे हो।", "چرا؟ نه."],
    ),
    (
        {"kind": "n_bullets", "n": 2},
        ["- a\n- b", "Here:\n* a\n  * b", "• a\n•b\nDone"],
        ["- a", "- a\n- b\n- c", "---\n- a", "**a**\n**b**", "1. a\n2. b", "a - b\n- c"],
    ),
    ({"kind": "n_lines", "n": 2}, ["a\nb", "a\n\n  \nb\n", "a\r\nb"], ["a b", "a\nb\nc"]),
    ({"kind": "n_paragraphs", "n": 2}, ["a\nb\n\nc", "a\n \n\n\nb"], ["a\nb", "a\n\nb\n\nc"]),
    ({"kind": "lowercase"}, ["all small, 3 of them", "ñandú", "привет"], ["Hello", "x Ǆ", "x ǅ", "123", "こんにちは"]),
    ({"kind": "uppercase"}, ["ALL BIG, 3!", "ПРИВЕТ"], ["ALL BIG, oK", "X ǅ", "123", "שלום"]),
    (
        {"kind": "contains_words", "words": ["moon", "night sky"]},
        ["The MOON in the night sky.", "night-sky; moon!"],
        ["The moon.", "moonlit night sky", "The sky at night has a moon"],
    ),
    (
        {"kind": "forbidden_words", "words": ["papaya", "very"]},
        ["Everything is fine.", "papayas"],
        ["PAPAYA!", "I am very sorry", "The word is *papaya*", "pa\u200bpaya"],
    ),
    (
        {"kind": "starts_with", "text": "Dear Sam,"},
        ["Dear Sam, hello", "\n Dear Sam,"],
        ["dear sam, hello", "Hi Dear Sam,"],
    ),
    ({"kind": "ends_with", "text": "The end."}, ["It ran. The end.", "The end.\n"], ["The end", "The end. Bye."]),
    (
        {"kind": "equals", "text": "I cannot say."},
        ["I cannot say.", " I cannot say.\n"],
        ["I cannot say. Sorry.", "I can"],
    ),
    (
        {"kind": "json_only", "keys": ["name"]},
        ['{"name": "Ann"}', '```json\n{"name": 1, "age": 2}\n```', '```\n{"name": null}\n```', '\n{"name": "علی"}'],
        [
            '{"age": 2}',
            '["name"]',
            'Sure: {"name": 1}',
            '{"name": "An',
            '{"name": NaN}',
            "[" * 100_000,
            '{"name": 1} ok',
        ],
    ),
    ({"kind": "json_only"}, ["[1, 2]", "{}", "3"], ["{'a': 1}", "```json\n[1]", "yes", "9" * 5000]),
    ({"kind": "no_commas"}, ["one and two; three"], ["one, two", "一、二", "یک، دو"]),
    (
        {"kind": "word_count_of", "word": "tea", "n": 2},
        ["Tea, tea.", "teas and tea and TEA"],
        ["tea", "tea tea tea", "teatea", "no"],
    ),
    ({"kind": "language", "language": "english"}, ["Good day", "naïve café"], ["Καλημέρα", "Доброе утро", "123"]),
    (
        {"kind": "language", "language": "greek"},
        ["Καλημέρα, Sam, τι κάνεις σήμερα;"],
        ["Kalimera", "Καλημέρα means good day"],
    ),
    ({"kind": "language", "language": "russian"}, ["Доброе утро!"], ["Dobroye utro", "Привет means hello"]),
    ({"kind": "language", "language": "persian"}, ["من کتاب می‌خوانم."], ["أنا أقرأ", "salam", "hello"]),
    ({"kind": "language", "language": "arabic"}, ["أنا أقرأ كتابا"], ["shalom", "שלום"]),
    ({"kind": "language", "language": "japanese"}, ["東京は大きいです。", "ｶﾀｶﾅ"], ["東京", "Tokyo", "서울"]),
    ({"kind": "language", "language": "chinese"}, ["北京很大"], ["ひらがなです", "Beijing"]),
    ({"kind": "language", "language": "korean"}, ["서울은 큽니다."], ["Seoul", "東京"]),
    ({"kind": "language", "language": "hebrew"}, ["שלום לכולם"], ["shalom", "سلام"]),
    ({"kind": "language", "language": "hindi"}, ["नमस्ते दुनिया"], ["namaste", "สวัสดี"]),
    ({"kind": "language", "language": "thai"}, ["สวัสดีครับ"], ["sawasdee", "नमस्ते"]),
    (
        {"kind": "quoted"},
        ['"Hello."', "“Hello.”", ' "a" and "b" '],
        ["'Hello.'", '"Hello.', 'Hi "you"', '""', '"', "«a»"],
    ),
    (
        {"kind": "title"},
        ["<<My day>>\nIt was good.", "x <<y>>"],
        ["<<>>", "<< >>", "<My day>", "<<My day>", "<<My\nday>>"],
    ),
    ({"kind": "placeholders", "n": 2}, ["[name] and [date]", "[a][b][c]"], ["[name]", "[] []", "[a\nb] [c", "none"]),
]
KEPT = [(constraint, text) for constraint, kept, _ in TABLE for text in kept]
BROKEN = [(constraint, text) for constraint, _, broken in TABLE for text in broken]


def case(text: str, constraints: object) -> Case:
    return Case(
        sample=Sample(id="0" * 16, inputs={"constraints": constraints}),
        prompt=Prompt(sample_id="0" * 16, messages=(), text="", ids=(), decoding=Decoding()),
        response=Response(sample_id="0" * 16, text=text, finish="eos"),
        facts=FACTS,
    )


@pytest.mark.parametrize(("constraint", "text"), KEPT)
def test_a_constraint_is_kept(constraint, text):
    mark = instructions(case(text, [constraint]))

    assert (mark.value, mark.reason, mark.answer) == (1.0, "", "1 of 1 kept")


@pytest.mark.parametrize(("constraint", "text"), BROKEN)
def test_a_constraint_is_broken(constraint, text):
    mark = instructions(case(text, [constraint]))

    assert mark.value == 0.0
    assert mark.reason.startswith(constraint["kind"])
    assert len(mark.reason) < 200


def test_the_table_covers_every_kind():
    assert {constraint["kind"] for constraint, _, _ in TABLE} == set(KINDS)


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b\u200b", "\x00"])
@pytest.mark.parametrize("constraint", [constraint for constraint, _, _ in TABLE])
def test_an_empty_response_keeps_nothing(constraint, text):
    mark = instructions(case(text, [constraint]))

    assert mark.value == 0.0
    assert mark.reason.endswith("found an empty response")


def test_the_value_is_the_share_kept_and_the_reason_names_the_rest():
    constraints = [
        {"kind": "max_words", "n": 3},
        {"kind": "lowercase"},
        {"kind": "contains_words", "words": ["sun", "moon"]},
        {"kind": "no_commas"},
    ]

    mark = instructions(case("the moon is far away", constraints))

    assert mark.value == 0.5
    assert mark.answer == "2 of 4 kept"
    assert mark.reason == "max_words 3: found 5; contains_words 'sun', 'moon': found no 'sun'"


@pytest.mark.parametrize(("text", "value"), [("short", 1.0), ("Short", 0.0), ("", 0.0)])
def test_strict_gives_no_part_of_the_credit(text, value):
    constraints = [{"kind": "max_words", "n": 3}, {"kind": "lowercase"}]

    assert instructions(case(text, constraints), strict=True).value == value


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        (None, "a list of objects"),
        ([], "at least one"),
        ("lowercase", "a list of objects"),
        (["lowercase"], r"constraints\[0\].*an object with a kind"),
        ([{"n": 3}], "an object with a kind"),
        ([{"kind": "lowercase"}, {"kind": "loud"}], r"constraints\[1\]: unknown kind 'loud'; known: .*uppercase"),
        ([{"kind": "max_words", "n": 3, "limit": 4}], "unknown option 'limit'; known: n"),
        ([{"kind": "lowercase", "n": 1}], "unknown option 'n'; known: none"),
        ([{"kind": "max_words"}], "option 'n' is missing"),
        ([{"kind": "max_words", "n": 0}], "found 0, allowed: a whole number"),
        ([{"kind": "max_words", "n": True}], "found True"),
        ([{"kind": "max_words", "n": "3"}], "found '3'"),
        ([{"kind": "contains_words", "words": []}], "a list of strings"),
        ([{"kind": "contains_words", "words": "moon"}], "a list of strings"),
        ([{"kind": "forbidden_words", "words": ["!"]}], "a letter or digit"),
        ([{"kind": "starts_with", "text": " "}], "more than white space"),
        ([{"kind": "word_count_of", "word": "", "n": 1}], "a letter or digit"),
        ([{"kind": "language", "language": "klingon"}], "allowed: arabic, .*thai"),
        ([{"kind": "language", "language": ["greek"]}], "allowed: arabic"),
        ([{"kind": "json_only", "keys": [1]}], "a list of strings"),
    ],
)
def test_faulty_constraints_are_refused_with_what_is_allowed(constraints, message):
    with pytest.raises(ValueError, match=message):
        check_constraints(constraints)
    with pytest.raises(ValueError, match=message):
        instructions(case("text", constraints))


def test_sound_constraints_pass_the_check():
    check_constraints([constraint for constraint, _, _ in TABLE])


@pytest.mark.parametrize("text", ["\x00 \ud800 a", "]]]]>>>>", "\u202e[", "{" * 100_000, '"' * 10_000, "<<" * 10_000])
def test_hostile_text_is_marked_and_its_reason_can_be_written(text):
    mark = instructions(case(text, [constraint for constraint, _, _ in TABLE]))

    assert mark.value is not None
    json.dumps([mark.answer, mark.reason], ensure_ascii=False).encode()


@pytest.mark.parametrize("constraint", [constraint for constraint, _, _ in TABLE if constraint["kind"] != "language"])
@pytest.mark.parametrize("unit", ["[a", "<<a", '."', ". ", "- \n", "!" * 7, "a\u0301\u0323" * 3])
def test_long_hostile_text_takes_linear_time(constraint, unit):
    started = time.process_time()

    instructions(case(unit * (300_000 // len(unit)), [constraint]))

    assert time.process_time() - started < 5

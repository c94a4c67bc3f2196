"""Scorers for JSON answers: validity, schema, fields."""

import json
import socket
import time

import pytest

from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score.json_format import json_fields, json_fields_precision, json_fields_recall, json_schema, json_valid

FACTS = TemplateFacts(
    source="chat_template.jinja",
    text="",
    digest="",
    bos_id=None,
    generation_prompt="",
    end_of_turn_id=None,
    stop_ids=(),
    special_tokens={},
)
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "born": {"type": "string", "format": "date"}},
    "required": ["name"],
}


def case(text, target=""):
    sample = Sample(id="0", inputs={}, target=target)
    prompt = Prompt(sample_id="0", messages=(), text="", ids=(), decoding=Decoding())
    return Case(sample, prompt, Response(sample_id="0", text=text, finish="eos"), FACTS)


def fields(found, target, scorer=json_fields):
    mark = scorer(case(found, json.dumps(target)))
    return mark.value, mark.weight


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', 1.0),
        (" \n[1, 2]\n ", 1.0),
        ("null", 1.0),
        ('"یک"', 1.0),
        ("1e999", 1.0),
        ("9" * 5000, 1.0),
        ('```json\n{"a": 1}\n```', 1.0),
        ('```\n{"a": 1}\n```', 1.0),
        ("", 0.0),
        ("``````", 0.0),
        ("I cannot help with that.", 0.0),
        ('{"a": 1} {"a": 1}', 0.0),
        ('```json\n{"a": 1}\n```\n```json\n{"a": 1}\n```', 0.0),
        ('{"a": 1', 0.0),
        ('Here it is: {"a": 1}', 0.0),
        ('{"a": 1}\nDone.', 0.0),
        ("{'a': 1}", 0.0),
        ('{"a": 1,}', 0.0),
        ('{"a": ۵}', 0.0),
        ('{"a": 01}', 0.0),
        ('"a\x00b"', 0.0),
        ("NaN", 0.0),
        ("[-Infinity]", 0.0),
        ('{"a": 1, "a": 2}', 0.0),
        ('[{"b": {"a": 1, "a": 1}}]', 0.0),
    ],
)
def test_the_whole_response_is_one_json_value(text, value):
    assert json_valid(case(text)).value == value


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("NaN", "NaN"),
        ("[Infinity]", "Infinity"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ("[" * 100_000, "deeply"),
        ('{"a":' * 100_000, "deeply"),
        ('{"a": 1', "character 7"),
    ],
)
def test_the_reason_names_the_fault(text, word):
    mark = json_valid(case(text))

    assert mark.value == 0.0
    assert word in mark.reason


def test_a_fence_can_be_refused():
    fenced = case('```json\n{"name": "Ada"}\n```', '{"name": "Ada"}')

    found = [
        json_valid(fenced, allow_fence=False).value,
        json_schema(fenced, schema=PERSON, allow_fence=False).value,
        json_fields(fenced, allow_fence=False).value,
    ]

    assert found == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "value", "word"),
    [
        ('{"name": "Ada", "born": "1815-12-10"}', 1.0, ""),
        ('{"name": "Ada", "born": "1815-13-10"}', 0.0, '$.born: "1815-13-10" is not a "date"'),
        ('{"born": "1815-12-10"}', 0.0, '$: "name" is a required property'),
        ('{"name": 5}', 0.0, '$.name: 5 is not of type "string"'),
        (json.dumps({"name": [1] * 9999}), 0.0, 'is not of type "string"'),
        ("", 0.0, "empty answer"),
        ("Ada", 0.0, "not JSON"),
        ('{"name": "\\ud800"}', 1.0, ""),
        ('{"name": "\\ud800", "born": "\\ud800"}', 0.0, "cannot be validated"),
    ],
)
def test_a_schema_is_followed_or_the_first_fault_is_named(text, value, word):
    mark = json_schema(case(text), schema=PERSON)

    assert mark.value == value
    assert word in mark.reason
    assert len(mark.reason) <= 200


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nothing"},
        {"pattern": "["},
        {"properties": {"a": {"$ref": "#/$defs/absent"}}},
        {"const": {1, 2}},
        {"maximum": float("nan")},
        {"$ref": "http://127.0.0.1:9/schema.json"},
        {"$ref": "file:///etc/hosts"},
        {"$schema": "http://127.0.0.1:9/meta.json", "type": "object"},
    ],
)
def test_a_schema_at_fault_is_an_error_and_nothing_is_fetched(schema, monkeypatch):
    def refuse(*_args, **_options):
        pytest.fail("the network was touched")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(ValueError, match="the schema is not"):
        json_schema(case("{}"), schema=schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    ],
)
def test_a_schema_that_refers_to_itself_ends(schema):
    assert json_schema(case('{"a": {"a": {}}}'), schema=schema).value == 1.0


def test_a_pattern_without_end_ends():
    started = time.process_time()

    mark = json_schema(case(json.dumps("a" * 40 + "!")), schema={"pattern": "^(a+)+$"})

    assert mark.value == 0.0
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("found", "target"),
    [
        ('{"a": 5.0}', {"a": 5}),
        ('{"a": "  ADA\\n Lovelace "}', {"a": "Ada Lovelace"}),
        ('{"a": "۱۲ كيلو"}', {"a": "12 کیلو"}),
        ('{"a": "١٢"}', {"a": "12"}),
        ('{"a": "ﬁne"}', {"a": "fine"}),
        ('{"a": [2, 1, 1]}', {"a": [1, 1, 2]}),
        ('{"b": {"c": null}, "a": true}', {"a": True, "b": {"c": None}}),
        ('{"a": [], "b": {}}', {"b": {}, "a": []}),
        ("{}", {}),
    ],
)
def test_fields_that_count_as_equal(found, target):
    assert fields(found, target)[0] == 1.0


@pytest.mark.parametrize(
    ("found", "target"),
    [
        ('{"a": 1}', {"a": True}),
        ('{"a": false}', {"a": 0}),
        ('{"a": "5"}', {"a": 5}),
        ('{"a": null}', {"a": "null"}),
        ('{"a": []}', {"a": {}}),
        ('{"a": [1]}', {"a": 1}),
        ('{"A": 1}', {"a": 1}),
        ('{"a.b": 1}', {"a": {"b": 1}}),
        ('{"a": {"b": 1}}', {"b": 1}),
    ],
)
def test_fields_that_differ(found, target):
    assert fields(found, target)[0] == 0.0


@pytest.mark.parametrize(
    ("found", "f1", "precision", "recall"),
    [
        ('{"a": 1, "b": "x", "c": [1, 2]}', (1.0, 8), (1.0, 4), (1.0, 4)),
        ('{"a": 1, "b": "y", "c": [1, 2, 2]}', (6 / 9, 9), (3 / 5, 5), (3 / 4, 4)),
        ('{"a": 1}', (2 / 5, 5), (1.0, 1), (1 / 4, 4)),
        ("{}", (0.0, 4), (0.0, 0), (0.0, 4)),
        ('{"z": 1}', (0.0, 5), (0.0, 1), (0.0, 4)),
        ("", (0.0, 4), (0.0, 0), (0.0, 4)),
        ("I cannot do that.", (0.0, 4), (0.0, 0), (0.0, 4)),
        ('{"a": 1, "b": "x", "c": [1,', (0.0, 4), (0.0, 0), (0.0, 4)),
        ('{"a": 1}{"a": 1}', (0.0, 4), (0.0, 0), (0.0, 4)),
        ("[1, 2]", (0.0, 4), (0.0, 0), (0.0, 4)),
    ],
)
def test_values_and_weights_come_from_the_counts(found, f1, precision, recall):
    target = {"a": 1, "b": "x", "c": [1, 2]}

    assert fields(found, target) == pytest.approx(f1)
    assert fields(found, target, json_fields_precision) == pytest.approx(precision)
    assert fields(found, target, json_fields_recall) == pytest.approx(recall)


def test_the_weighted_mean_is_micro_f1():
    marks = [fields('{"a": 1, "b": 2}', {"a": 1, "b": 3}), fields("no", {"a": 1}), fields('{"c": 0}', {"c": 0})]

    mean = sum(value * weight for value, weight in marks) / sum(weight for _, weight in marks)

    assert mean == pytest.approx(2 * 2 / (2 * 2 + 1 + 2))  # tp 2, fp 1, fn 2


def test_the_reason_counts_and_names_a_field():
    mark = json_fields(case('{"a": {"b": [1]}}', '{"a": {"b": [1, 2]}, "c": 3}'))

    assert mark.reason in ("1 right, 0 extra, 2 missing, first a.b[]", "1 right, 0 extra, 2 missing, first c")


@pytest.mark.parametrize("target", ["", "[1]", "5", "{'a': 1}", '{"a": 1, "a": 2}', '{"a": NaN}'])
@pytest.mark.parametrize("scorer", [json_fields, json_fields_precision, json_fields_recall])
def test_a_target_that_is_no_object_is_an_error(scorer, target):
    with pytest.raises(ValueError, match="target"):
        scorer(case("{}", target))


@pytest.mark.parametrize(
    "text",
    [
        '{"' + "k" * 2_000_000 + '":{' + ",".join(f'"{i}":1' for i in range(150_000)) + "}}",
        '{"a":[' + ",".join(str(i * (2**61 - 1)) for i in range(1, 200_000)) + "]}",
        '{"a":"' + "\u0315\u0300" * 500_000 + '"}',
        '{"a":' + "9" * 5_000_000 + "}",
        '{"a":' * 900 + "1" + "}" * 900,
        '{"a":"\ud800\x7f"}',
    ],
    ids=["long key", "equal hashes", "marks", "digits", "deep", "surrogate"],
)
def test_hostile_json_is_scored_quickly(text):
    hostile = case(text, '{"a": [1, "x"]}')
    started = time.process_time()

    marks = [json_valid(hostile), json_schema(hostile, schema=PERSON), json_fields(hostile)]

    assert time.process_time() - started < 10
    for mark in marks:
        assert mark.value in (0.0, 1.0)
        assert len(mark.reason) <= 200
        (mark.answer + mark.reason).encode()

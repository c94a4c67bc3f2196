"""Fault 23: patterns that never end, and schemas that point outside, to themselves, or in ever more directions."""

import socket
import time

import pytest
from scorer_cases import Decoding, case_for, scorer_of

from chateval.records import Case, Prompt, Sample
from chateval.score import bind
from chateval.score.schema_loop import loop_in

EVIL = "a" * 40 + "!"
PATTERNS = (r"^(a+)+$", r"^(a|a)*$", r"^(a|aa)+$", r"^(a*)*b", r"(?=(a+)+$)a", r"^(a+)+\1$", r"(.*a){20}$")


def marked(name, options, text, **row):
    case = case_for(name, text)
    sample = Sample("s", {**case.sample.inputs, **row}, target=case.sample.target)
    case = Case(sample, Prompt("s", (), "", (), Decoding()), case.response, case.facts)
    start = time.process_time()
    found = bind(name, options)(case)
    assert time.process_time() - start < 2
    return found


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_that_never_ends_is_decided_or_runs_into_its_limit_which_is_named(pattern, monkeypatch):
    found = marked("regex", {"pattern": pattern, "seconds": 0.2}, EVIL)
    monkeypatch.setattr("chateval.score.filtered.SECONDS", 0.2)
    filtered = marked("filtered_match", {"filters": [{"function": "regex", "regex_pattern": pattern}]}, EVIL)

    assert found.value in (None, 0.0)
    assert found.value is not None or found.reason == "the pattern took longer than 0.2 s"
    assert filtered.value in (None, 0.0)
    assert filtered.value is not None or filtered.reason == "a pattern took longer than 0.2 s"


def test_some_of_these_patterns_do_run_into_the_limit():
    assert marked("regex", {"pattern": PATTERNS[1], "seconds": 0.2}, EVIL).value is None


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    ("schema", "text"),
    [({"pattern": None}, f'"{EVIL}"'), ({"patternProperties": None, "minProperties": 9}, f'{{"{EVIL}": 1}}')],
)
def test_the_pattern_of_a_schema_takes_no_longer_than_its_limit_of_steps(schema, text, pattern):
    options = {key: value or (pattern if key == "pattern" else {pattern: True}) for key, value in schema.items()}

    for name in ("json_schema", "json_repaired", "yaml_valid"):
        found = marked(name, {"schema": options}, text)
        assert (name, found.value) == (name, 0.0)
        assert found.reason


@pytest.mark.parametrize("pattern", ["(a{1000}){1000}", "((a{100}){100}){100}", "(", "a{99999999}"])
def test_a_pattern_that_grows_or_is_none_is_a_fault_of_the_task(pattern):
    with pytest.raises(ValueError, match="the schema is not valid"):
        marked("json_schema", {"schema": {"pattern": pattern}}, '"a"')


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1:{port}/schema.json",
        "https://127.0.0.1:{port}/schema.json",
        "//127.0.0.1:{port}/schema.json",
        "file:///etc/hostname",
        "schema.json",
        "ftp://127.0.0.1:{port}/schema.json",
    ],
)
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$schema"])
def test_nothing_outside_the_schema_is_read(reference, keyword, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schema.json").write_text("true")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        schema = {keyword: reference.format(port=server.getsockname()[1]), "type": "integer"}

        with pytest.raises(ValueError, match="the schema is not valid"):
            marked("json_schema", {"schema": schema}, "1")
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"anyOf": [{"type": "string"}, {"not": {"$ref": "#"}}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"if": {"$ref": "#/$defs/a"}}}},
        {"properties": {"x": {"$ref": "#/properties/x"}}},
        {"properties": {"x/y": {"$ref": "#/properties/x~1y"}}},
    ],
)
def test_a_schema_that_refers_to_itself_on_the_same_value_is_reported(schema):
    assert "the schema refers to itself without end: $ref #" in marked("json_schema", {"schema": schema}, "{}").reason


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"type": "array", "items": {"$ref": "#"}}, "[[[]], []]", "[[1]]"),
        ({"properties": {"next": {"$ref": "#"}}, "required": ["id"]}, '{"id": 1, "next": {"id": 2}}', '{"next": {}}'),
        (
            {"$defs": {"a": {"type": "integer"}}, "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]},
            "1",
            '"x"',
        ),
    ],
)
def test_a_schema_of_trees_is_none_of_these(schema, right, wrong):
    assert loop_in(schema) == ""
    assert [marked("json_schema", {"schema": schema}, text).value for text in (right, wrong)] == [1.0, 0.0]


def many_ways(n):
    """Return a schema of n short definitions that a validator would walk through in 2**n ways."""
    ways = {f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}, {"$ref": f"#/$defs/d{i + 1}"}]} for i in range(n)}
    return {"$defs": {**ways, f"d{n}": False}, "$ref": "#/$defs/d0"}


def test_references_that_multiply_run_into_a_limit_which_is_named(monkeypatch):
    monkeypatch.setattr("chateval.score.json_schema.SECONDS", 0.5)

    with pytest.raises(TimeoutError, match=r"longer than 0.5 s; the schema's references multiply"):
        marked("json_schema", {"schema": many_ways(60)}, "1")
    assert marked("json_schema", {"schema": many_ways(3)}, "1").value == 0.0


def test_a_tree_that_is_walked_in_two_ways_at_every_level_runs_into_it_too(monkeypatch):
    monkeypatch.setattr("chateval.score.json_schema.SECONDS", 0.5)
    schema = {"anyOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}], "not": {"const": 5}}

    with pytest.raises(TimeoutError, match="longer than 0.5 s"):
        marked("json_schema", {"schema": schema}, "[" * 60 + "5" + "]" * 60)


@pytest.mark.parametrize("keyword", ["items", "allOf", "not"])
@pytest.mark.parametrize("depth", [300, 5_000])
def test_a_schema_that_is_nested_too_deeply_is_a_fault_of_the_task(keyword, depth):
    schema = {}
    for _ in range(depth):
        schema = {keyword: [schema] if keyword == "allOf" else schema}

    with pytest.raises(ValueError, match="the schema is not"):
        marked("json_schema", {"schema": schema}, "1")


@pytest.mark.parametrize("depth", [100, 1_000, 100_000])
def test_a_deep_value_is_judged_or_refused(depth):
    follow_all = {"type": "array", "items": {"$ref": "#"}}

    found = marked("json_schema", {"schema": follow_all}, "[" * depth + "]" * depth)

    assert found.value == (1.0 if depth == 100 else 0.0)
    assert found.value == 1.0 or "nested too deeply" in found.reason or "cannot be validated" in found.reason


def test_the_schema_of_a_row_is_held_to_the_same():
    for schema in ('{"$ref": "#/absent"}', '{"$ref": "http://127.0.0.1:9/"}', "[" * 100_000):
        with pytest.raises(ValueError, match="schema|not JSON"):
            marked("json_schema", {"field": "wanted"}, "1", wanted=schema)


def test_the_options_of_the_hostile_table_use_a_schema_with_a_reference():
    assert scorer_of("json_schema")(case_for("json_schema", '{"a": 3}')).value == 1.0

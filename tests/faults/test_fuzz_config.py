"""Fuzz: chateval.yaml, gate rules and baseline files, whole documents spoilt and bytes mutated."""

import json
from datetime import date

import pytest
import yaml
from bad_files import GOOD
from fuzz import JUNK, bounded, mutated, one_line_or_fine, spoilt
from hypothesis import given
from hypothesis import strategies as st

from chateval.config import as_rules, parse_checkpoint, parse_data, read_suite, with_options
from chateval.integrations.runs import open_run
from chateval.store.baseline import read_baseline, write_baseline
from chateval.yaml_file import parse_scalar

SUITE = {
    "checkpoints": {"base": {"path": "x", "dtype": "float32"}, "lora": {"adapter": "y", "base": "base"}},
    "tasks": ["arithmetic", {"lighteval": "gsm8k"}],
    "baseline": "base",
    "gate": [
        {"task": "*", "scorer": "accuracy", "max_drop": 0.02, "on_inconclusive": "warn", "min_samples": 5},
        {"template": "error"},
        {"max_errors": 0.5},
    ],
    "limit": 5,
    "data": {"gsm8k": "z"},
    "demos": 2,
    "system": "drop",
    "overflow": "error",
    "template_gate": "warn",
    "template_ignore": {"CT101": "why"},
    "families": ["f.toml"],
    "dtype": "auto",
    "engine": {"name": "openai", "base_url": "http://127.0.0.1:9/v1", "workers": 1, "options": {"a": 1}},
}


def suite(path):
    return one_line_or_fine(lambda: with_options(read_suite(path)))


@bounded(83)
@given(document=spoilt(SUITE))
def test_a_suite_with_junk_in_it(tmp_path_factory, document):
    path = tmp_path_factory.getbasetemp() / "chateval.yaml"
    path.write_bytes(json.dumps(document).encode("utf-8", "surrogatepass"))

    suite(path)


@bounded(83)
@given(data=mutated(yaml.safe_dump(SUITE).encode()))
def test_a_suite_with_mutated_bytes(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "chateval.yaml"
    path.write_bytes(data)

    suite(path)


@bounded(66)
@given(rules=spoilt(SUITE["gate"]))
def test_rules_in_python_with_junk_in_them(rules):
    one_line_or_fine(lambda: as_rules(rules if isinstance(rules, list) else [rules], "rules"))


@bounded(66)
@given(text=st.text(max_size=30) | st.sampled_from(["a=b@c", "a=", "=", "a=http://x/v1#m", "a=\0", "a=" + "x" * 5000]))
def test_texts_of_the_command_line(text):
    one_line_or_fine(lambda: parse_checkpoint(text))
    one_line_or_fine(lambda: parse_data([text]))
    parse_scalar(text)


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    """A baseline file."""
    folder = tmp_path_factory.mktemp("baseline")
    lines = "".join(f"m,{n},{n % 2}\n" for n in range(5))
    (folder / "x.csv").write_text("model,id,acc\n" + lines)
    run = open_run(folder / "x.csv")
    write_baseline(folder / "b.json", run, run.baseline, accepted=date(2026, 1, 31), note=GOOD)
    return folder / "b.json"


@bounded(83)
@given(data=st.data())
def test_a_baseline_with_junk_in_it_or_mutated_bytes(baseline, data):
    whole = baseline.read_bytes()
    path = baseline.with_name("spoilt.json")
    if data.draw(st.booleans()):
        path.write_bytes(json.dumps(data.draw(spoilt(json.loads(whole)))).encode())
    else:
        path.write_bytes(data.draw(mutated(whole)))

    found = one_line_or_fine(lambda: read_baseline(path))

    assert found is None or json.loads(path.read_bytes()) == json.loads(whole)


@bounded(33)
@given(value=JUNK)
def test_a_baseline_that_is_any_value(baseline, value):
    path = baseline.with_name("any.json")
    path.write_bytes(json.dumps({"chateval_baseline": value}).encode())

    assert one_line_or_fine(lambda: open_run(path)) is None

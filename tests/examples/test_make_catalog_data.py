"""The training set of the product catalog: the task's job and layout, none of its sentences."""

import json
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import jsonschema_rs
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "make_catalog_data.py"
TASK = ROOT / "tasks" / "product_catalog"


catalog = SimpleNamespace(**runpy.run_path(str(SCRIPT)))
samples = [json.loads(line) for line in (TASK / "samples.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def rows():
    return catalog.conversations(2000, seed=1)


def product_of(row):
    return json.loads(row["messages"][-1]["content"])


def conversation(text):
    return {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "{}"}]}


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
    runpy.run_path(str(SCRIPT), run_name="__main__")


def test_no_sentence_is_shared_with_the_task(rows):
    assert catalog.shared_sentences(rows, samples) == []


@pytest.mark.parametrize(
    ("text", "shared"),
    [
        ("In stock.", ["in stock"]),
        ("A new one, in\nstock? Buy it.", []),
        ("A new one! IN   Stock? Buy it.", ["in stock"]),
        ("one\nSold out\ntwo", ["sold out"]),
        ("Nothing in stock here.", []),
        ("ناموجود است؟", ["ناموجود است"]),
        ("In stock. Sold out.", ["in stock", "sold out"]),
        ("", []),
        (" . ! ", []),
    ],
)
def test_a_sentence_is_found_whatever_its_case_spaces_and_ending(text, shared):
    held_out = [{"description": "A kettle for $5. In stock. Sold out!"}, {"description": "کتری. ناموجود است."}]

    assert catalog.shared_sentences([conversation(text)], held_out) == shared


@pytest.mark.parametrize("field", ["name", "brand"])
def test_names_and_brands_are_not_the_tasks(rows, field):
    trained = {product_of(row)[field].casefold() for row in rows}

    assert trained.isdisjoint(sample["product"][field].casefold() for sample in samples)


def test_every_target_follows_the_schema_of_the_task(rows):
    validator = jsonschema_rs.validator_for(json.loads((TASK / "schema.json").read_text("utf-8")))

    assert all(validator.is_valid(product_of(row)) for row in rows)
    assert all(validator.is_valid(sample["product"]) for sample in samples)


def test_system_message_and_order_of_the_fields_are_the_tasks(rows):
    task = yaml.safe_load((TASK / "task.yaml").read_text("utf-8"))

    assert {row["messages"][0]["content"] for row in rows} == {task["messages"][0]["content"]}
    assert {tuple(product_of(row)) for row in rows} == {tuple(samples[0]["product"])}


def test_a_description_states_the_name_the_brand_and_the_color_of_its_target(rows):
    for row in rows:
        text, product = row["messages"][1]["content"], product_of(row)

        assert all(word in text for word in (product["name"], product["brand"], product["color"] or ""))


def test_no_description_stands_twice_and_about_a_quarter_is_persian(rows):
    texts = [row["messages"][1]["content"] for row in rows]

    assert len(set(texts)) == len(texts)
    assert 0.2 < sum("ا" in text for text in texts) / len(texts) < 0.3


def test_the_same_seed_writes_the_same_bytes(tmp_path, monkeypatch):
    first, second, other = tmp_path / "1.jsonl", tmp_path / "2.jsonl", tmp_path / "3.jsonl"
    for path, seed in ((first, 5), (second, 5), (other, 6)):
        run(monkeypatch, "--out", path, "--rows", 40, "--seed", seed)

    assert first.read_bytes() == second.read_bytes() != other.read_bytes()
    assert len(first.read_text("utf-8").splitlines()) == 40


def test_a_shared_sentence_stops_the_script_by_name_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    [row] = catalog.conversations(1, seed=0)
    planted = tmp_path / "samples.jsonl"
    planted.write_text(json.dumps({"description": "New here. " + row["messages"][1]["content"]}) + "\n", "utf-8")

    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, "--out", tmp_path / "train.jsonl", "--rows", 1, "--seed", 0, "--against", planted)

    shared = catalog.shared_sentences([row], [json.loads(planted.read_text("utf-8"))])
    assert stop.value.code == 2
    assert repr(shared[0]) in capsys.readouterr().err
    assert not (tmp_path / "train.jsonl").exists()


def test_the_generator_of_the_task_gives_the_samples_that_are_there():
    assert runpy.run_path(str(TASK / "generate.py"))["samples"]() == samples

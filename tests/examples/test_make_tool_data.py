"""The training set of tool calls: whole dialogues, functions held out, nothing shared with the tasks."""

import json
import runpy
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import jsonschema_rs
import pytest

from chateval.config import Suite
from chateval.pipeline import load_tasks

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "make_tool_data.py"

made = SimpleNamespace(**runpy.run_path(str(SCRIPT)))
words = made.read_words()
train = [one for one in words["functions"] if one["names"][0] not in words["held_out"]]


@pytest.fixture(scope="module")
def rows():
    return list(made.Writer(words, train, 3).rows(800))


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
    runpy.run_path(str(SCRIPT), run_name="__main__")


def calls(row):
    return [one["function"] for turn in row["messages"] for one in turn.get("tool_calls", ())]


def test_every_call_follows_the_schema_of_a_function_on_offer(rows):
    for row in rows:
        offered = {one["function"]["name"]: one["function"]["parameters"] for one in row["tools"]}

        assert all(jsonschema_rs.is_valid(offered[one["name"]], one["arguments"]) for one in calls(row))


def test_every_argument_is_in_the_dialogue_before_its_call(rows):
    for row in rows:
        said = ""
        for turn in row["messages"]:
            values = [value for one in turn.get("tool_calls", ()) for value in one["function"]["arguments"].values()]
            assert all(str(value) in said for value in values)
            said += turn["content"]


def test_each_call_has_its_result_before_the_answer_and_the_answer_is_text(rows):
    for row in rows:
        turns = [turn for turn in row["messages"] if turn["role"] != "system"]
        waiting = []
        for turn in turns:
            if turn["role"] == "tool":
                assert turn["name"] == waiting.pop(0)
                json.loads(turn["content"])
            else:
                assert waiting == []
            waiting += [one["function"]["name"] for one in turn.get("tool_calls", ())]
        assert turns[0]["role"] == "user"
        assert (turns[-1]["role"], bool(turns[-1]["content"]), waiting) == ("assistant", True, [])


def test_there_are_dialogues_of_every_kind(rows):
    shapes = Counter(tuple(len(turn.get("tool_calls", ())) for turn in row["messages"][1:]) for row in rows)
    n_calls = Counter(len(calls(row)) for row in rows)

    assert n_calls[0] > 100
    assert n_calls[1] > 200
    assert n_calls[2] > 100
    assert sum(n for shape, n in shapes.items() if 2 in shape) > 80
    assert any("error" in turn["content"] for row in rows for turn in row["messages"] if turn["role"] == "tool")


def test_a_function_is_on_offer_once_and_two_to_four_are(rows):
    by_name = {name: one["names"][0] for one in words["functions"] for name in one["names"]}
    for row in rows:
        offered = [by_name[one["function"]["name"]] for one in row["tools"]]

        assert len(set(offered)) == len(offered)
        assert 2 <= len(offered) <= 4


def test_no_function_that_is_held_out_and_no_wish_of_a_task_is_trained(rows):
    held_out = {name for one in words["functions"] if one["names"][0] in words["held_out"] for name in one["names"]}

    assert held_out.isdisjoint(one["function"]["name"] for row in rows for one in row["tools"])
    for path in filter(Path.exists, made.AGAINST):
        assert made.shared(rows, made.read_rows(path)) == []


def test_the_same_seed_writes_the_same_bytes_and_a_task_that_loads(tmp_path, monkeypatch):
    for name, seed in (("1", 5), ("2", 5), ("3", 6)):
        arguments = ("--rows", 30, "--seed", seed, "--held-out", tmp_path / name, "--samples", 20)
        run(monkeypatch, "--out", tmp_path / f"{name}.jsonl", *arguments)

    first, second, other = ((tmp_path / f"{name}.jsonl").read_bytes() for name in "123")
    assert first == second != other
    assert (tmp_path / "1" / "samples.jsonl").read_bytes() == (tmp_path / "2" / "samples.jsonl").read_bytes()
    [task], _ = load_tasks(Suite((), (str(tmp_path / "1"),), baseline=""))
    assert len(task.samples) == 20
    assert Counter(tag for sample in task.samples for tag in sample.tags) == {"single": 15, "irrelevant": 5}
    assert all(json.loads(sample.target) is None for sample in task.samples if "irrelevant" in sample.tags)


@pytest.mark.parametrize(
    "planted",
    [{"tools": [{"name": "book_table"}]}, {"tools": [{"type": "function", "function": {"name": "book_table"}}]}],
)
def test_a_function_of_a_task_stops_the_script_by_name_and_nothing_is_written(tmp_path, monkeypatch, capsys, planted):
    (tmp_path / "samples.jsonl").write_text(json.dumps(planted) + "\n", encoding="utf-8")

    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, "--out", tmp_path / "train.jsonl", "--against", tmp_path / "samples.jsonl")

    assert stop.value.code == 2
    assert "'book_table'" in capsys.readouterr().err
    assert not (tmp_path / "train.jsonl").exists()

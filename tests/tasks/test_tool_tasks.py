"""The bundled tasks with tools: whole, made by their generators, and solved by whoever makes the right calls."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml
from answers import FACTS

from chateval.config import Suite
from chateval.dialogue import Talk
from chateval.pipeline import load_tasks
from chateval.pipeline.world import open_tools
from chateval.records import Case, Prompt, Response
from chateval.score import bind
from chateval.task import bundled_tasks

NAMES = ("room_booking", "tool_dialogue")


@pytest.fixture(scope="module")
def tasks():
    found, _ = load_tasks(Suite(checkpoints=(), tasks=NAMES, baseline=""))
    return {task.name: task for task in found}


def held(task, sample, tools, answers):
    """Hold a dialogue with these answers; return the case."""
    talk = Talk(sample, task.dialogue, None, tools)
    for text in answers:
        prompt = Prompt(sample.id, talk.messages, "", (1,), task.decoding)
        talk.take(prompt, Response(sample.id, text, "eos", raw_text=text, output_ids=(1,)))
    prompt, response, dialogue = talk.response()
    response = Response(sample.id, response.text, "eos", dialogue=dialogue)
    return Case(sample, prompt, response, FACTS)


def calls_of(sample):
    """Return the answers of a model that does all right: groups of calls, then what the row wants to hear."""
    answer = sample.inputs["answer"]
    groups = [json.dumps(group if isinstance(group, list) else [group]) for group in sample.inputs["calls"]]
    return [*groups, " ".join([answer] if isinstance(answer, str) else answer)]


@pytest.mark.parametrize("name", NAMES)
def test_a_task_says_what_it_is_and_may_be_used_freely(name):
    folder = bundled_tasks()[name]
    spec = yaml.safe_load((folder / "task.yaml").read_text("utf-8"))

    assert (spec["licence"], spec["source"]) == ("CC0-1.0", "written for chateval (generate.py)")
    assert (folder / "README.md").read_text("utf-8").startswith(f"# {name}\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_writes_the_same_bytes_again(tmp_path, name):
    folder = bundled_tasks()[name]
    for path in folder.glob("*.py"):
        shutil.copy(path, tmp_path)

    done = subprocess.run([sys.executable, "-B", tmp_path / "generate.py"], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "samples.jsonl").read_bytes() == (folder / "samples.jsonl").read_bytes()


def test_the_kinds_of_tool_dialogue_are_all_there(tasks):
    kinds = [sample.tags[0] for sample in tasks["tool_dialogue"].samples]

    assert {kind: kinds.count(kind) for kind in kinds} == {
        "single": 7,
        "parallel": 5,
        "sequential": 5,
        "irrelevant": 4,
        "error": 4,
    }


@pytest.mark.parametrize("scorer", ["tool_outcome", "final_answer"])
def test_whoever_makes_the_right_calls_and_says_the_result_is_right(tasks, scorer):
    task = tasks["tool_dialogue"]
    with open_tools(task, trust_code=False) as tools_of:
        cases = [held(task, sample, tools_of(sample), calls_of(sample)) for sample in task.samples]

    marks = {case.sample.inputs["question"]: bind(scorer, {})(case) for case in cases}

    assert {question: mark for question, mark in marks.items() if mark.value != 1.0} == {}
    assert sum(case.response.dialogue.calls_failed for case in cases) == 4


def test_whoever_makes_the_calls_of_another_sample_is_wrong(tasks):
    task = tasks["tool_dialogue"]
    others = [*task.samples[1:], task.samples[0]]
    with open_tools(task, trust_code=False) as tools_of:
        cases = [
            held(task, sample, tools_of(sample), calls_of(other))
            for sample, other in zip(task.samples, others, strict=True)
        ]

    assert [case.sample.inputs["question"] for case in cases if bind("tool_outcome", {})(case).value] == []


def test_rooms_are_as_wanted_for_whoever_books_them_and_else_only_where_nothing_is_to_be_done(tasks):
    task = tasks["room_booking"]
    sample = next(one for one in task.samples if "Omar" in one.inputs["question"])
    cancel = json.dumps([{"name": "cancel_booking", "arguments": {"number": 102}}])
    book = json.dumps([{"name": "book_room", "arguments": {"room": "Maple", "day": "2025-05-12", "name": "Omar"}}])
    with open_tools(task, trust_code=False) as tools_of:
        done = held(task, sample, tools_of(sample), [cancel, "Cancelled.", book, "Booked."])
        undone = [held(task, one, tools_of(one), ["Yes."] * (1 + len(one.turns))) for one in task.samples]

    right = {case.sample.tags[0] for case in undone if bind("world_state", {})(case).value}

    assert bind("world_state", {})(done).value == 1.0
    assert done.response.dialogue.ending == "answered"
    assert right == {"refused"}

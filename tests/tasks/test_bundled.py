"""The tasks that ship with the package: whole, free to use, made by their generators, and solvable."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml

from chateval.config import Suite
from chateval.messages import content_text
from chateval.pipeline import load_tasks
from chateval.records import Case, Prompt, Response, TemplateFacts
from chateval.score import bind, family_of
from chateval.task import bundled_tasks, count_samples

NAMES = (
    "arithmetic",
    "instructions",
    "long_context",
    "memory",
    "multi_turn",
    "pictures",
    "preferences",
    "product_catalog",
    "reading",
    "system_prompt",
    "tool_calls",
    "world_facts",
    "world_facts_letter",
)
JUDGED = ("judged_writing",)
"""Without a right answer: a judge reads them, and each of their samples costs three of its answers."""
WITH_TOOLS = ("room_booking", "tool_dialogue")
"""Dialogues, whose answers are not one text; see test_tool_tasks.py."""
GENERATED = {name: ("samples.jsonl",) for name in NAMES if name != "world_facts_letter"}
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


@pytest.fixture(scope="module")
def tasks():
    found, _ = load_tasks(Suite(checkpoints=(), tasks=NAMES, baseline=""))
    return {task.name: task for task in found}


def test_the_ten_tasks_that_bring_their_samples_are_those_made_here():
    found = [name for name in bundled_tasks() if count_samples(name) is not None]

    assert found == sorted((*NAMES, *JUDGED, *WITH_TOOLS))


@pytest.mark.parametrize("name", JUDGED)
def test_a_task_for_judges_has_reference_answers_and_is_scored_by_nothing_else(name):
    [task], _ = load_tasks(Suite(checkpoints=(), tasks=(name,), baseline=""))

    assert len(task.samples) == 12
    assert all(sample.target.strip() for sample in task.samples)
    assert {family_of(spec) for spec in task.scorers} == {"judge"}
    assert (task.licence, task.source) == ("CC0-1.0", "written for chateval")


@pytest.mark.parametrize("name", NAMES)
def test_a_task_has_the_name_of_its_folder_and_enough_samples_to_tell_models_apart(tasks, name):
    task = tasks[name]

    assert task.path == str(bundled_tasks()[name] / "task.yaml")
    assert len(task.samples) >= 60


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_asks_something_last_and_has_a_target(tasks, name):
    samples = tasks[name].samples

    assert {sample.messages[-1]["role"] for sample in samples} == {"user"}
    assert all(content_text(message).strip() for sample in samples for message in sample.messages)
    assert all(sample.target.strip() for sample in samples)


@pytest.mark.parametrize("name", NAMES)
def test_a_task_says_what_it_is_and_may_be_used_freely(name):
    folder = bundled_tasks()[name]
    spec = yaml.safe_load((folder / "task.yaml").read_text("utf-8"))

    assert spec["licence"] == "CC0-1.0"
    assert spec["source"].startswith("written for chateval (generate.py")
    assert spec["description"].endswith(".")
    assert (folder / "README.md").read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("name", GENERATED)
def test_a_generator_writes_the_same_bytes_again(tmp_path, name):
    folder = bundled_tasks()[name]
    (tmp_path / name).mkdir()
    (tmp_path / "world_facts_letter").mkdir()
    for path in folder.glob("*.py"):
        shutil.copy(path, tmp_path / name)

    done = subprocess.run(
        [sys.executable, tmp_path / name / "generate.py"], capture_output=True, check=False, cwd=tmp_path
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / name / "samples.jsonl").read_bytes() == (folder / "samples.jsonl").read_bytes()
    if name == "world_facts":
        letters = bundled_tasks()["world_facts_letter"] / "samples.jsonl"
        assert (tmp_path / "world_facts_letter" / "samples.jsonl").read_bytes() == letters.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_plain_utf8_with_one_newline_a_line(name):
    data = (bundled_tasks()[name] / "samples.jsonl").read_bytes()

    assert data.endswith(b"}\n")
    assert b"\r" not in data
    assert not data.startswith(b"\xef\xbb\xbf")


def mark_of(task, sample, text, logprobs=()):
    headline = task.scorers[0]
    prompt = Prompt(sample.id, sample.messages, text="", ids=(), decoding=task.decoding)
    response = Response(sample.id, text, "eos", choice_logprobs=logprobs)
    return bind(headline.name, headline.options)(Case(sample, prompt, response, FACTS))


def logprobs_for(sample, chosen):
    return tuple((-0.1,) if choice == chosen else (-9.0,) for choice in sample.choices)


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_is_right_for_the_headline_scorer(tasks, name):
    task = tasks[name]

    marks = {
        sample.id: mark_of(
            task, sample, sample.target, logprobs_for(sample, sample.target) if task.output == "choose" else ()
        )
        for sample in task.samples
    }

    assert {sample_id: mark for sample_id, mark in marks.items() if mark.value != 1.0} == {}


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in ("instructions", "preferences", "system_prompt", "world_facts")]
)
def test_an_empty_answer_is_never_right(tasks, name):
    task = tasks[name]

    assert [sample.id for sample in task.samples if mark_of(task, sample, "").value != 0.0] == []


@pytest.mark.parametrize("name", ["arithmetic", "long_context", "reading", "tool_calls", "world_facts_letter"])
def test_no_one_answer_is_right_for_most_samples(tasks, name):
    task = tasks[name]
    answers = {sample.target for sample in task.samples}

    shares = [sum(mark_of(task, s, answer).value for s in task.samples) / len(task.samples) for answer in answers]

    assert max(shares) <= 0.3


def test_a_wrong_choice_is_wrong(tasks):
    task = tasks["world_facts"]

    values = {
        mark_of(task, sample, "", logprobs_for(sample, wrong)).value
        for sample in task.samples
        for wrong in sample.choices
        if wrong != sample.target
    }

    assert values == {0.0}


def test_the_letter_names_the_same_fact(tasks):
    for fact, letter in zip(tasks["world_facts"].samples, tasks["world_facts_letter"].samples, strict=True):
        assert fact.inputs["question"] == letter.inputs["question"]
        assert letter.choices["ABCD".index(letter.target)] == fact.target


def test_the_right_letter_stands_at_every_place_equally_often(tasks):
    letters = [sample.target for sample in tasks["world_facts_letter"].samples]

    assert {letter: letters.count(letter) for letter in "ABCD"} == dict.fromkeys("ABCD", len(letters) // 4)


def test_every_product_keeps_to_the_schema_and_to_the_description(tasks):
    schema = json.loads((bundled_tasks()["product_catalog"] / "schema.json").read_text("utf-8"))

    for sample in tasks["product_catalog"].samples:
        product = sample.inputs["product"]
        assert set(product) == set(schema["required"])
        assert product["brand"] in sample.inputs["description"]

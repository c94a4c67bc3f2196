"""Dialogues with tools from the command line: run, told in words, scored again, and refused where they should be."""

import json
import logging
import shutil
import sys
from pathlib import Path

import pytest

from chateval.__main__ import main
from chateval.engine import FakeEngine
from chateval.task import bundled_tasks

TASK = """\
name: counting
version: 1
source: me
samples: samples.jsonl
messages:
  - {role: user, content: "{{ question }}"}
tools:
  - {name: add, description: Add to the sum., parameters: {type: object, properties: {n: {type: integer}}}}
target: '{"sum": 5}'
dialogue: {tools: tools.py, state: {field: state}, max_rounds: 4}
decoding: {max_new_tokens: 24}
scorers:
  - world_state
"""
TOOLS = """\
def add(state, n):
    state["sum"] += n
    return state["sum"]
"""

TEMPLATE = """\
{%- if tools %}<|im_start|>system
{{ tools | tojson }}<|im_end|>
{% endif %}{%- for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}{% for c in m.tool_calls or [] %}
<tool_call>
{{ c.function | tojson }}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


@pytest.fixture
def chateval(monkeypatch, capsys, tmp_path):
    """Run the command line in a folder of its own; return (exit code, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, capsys.readouterr().err

    return run


@pytest.fixture
def replies(monkeypatch):
    """Let the fake engine answer what is said of the prompt's text."""

    def set_reply(reply):
        plain = FakeEngine.__init__
        monkeypatch.setattr(
            FakeEngine, "__init__", lambda self, *args, **kwargs: plain(self, lambda prompt: reply(prompt.text))
        )

    return set_reply


@pytest.fixture
def wide_chat(tiny_chat, tmp_path):
    """Return the folder of a chat model with room for tools; no engine here reads its weights."""
    folder = tmp_path / "wide"
    shutil.copytree(tiny_chat, folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 8192}), "utf-8")
    return folder


def write_task(tools=TOOLS, task=TASK, row='{"question": "Add five.", "state": {"sum": 0}}'):
    folder = Path("counting")
    folder.mkdir()
    (folder / "task.yaml").write_text(task, "utf-8")
    (folder / "samples.jsonl").write_text(f"{row}\n", "utf-8")
    (folder / "tools.py").write_text(tools, "utf-8")
    return folder


def called(n):
    return json.dumps([{"name": "add", "arguments": {"n": n}}])


def adds(text):
    """Answer as a model would that adds two, then three."""
    if "<|im_start|>tool\n5" in text or "\n\n5" in text:
        return "It is five."
    return called(3) if "<|im_start|>tool\n2" in text else called(2)


def lines(path):
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def run(chateval, model, *more):
    return chateval(
        "run", "--engine", "fake", "--checkpoint", f"tiny={model}", "--task", "counting", "--out", "run", *more
    )


def test_tools_act_on_a_world_and_the_run_is_scored_again_without_them(chateval, replies, wide_chat, caplog):
    write_task()
    replies(adds)

    with caplog.at_level(logging.WARNING):
        code, _ = run(chateval, wide_chat, "--trust-code")
    [line] = lines("run/responses.jsonl")
    dialogue = line["response"]["dialogue"]
    before = Path("run/scores.jsonl").read_bytes()
    again, _ = chateval("score", "run")

    assert code == 0
    assert [one["calls"] for one in dialogue["rounds"]] == [
        [{"name": "add", "arguments": {"n": 2}}],
        [{"name": "add", "arguments": {"n": 3}}],
        [],
    ]
    assert (dialogue["state"], dialogue["ending"], dialogue["calls_failed"]) == ({"sum": 5}, "answered", 0)
    assert '{"name": "add"' in line["prompt"]["text"]
    assert "the chat template does not write the tools on offer (told in the system message instead)" in caplog.text
    assert (again, Path("run/scores.jsonl").read_bytes()) == (0, before)


@pytest.mark.parametrize(
    ("spelling", "n_rounds", "state", "fault"),
    [("<tool_call>\n{}\n</tool_call>", 2, {"sum": 2}, ""), ("{}", 1, {"sum": 0}, "parser lost: add")],
)
def test_calls_are_read_and_written_in_the_format_of_the_chat_template(
    chateval, replies, wide_chat, caplog, spelling, n_rounds, state, fault
):
    write_task()
    (wide_chat / "chat_template.jinja").write_text(TEMPLATE, "utf-8")
    call = json.dumps({"name": "add", "arguments": {"n": 2}})
    replies(lambda text: "It is two." if "<|im_start|>tool" in text else spelling.replace("{}", call))

    with caplog.at_level(logging.WARNING):
        code, _ = run(chateval, wide_chat, "--trust-code")
    [line] = lines("run/responses.jsonl")
    dialogue = line["response"]["dialogue"]

    assert code == 0
    assert (len(dialogue["rounds"]), dialogue["state"], dialogue["rounds"][0]["fault"]) == (n_rounds, state, fault)
    assert ("<tool_call>\n" + call in line["prompt"]["text"]) == (n_rounds == 2)
    assert "does not write" not in caplog.text


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("1e999", "a number too large to be kept"),
        ("9" * 4_000, "a number too large to be kept"),
        ("[" * 300 + "]" * 300, "nested more than 60 levels deep"),
    ],
    ids=["infinite", "long", "deep"],
)
def test_a_call_whose_arguments_no_file_can_keep_is_malformed_and_the_run_can_be_read(
    chateval, replies, wide_chat, value, fault
):
    write_task()
    replies(lambda text: f'[{{"name": "add", "arguments": {{"n": {value}}}}}]')

    code, said = run(chateval, wide_chat, "--trust-code")
    again, _ = chateval("score", "run")
    [line] = lines("run/responses.jsonl")

    assert (code, again) == (0, 0), said
    assert [one["fault"] for one in line["response"]["dialogue"]["rounds"]] == [f"malformed: arguments: {fault}"]
    assert line["response"]["dialogue"]["state"] == {"sum": 0}


def test_a_run_again_asks_nothing_and_writes_the_same(chateval, replies, wide_chat):
    write_task()
    replies(adds)
    run(chateval, wide_chat, "--trust-code")
    first = Path("run/responses.jsonl").read_bytes()
    replies(lambda text: 1 / 0)

    code, _ = run(chateval, wide_chat, "--trust-code")

    assert (code, Path("run/responses.jsonl").read_bytes()) == (0, first)


@pytest.mark.parametrize(
    ("tools", "trust", "said"),
    [
        (TOOLS, (), "dialogue.tools runs the Python of tools.py; say --trust-code if you trust it"),
        ("def take(state): pass\n", ("--trust-code",), "no function for the tool 'add' that a sample offers"),
        ("def add(:\n", ("--trust-code",), "tools.py: cannot be imported: SyntaxError"),
        ("raise SystemExit", ("--trust-code",), "tools.py: cannot be imported: SystemExit"),
    ],
)
def test_tools_that_cannot_be_used_are_one_line_before_any_model_is_loaded(chateval, tmp_path, tools, trust, said):
    write_task(tools)

    code, stderr = run(chateval, tmp_path / "no-such-model", *trust)

    assert (code, stderr.count("\n")) == (2, 1)
    assert said in stderr


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ("{}", "must be a list"),
        ('["add"]', "results[0]: a recorded result is an object"),
        ('[{"name": "add"}]', "results[0]: needs either result, or error"),
        ('[{"name": "add", "result": 1, "error": "x"}]', "results[0]: needs either result, or error"),
        ('[{"name": "add", "arguments": [], "result": 1}]', "results[0]: arguments must be an object"),
        ('[{"name": "add", "result": 1, "id": 5}]', "results[0]: unknown field 'id'"),
        ('[{"name": "add", "result": 1}, {"name": "add", "result": 2}]', "results[1]: a second result of add"),
        ('[{"name": "subtract", "result": 1}]', "a result of 'subtract', which is not on offer: add"),
    ],
)
def test_recorded_results_at_fault_are_named_with_their_row(chateval, tmp_path, results, said):
    task = TASK.replace("{tools: tools.py, state: {field: state}, max_rounds: 4}", "{results: {field: results}}")
    write_task(task=task, row=f'{{"question": "Add.", "results": {results}}}')

    code, stderr = run(chateval, tmp_path / "no-such-model")

    assert code == 2
    assert "samples.jsonl:1: " in stderr
    assert said in stderr


@pytest.mark.parametrize("name", ["tool_dialogue", "room_booking"])
def test_the_bundled_tasks_run_and_a_model_that_says_nothing_of_use_is_wrong_where_calls_are_wanted(
    chateval, wide_chat, name
):
    code, _ = chateval("run", "--engine", "fake", "--checkpoint", f"tiny={wide_chat}", "--task", name, "--out", "run")
    values = {
        score["sample_id"]: score["value"]
        for score in lines("run/scores.jsonl")
        if score["scorer"] in ("tool_outcome", "world_state")
    }
    tags = {line["sample"]["id"]: line["sample"]["tags"][0] for line in lines("run/samples.jsonl")}

    assert code == 0
    assert {tags[sample_id] for sample_id, value in values.items() if value} <= {"irrelevant", "refused"}


def test_a_copy_of_a_bundled_task_is_not_trusted(chateval, tmp_path):
    shutil.copytree(bundled_tasks()["room_booking"], tmp_path / "copy")

    code, stderr = chateval("run", "--checkpoint", "tiny=nowhere", "--task", "copy", "--out", "run")

    assert code == 2
    assert "say --trust-code if you trust it" in stderr

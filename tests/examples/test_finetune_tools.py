"""Training for tool calls: the template that carries them, the rows, and the whole line from data to a comparison."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chateval.cli.app import app
from chateval.template.answer import find_format, read_answer

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TEMPLATE = (EXAMPLES / "tool_template.jinja").read_text("utf-8")
OWN = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""SmolLM2's template as it is published."""
TOOL = {
    "type": "function",
    "function": {
        "name": "find_spring",
        "description": "Find the spring of a river: its name & place.",
        "parameters": {"type": "object", "properties": {"river": {"type": "string"}}, "required": ["river"]},
    },
}
ASKED = [{"role": "user", "content": "Where does the Loire rise?"}]


def call(arguments, *, text=""):
    function = {"name": "find_spring", "arguments": arguments}
    return {"role": "assistant", "content": text, "tool_calls": [{"type": "function", "function": function}]}


@pytest.fixture(scope="module")
def rendered(tiny_chat):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_chat)

    def render(messages, *, template=TEMPLATE, tools=None, prompt=False):
        return tokenizer.apply_chat_template(
            messages, tools=tools, chat_template=template, add_generation_prompt=prompt, tokenize=False
        )

    return render


@pytest.mark.parametrize("prompt", [False, True])
@pytest.mark.parametrize(
    "messages",
    [
        ASKED,
        [{"role": "system", "content": "Be brief."}, *ASKED],
        [*ASKED, {"role": "assistant", "content": "In Ardèche."}, {"role": "user", "content": " And\n the Rhine? "}],
        [*ASKED, {"role": "system", "content": "Later."}, {"role": "assistant", "content": ""}],
        [{"role": "assistant", "content": "Hello."}, *ASKED],
    ],
)
def test_without_tools_the_template_writes_what_the_base_s_own_does(rendered, messages, prompt):
    assert rendered(messages, prompt=prompt) == rendered(messages, template=OWN, prompt=prompt)


@pytest.mark.parametrize("arguments", [{"river": 'Lo"ire é'}, json.dumps({"river": 'Lo"ire é'}, ensure_ascii=False)])
@pytest.mark.parametrize("text", ["", "One moment."])
def test_a_call_is_read_back_as_it_was_written(rendered, arguments, text):
    before = rendered(ASKED, tools=[TOOL], prompt=True)
    whole = rendered([*ASKED, call(arguments, text=text)], tools=[TOOL])
    assert whole.startswith(before)

    found = read_answer(whole.removeprefix(before), find_format(TEMPLATE))

    assert [(one.name, one.arguments) for one in found.tool_calls] == [("find_spring", {"river": 'Lo"ire é'})]
    assert (found.content.strip(), found.faults) == (text, ())


def test_tools_results_and_each_prompt_stand_in_the_text_and_what_is_said_is_never_rewritten(rendered):
    said = [
        *ASKED,
        call({"river": "Loire"}),
        {"role": "tool", "name": "find_spring", "content": '{"place": "Ardèche"}'},
        {"role": "assistant", "content": "In Ardèche."},
    ]
    whole = rendered(said, tools=[TOOL])

    assert json.dumps(TOOL, ensure_ascii=False) in whole
    assert '<|im_start|>tool\n<tool_response>\n{"place": "Ardèche"}\n</tool_response><|im_end|>\n' in whole
    assert "You are a helpful AI assistant named SmolLM, trained by Hugging Face\n\n# Tools\n" in whole
    assert all(whole.startswith(rendered(said[:n], tools=[TOOL])) for n in range(1, len(said)))


@pytest.fixture(scope="module")
def trained(tiny_chat, tmp_path_factory):
    """Return a random chat model with room for tools, and an adapter trained on it for two steps."""
    folder = tmp_path_factory.mktemp("tools")
    base, out = folder / "base", folder / "out"
    shutil.copytree(tiny_chat, base)
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 8192}))
    train = folder / "tools.jsonl"
    data = ("--out", train, "--rows", 24, "--held-out", folder / "held_out", "--samples", 8)
    fitted = ("--model", base, "--data", train, "--out", out, "--steps", 2, "--batch-size", 2, "--no-bf16", "--rank", 4)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    for script, arguments in (("make_tool_data.py", data), ("finetune_tools.py", fitted)):
        command = [sys.executable, EXAMPLES / script, *arguments]
        done = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, env=environment, cwd=folder, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
    return base, out, folder


@pytest.mark.slow
def test_the_adapter_s_folder_has_its_template_and_proof_of_what_it_was_fed(trained):
    _, out, _ = trained
    assert {"adapter_model.safetensors", "chat_template.jinja", "chateval_training.json"} <= {
        path.name for path in out.iterdir()
    }
    assert (out / "chat_template.jinja").read_text("utf-8").rstrip("\n") == TEMPLATE.rstrip("\n")

    found = CliRunner().invoke(app, ["template", "check", str(out), "--json"])

    said = json.loads(found.stdout)
    assert said["verdict"] == "PROVEN", said["findings"]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["held_out", "tool_dialogue"])
def test_base_and_adapter_are_compared_each_by_its_own_template(trained, tmp_path, task):
    base, out, folder = trained
    name = str(folder / task) if task == "held_out" else task
    named = ["--checkpoint", f"base={base}", "--checkpoint", f"tools={out}", "--task", name, "--limit", "4"]

    done = CliRunner().invoke(app, ["run", *named, "--out", str(tmp_path / "run")])

    assert done.exit_code in (0, 4), done.output[-2000:]
    report = json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))
    digests = {one["name"]: one["template_digest"] for one in report["checkpoints"]}
    assert len(set(digests.values())) == 2
    assert {(one["baseline"], one["candidate"]) for one in report["comparisons"]} == {("base", "tools")}
    assert {one["n_pairs"] + one["n_dropped"] for one in report["comparisons"]} == {4}

"""A mistake of the user costs one line on stderr that names place and remedy, exit code 2, and no model library."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from chateval.__main__ import main
from chateval.errors import TaskError

TASK = """\
name: mine
version: 1
source: me
samples: samples.jsonl
messages:
  - {role: user, content: "{{ question }}"}
target: "{{ answer }}"
scorers:
  - exact
"""
ROWS = ['{"question": "1+1?", "answer": "2"}', '{"question": "2+2?", "answer": "4"}']
QUERY = "model.layers.0.self_attn.q_proj"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def chateval(monkeypatch, capsys):
    """Run the command line; return (exit code, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code, capsys.readouterr().err

    return run


def write_task(folder="mine", task=TASK, rows=ROWS):
    path = Path(folder)
    path.mkdir()
    (path / "task.yaml").write_text(task, "utf-8")
    (path / "samples.jsonl").write_text("".join(f"{row}\n" for row in rows), "utf-8")
    return path


def write_model(folder="model", width=4, **configs):
    """Write a folder that looks like a chat model; `configs` replace or add keys of its two JSON files."""
    path = Path(folder)
    path.mkdir()
    tokenizer = {"chat_template": "{{ messages }}", **configs.get("tokenizer_config", {})}
    (path / "config.json").write_text(json.dumps({"model_type": "llama", **configs.get("config", {})}))
    (path / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    save_file({f"{QUERY}.weight": np.zeros((width, width), np.float32)}, path / "model.safetensors")
    return path


def write_adapter(folder="lora", width=4, base="model"):
    path = Path(folder)
    path.mkdir()
    (path / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "r": 2, "base_model_name_or_path": base})
    )
    save_file(
        {
            f"base_model.model.{QUERY}.lora_A.weight": np.zeros((2, width), np.float32),
            f"base_model.model.{QUERY}.lora_B.weight": np.zeros((width, 2), np.float32),
        },
        path / "adapter_model.safetensors",
    )
    return path


def refusal(run):
    """Return the one line that a run was refused with."""
    code, err = run
    assert code == 2, err
    assert err.startswith("chateval: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    return err.removeprefix("chateval: ").removesuffix("\n")


# Tasks: found by `run` and, without a checkpoint, by `tasks`


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: me", "source: me\nlicense: CC0", "mine/task.yaml:4: unknown key 'license'; allowed: name, version,"),
        ("- exact", "- exakt", "mine/task.yaml:9: scorers[0]: unknown scorer 'exakt'; known: "),
        (
            "- exact",
            "- exact: {ignore_cse: true}",
            "mine/task.yaml:9: scorers[0]: scorer exact has no option 'ignore_cse'; it takes: ignore_case",
        ),
        (
            "- exact",
            "- mine.score:best",
            "mine/task.yaml:9: scorers[0]: scorer 'mine.score:best' would run code from outside; say --trust-code",
        ),
        (
            "{{ question }}",
            "{{ qestion }}",
            "mine/samples.jsonl:1: messages[0].content: 'qestion' is undefined; the row has: answer, question",
        ),
        ("samples.jsonl", "sample.jsonl", "mine/task.yaml:4: samples: no file 'sample.jsonl' beside task.yaml"),
        ("version: 1", "version: 1\nversion: 2", "mine/task.yaml:3: key 'version' stands twice (first on line 2)"),
    ],
    ids=["unknown key", "unknown scorer", "unknown option", "code", "undefined variable", "no samples file", "twice"],
)
@pytest.mark.parametrize("command", [("tasks",), ("run", "--checkpoint", "it=model", "--task")], ids=["tasks", "run"])
def test_a_fault_of_a_task_is_named_with_its_line(chateval, command, old, new, message):
    assert old in TASK
    write_task(task=TASK.replace(old, new))

    assert refusal(chateval(*command, "./mine")).startswith(message)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([ROWS[0], '{"question": "2+2?"', ROWS[1]], "mine/samples.jsonl:2: not valid JSON: "),
        (
            [*ROWS, ROWS[0]],
            "mine/samples.jsonl:3: the same row stands at mine/samples.jsonl:1; every sample must differ",
        ),
        ([], "mine/samples.jsonl: no samples; a task needs at least one"),
        (['{"question": "\\ud800", "answer": "x"}'], "mine/samples.jsonl:1: half a surrogate pair stands alone"),
    ],
    ids=["bad JSON", "duplicate row", "empty task", "lone surrogate"],
)
@pytest.mark.parametrize("command", [("tasks",), ("run", "--checkpoint", "it=model", "--task")], ids=["tasks", "run"])
def test_a_fault_of_a_row_is_named_with_its_line(chateval, command, rows, message):
    write_task(rows=rows)

    assert refusal(chateval(*command, "./mine")).startswith(message)


@pytest.mark.parametrize("command", [("tasks",), ("run", "--checkpoint", "it=model", "--task")], ids=["tasks", "run"])
def test_a_task_that_is_not_there_lists_the_bundled_ones(chateval, command):
    message = refusal(chateval(*command, "arithmetik"))

    assert message.startswith("no task 'arithmetik': neither a folder with a task.yaml nor one of the bundled ones: ")
    assert ", arithmetic, " in message


def test_control_characters_of_a_path_do_not_break_the_line(chateval):
    write_task("two\nlines\x1b[31m", task=TASK + "x: 1\n")

    message = refusal(chateval("tasks", "two\nlines\x1b[31m"))

    assert message.startswith("two\\x0alines\\x1b[31m/task.yaml:10: unknown key 'x'")


def test_debug_shows_the_traceback_before_the_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["chateval", "tasks", "arithmetik", "--debug"])

    with pytest.raises(SystemExit) as ended:
        main()

    said = capsys.readouterr().err.splitlines()
    assert ended.value.code == TaskError.exit_code
    assert said[0].startswith("Traceback")
    assert said[-1].startswith("chateval: no task 'arithmetik'")


# The suite and the options


@pytest.mark.parametrize(
    ("suite", "message"),
    [
        ("checkpoints:\n  base: {pth: x}\n", "chateval.yaml:2: unknown key 'pth'; allowed: path, adapter, base,"),
        ("checkpoints:\n  a: {path: x}\nbaseline: b\n", "chateval.yaml:3: no checkpoint 'b' here; there are: a"),
        ("tasks: [arithmetic]\n", "no checkpoint: say --checkpoint NAME=PATH, or name a chateval.yaml with -c"),
        ("checkpoints:\n  a: {path: x}\n", "no task: say --task NAME (see `chateval tasks`), or name"),
        ("a: [", "chateval.yaml:1: not valid YAML: "),
    ],
)
def test_a_fault_of_the_suite_is_named(chateval, suite, message):
    Path("chateval.yaml").write_text(suite)

    assert refusal(chateval("run", "-c", "chateval.yaml")).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--checkpoint", "model"], "--checkpoint 'model': say NAME=PATH, or NAME=ADAPTER@BASE"),
        (["--checkpoint", "it=./nowhere"], "it: no checkpoint at './nowhere': give a folder, a .gguf file or a hub id"),
        (
            ["--checkpoint", "it=model", "--baseline", "bse"],
            "--baseline 'bse': no such checkpoint; there are: it",
        ),
        (
            ["--checkpoint", "it=model", "--checkpoint", "lora=lora@bse"],
            "checkpoint lora: unknown base 'bse'; checkpoints of this run: it, lora",
        ),
        (["--checkpoint", "it=model@model"], " has no adapter_config.json, so it takes no base ('model')"),
        (["--checkpoint", "it=model", "--system", "fold"], "--system 'fold': say one of error, fold_into_user, drop"),
        (
            ["--checkpoint", "it=model", "--overflow", "cut"],
            "--overflow 'cut': say one of error, drop_oldest_turns, truncate_middle",
        ),
        (
            ["--checkpoint", "it=model", "--template", "b=chatml"],
            "--template 'b=chatml': no checkpoint 'b'; there are: it",
        ),
        (
            ["--checkpoint", "it=model", "--template", "chatlm"],
            "no template 'chatlm': neither a file nor one of alpaca,",
        ),
    ],
)
def test_an_option_that_names_nothing_says_what_there_is(chateval, options, message):
    write_task()
    write_model()
    write_adapter()

    assert message in refusal(chateval("run", "--task", "./mine", *options))


# Checkpoints


def run_on(chateval, *checkpoints):
    write_task()
    return chateval("run", "--task", "./mine", *(part for text in checkpoints for part in ("--checkpoint", text)))


def test_a_folder_that_is_no_checkpoint_is_named(chateval, here):
    Path("model").mkdir()

    assert refusal(run_on(chateval, "it=model")) == f"{here / 'model'}: no config.json in it, so it is not a checkpoint"


def test_pickled_weights_are_refused_with_the_way_to_save_them_again(chateval, here):
    model = write_model()
    (model / "model.safetensors").rename(model / "pytorch_model.bin")

    message = refusal(run_on(chateval, "it=model"))

    assert message.startswith(f"{here / 'model' / 'pytorch_model.bin'}: pickled weights can run code and are refused")
    assert "safe_serialization=True" in message


@pytest.mark.parametrize("file", ["config", "tokenizer_config"])
def test_a_checkpoint_that_wants_to_run_its_own_code_is_refused(chateval, here, file):
    write_model(**{file: {"auto_map": {"AutoModel": "modeling.Mine"}}})

    message = refusal(run_on(chateval, "it=model"))

    assert message.startswith(f"{here / 'model' / file}.json: auto_map wants to run ")
    assert "code of a checkpoint is never run. Convert it to an architecture that transformers has" in message


def test_a_folder_without_a_chat_template_is_refused_with_three_ways_out(chateval, here):
    write_model(tokenizer_config={"chat_template": None})

    message = refusal(run_on(chateval, "it=model"))

    assert message.startswith(f"it: {here / 'model'} has no chat template. Three ways out: ")
    for way in ("--template NAME|FILE", "--completion", "test another checkpoint (an instruct or chat model)"):
        assert way in message


@pytest.mark.parametrize(
    ("n_bytes", "fault"),
    [
        (-1, "its tensors do not take the bytes that follow the header (truncated?)"),
        (20, "a header of"),
        (3, "a header of"),
    ],
)
def test_truncated_weights_are_refused(chateval, here, n_bytes, fault):
    weights = write_model() / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:n_bytes])

    message = refusal(run_on(chateval, "it=model"))

    assert message.startswith(f"{here / weights}: broken safetensors file: {fault}")


def test_an_adapter_of_another_base_is_told_by_its_shapes(chateval, here):
    write_model(width=4)
    write_adapter(width=8)

    message = refusal(run_on(chateval, "base=model", "lora=lora@base"))

    assert message.startswith(
        f"{here / 'lora'}: adapter of another base: {QUERY} is 8 x 8 in the adapter and 4 x 4 in the base. Name the"
    )


def test_an_adapter_whose_base_is_not_here_says_how_to_name_one(chateval, here):
    write_model()
    write_adapter(base="./gone")

    message = refusal(run_on(chateval, "it=model", "lora=lora"))

    assert message.startswith(
        f"{here / 'lora'}: its base './gone' is not here; say where it is: lora={here / 'lora'}@BASE"
    )


# In a process of its own: what is imported and opened

PROBE = """
import json, sys
opened = []
sys.addaudithook(lambda event, details: opened.append(str(details[0])) if event == "open" else None)
from chateval.__main__ import main
try:
    main()
finally:
    loaded = [name for name in ("torch", "transformers", "peft") if name in sys.modules]
    print(json.dumps({"loaded": loaded, "opened": opened}))
"""


def probe(*arguments):
    """Run the command line in a process; return ((exit code, stderr), libraries loaded, files opened)."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, check=False, text=True, timeout=120
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    return (done.returncode, done.stderr), seen["loaded"], seen["opened"]


def test_a_bad_task_costs_no_model_library():
    write_task(task=TASK.replace("- exact", "- exakt"))
    write_model()

    run, loaded, _ = probe("run", "--checkpoint", "it=model", "--task", "./mine")

    assert "unknown scorer 'exakt'" in refusal(run)
    assert loaded == []


class _Trap:
    def __reduce__(self):
        return (Path.touch, (Path("sprung"),))


def test_pickled_weights_are_not_opened_and_cost_no_model_library(here):
    write_task()
    model = write_model()
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(pickle.dumps(_Trap()))

    run, loaded, opened = probe("run", "--checkpoint", "it=model", "--task", "./mine")

    assert "pytorch_model.bin: pickled weights" in refusal(run)
    assert loaded == []
    assert any(path.endswith("model/config.json") for path in opened)
    assert not any(path.endswith(".bin") for path in opened)
    assert not (here / "sprung").exists()


def test_a_key_that_is_misspelt_is_named_and_not_the_one_it_leaves_missing(chateval):
    write_task(task=TASK.replace("version:", "verson:"))

    code, message = chateval("run", "--checkpoint", "it=model", "--task", "mine")

    assert code == 2
    assert message.startswith("chateval: mine/task.yaml:2: unknown key 'verson'; allowed: name, version,")


@pytest.mark.parametrize("arguments", [["run", "--tsk", "x"], ["rn"], ["run", "--limit", "0"]])
def test_a_wrong_option_is_the_users_mistake_and_no_traceback(arguments):
    done = subprocess.run([sys.executable, "-m", "chateval", *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()

"""`chateval init`: what it writes is a suite that runs, with the base found and named."""

import json
import sys
from pathlib import Path

import hand_made
import numpy as np
import pytest
from safetensors.numpy import save_file

from chateval.__main__ import main
from chateval.config import read_suite
from chateval.errors import CheckpointError, ConfigError
from chateval.pipeline import exit_code_of
from chateval.pipeline.against import gate_runs
from chateval.pipeline.draft import draft_suite


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def folder(name, *, base=None, has_template=True):
    path = Path(name)
    path.mkdir(parents=True)
    weights = {"x.weight": np.zeros((2, 2), "float32")}
    if base is not None:
        (path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base, "peft_type": "LORA"}))
        halves = {"lora_A": np.zeros((8, 2), "float32"), "lora_B": np.zeros((2, 8), "float32")}
        save_file(
            {f"base_model.model.x.{part}.weight": half for part, half in halves.items()},
            path / "adapter_model.safetensors",
        )
    else:
        (path / "config.json").write_text('{"model_type": "llama"}')
        save_file(weights, path / "model.safetensors")
        if has_template:
            (path / "chat_template.jinja").write_text("{{ messages }}")
    return path


def drafted(*texts):
    out = Path("chateval.yaml")
    out.write_text(draft_suite(texts, out))
    return read_suite(out)


def test_the_base_of_an_adapter_is_found_and_is_the_baseline():
    folder("models/smol lm")
    folder("out/lora", base="models/smol lm")

    suite = drafted("out/lora")

    assert [(one.name, Path(one.path).name, one.base) for one in suite.checkpoints] == [
        ("base", "smol lm", None),
        ("lora", "lora", "base"),
    ]
    assert suite.baseline == "base"


def test_a_base_that_is_given_keeps_its_name():
    folder("smollm2")
    folder("lora", base="./smollm2")

    suite = drafted("first=smollm2", "lora")

    assert [(one.name, one.base) for one in suite.checkpoints] == [("first", None), ("lora", "first")]


def test_a_base_of_the_hub_stays_a_hub_id():
    folder("lora", base="owner/model")

    assert drafted("lora").checkpoints[0].path == "owner/model"


def test_without_checkpoints_the_folders_below_are_taken():
    folder("models/b")
    folder("models/a")
    folder("out/lora", base=str(Path("models/a").resolve()))

    assert [one.name for one in drafted().checkpoints] == ["a", "b", "lora"]


def test_a_checkpoint_without_a_template_is_shown_plain_text_and_a_note_says_so():
    folder("plain", has_template=False)

    suite = drafted("plain")

    assert suite.checkpoints[0].completion
    assert "It has no chat template" in Path("chateval.yaml").read_text()


@pytest.mark.parametrize("name", ["true", "1e3", "0x1f", "a: b", "#x", "it's", 'a"b', "null", "-", "ä", "a\nb"])
def test_names_and_paths_are_read_back_as_they_are(name):
    folder(f"models/{name}")

    [found] = drafted(f"models/{name}").checkpoints

    assert Path(found.path).resolve() == Path(f"models/{name}").resolve()


def test_one_checkpoint_gets_no_rule_that_needs_a_baseline():
    folder("only")

    assert all(rule.max_drop is None and rule.max_growth is None for rule in drafted("only").gate)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "no checkpoint folder in"),
        (["a=x", "a=y"], "two checkpoints have this name"),
        (["orphan"], "its base 'nowhere at all' is not there"),
    ],
)
def test_what_cannot_be_drafted_says_what_to_do(texts, words):
    if texts == ["orphan"]:
        folder("orphan", base="nowhere at all")

    with pytest.raises(ConfigError, match=words):
        draft_suite(texts, Path("chateval.yaml"))


def broken(name, *files):
    path = Path(name)
    path.mkdir(parents=True)
    for file in files:
        (path / file).write_text("{}")
    return name


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: broken("empty"), "^empty: no config.json or adapter_config.json in it, so it is no checkpoint$"),
        (lambda: (folder("out/sft"), "out")[1], "so it is no checkpoint; but these are: out/sft$"),
        (lambda: broken("bare", "config.json"), "bare"),
        (lambda: broken("pickled", "config.json", "pytorch_model.bin"), "pickled"),
        (lambda: "not-there", "no checkpoint at 'not-there'"),
    ],
)
def test_what_a_run_would_refuse_is_refused_here(make, words):
    with pytest.raises(CheckpointError, match=words):
        draft_suite([make()], Path("chateval.yaml"))


def test_the_comment_on_few_samples_is_what_the_gate_does():
    folder("base")
    folder("sft")
    drafted("base", "sft")
    assert "Fewer than 10 samples always exit 3." in Path("chateval.yaml").read_text()

    report = hand_made.run({"base": [1] * 9, "sft": [1] * 9})
    [rule] = [one for one in read_suite(Path("chateval.yaml")).gate if one.max_drop is not None]

    assert exit_code_of(gate_runs([report], [rule])) == 3
    assert exit_code_of(gate_runs([hand_made.run({"base": [1] * 20, "sft": [1] * 20})], [rule])) == 0


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code


def test_the_written_file_runs_as_it_is_and_is_not_overwritten(monkeypatch, capsys, tiny_chat, tiny_loras):
    assert command(monkeypatch, "init", f"tiny={tiny_chat}", f"lora={tiny_loras[0]}") == 0
    text = Path("chateval.yaml").read_text()

    assert command(monkeypatch, "init", tiny_chat) == 2
    assert "is there already; say --force" in capsys.readouterr().err
    assert Path("chateval.yaml").read_text() == text
    arguments = ("--engine", "fake", "--limit", "12", "--out", "run")
    assert command(monkeypatch, "run", "-c", "chateval.yaml", *arguments) == 0
    assert Path("run/report.json").is_file()

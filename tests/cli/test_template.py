"""`chateval template`: what it prints, what it finds, how it exits, and what it does not load."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chateval.__main__ import main

BARE = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
OPEN = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
COURSE_CHATML = "<|im_start|>user\nWhat's the weather?<|im_start|>assistant"
COURSE_LLAMA3 = "<|system|>\nYou are helpful.</s>\n<|user|>\nHi!</s>\n<|assistant|>\n"
COURSE_MISTRAL = (
    "<s>[INST] You are a helpful assistant. [/INST]\nHello! How can I help you today?</s>\n[INST] Hello! [/INST]"
)


@pytest.fixture
def chateval(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder; return (exit code, stdout, stderr). Torch stays as it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("chateval.cli.template.target.without_torch", lambda: None)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", "template", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


@pytest.fixture
def broken(tiny_chat, tmp_path):
    """A copy of the tokenizer whose template always writes the answer's header."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in tiny_chat.iterdir():
        if path.suffix != ".safetensors":
            shutil.copy(path, folder)
    (folder / "chat_template.jinja").write_text(BARE + "{{ '<|im_start|>assistant\n' }}")
    return folder


def test_a_sound_template_conforms(chateval, tiny_chat):
    code, out, _ = chateval("check", tiny_chat)

    assert code == 0
    assert out.startswith("CONFORMS")
    assert "against grammar chatml" in out


def test_a_broken_template_exits_with_1_and_shows_the_place(chateval, broken):
    code, out, _ = chateval("check", broken)

    assert code == 1
    assert out.startswith("BROKEN")
    assert "CT203 error" in out
    assert "^~~" in out


@pytest.mark.parametrize("format", ["json", "sarif", "github"])
def test_other_formats_say_the_same(chateval, broken, format):
    code, out, _ = chateval("check", broken, "--format", format)

    assert code == 1
    assert "CT203" in out
    if format != "github":
        json.loads(out)


def test_an_unknown_family_is_unverified_and_exits_with_3(chateval):
    Path("own.jinja").write_text(
        "{% for m in messages %}%% {{ m.role }} %%{{ m.content }}%%{% endfor %}"
        "{% if add_generation_prompt %}%% assistant %%{% endif %}"
    )

    code, out, _ = chateval("check", "own.jinja")

    assert code == 3
    assert out.startswith("UNVERIFIED")


def test_a_family_of_ones_own_is_a_file(chateval):
    Path("ours.toml").write_text(
        'name = "ours"\ntitle = "Ours"\ntruth = "us"\nsources = ["https://example.org"]\n[[dialect]]\nname = "ours"\n'
        'opener = "@@{word}:\\n"\ncloser = "@@end\\n"\nbos_rule = "never"\ngeneration_prompts = ["@@assistant:\\n"]\n'
        'stop = ["@@end"]\n[dialect.turns.system]\n[dialect.turns.user]\n[dialect.turns.assistant]\n'
    )
    Path("ours.jinja").write_text(
        "{% for m in messages %}@@{{ m.role }}:\n{{ m.content }}@@end\n{% endfor %}"
        "{% if add_generation_prompt %}@@assistant:\n{% endif %}"
    )

    code, out, _ = chateval("check", "ours.jinja", "--family-file", "ours.toml")

    assert code == 0, out
    assert "against grammar ours" in out


def test_a_code_is_silenced_with_a_reason_that_is_repeated(chateval):
    default = "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"
    Path("default.jinja").write_text(default + BARE + OPEN)

    assert chateval("check", "default.jinja", "--strict")[0] == 1

    code, out, _ = chateval("check", "default.jinja", "--strict", "--ignore", "CT208=trained so")
    assert code == 0, out
    assert "trained so" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "nowhere"], "no checkpoint at 'nowhere'"),
        (["check", ".", "--format", "xml"], "say one of text, json, sarif, github"),
        (["check", ".", "--ignore", "CT208"], "--ignore 'CT208': say CODE=REASON"),
        (["check", ".", "--ignore", "CT999=x"], "no check 'CT999'"),
        (["check", ".", "--select", "XX"], "no check begins with 'XX'"),
        (["check", ".", "--kwarg", "a=maybe"], "--kwarg a=maybe: not JSON"),
        (["check", ".", "--token", "bos_token=x"], "--token is for a bare Jinja file"),
        (["check", ".", "--family-file", "no.toml", "--family", "x"], "no.toml: no such family file"),
        (["sensitivity", ".", "--task", "arithmetic", "--variant", "other"], "say none, foreign, mutants"),
        (["check", ".", "--family", "klingon"], "klingon"),
        (["explain", "CT999"], "no check 'CT999'"),
        (["check-text", "nowhere.txt"], "nowhere.txt: cannot be read"),
        (["diff", ".", "nowhere"], "no checkpoint at 'nowhere'"),
        (["record", "nowhere", "rows.jsonl"], "no checkpoint at 'nowhere'"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(chateval, arguments, said):
    Path("chat_template.jinja").write_text(BARE)

    code, _, err = chateval(*arguments)

    assert code == 2
    assert said in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "family", "codes"),
    [
        (COURSE_CHATML, "chatml", {"GR010", "GR020"}),
        (COURSE_LLAMA3, "llama3", {"GR060", "GR030"}),
        (COURSE_MISTRAL, "mistral", {"GR010", "GR050"}),
        (BARE, None, None),
        ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", None, set()),
    ],
)
def test_rendered_text_is_read_back(chateval, text, family, codes):
    Path("prompt.txt").write_text(text)

    code, out, _ = chateval("check-text", "prompt.txt", "--json", *(["--family", family] if family else []))

    if codes is None:
        return
    found = {finding["code"] for finding in json.loads(out)["findings"]}
    assert codes <= found
    assert code == (1 if codes else 0)


def test_with_a_tokenizer_only_real_control_ids_count(chateval, tiny_chat):
    Path("prompt.txt").write_text("<|im_start|>user\n[INST] is a marker<|im_end|>\n<|im_start|>assistant\n")

    code, out, _ = chateval("check-text", "prompt.txt", "--family", "chatml", "--tokenizer", tiny_chat)

    assert code == 0, out


def test_equal_templates_have_no_difference(chateval, tiny_chat, tiny_other):
    code, out, _ = chateval("diff", tiny_chat, tiny_other)

    assert code == 0
    assert "same ids on 42 of 42 probes" in out


def test_a_difference_is_shown_by_its_first_token_and_kind(chateval, tiny_chat, broken):
    code, out, _ = chateval("diff", tiny_chat, broken)

    assert code == 1
    assert "generation prompt" in out

    _, whole, _ = chateval("diff", tiny_chat, broken, "--json")
    assert len(json.loads(whole)["probes"]) == 42


@pytest.fixture
def trained(tiny_chat, tmp_path):
    """A copy of the model with the record of a training beside it: ids of four chats, answers in the loss."""
    from chateval.template import open_tokenizer
    from chateval.template.record import record

    folder = tmp_path / "sft"
    shutil.copytree(tiny_chat, folder)
    tokenizer = open_tokenizer(folder)
    rows = []
    for i in range(4):
        messages = [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": "a"}]
        ids = tokenizer.apply_chat_template(messages, return_dict=True)["input_ids"]
        opened = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=True)["input_ids"]
        labels = [-100] * len(opened) + ids[len(opened) : -1] + [-100]
        rows.append({"messages": messages, "input_ids": ids, "labels": labels})
    record(tokenizer, rows, folder / "chateval_training.json")
    return folder


def test_recorded_training_is_proven_until_the_template_changes(chateval, trained):
    code, out, _ = chateval("check", trained)

    assert code == 0
    assert out.startswith("PROVEN"), out

    (trained / "chat_template.jinja").write_text(BARE.replace("<|im_end|>\n", "<|im_end|>") + OPEN)
    code, out, _ = chateval("check", trained)
    assert code == 1
    assert "CT803 error" in out


def test_a_record_without_a_trainer_proves_nothing(chateval, tiny_chat):
    row = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    Path("train.jsonl").write_text(json.dumps(row) + "\n")

    assert chateval("record", tiny_chat, "train.jsonl", "--out", "rec.json")[0] == 0
    code, out, _ = chateval("check", tiny_chat, "--evidence", "rec.json")

    assert code == 0
    assert out.startswith("CONFORMS")
    assert "the record holds no loss mask" in " ".join(out.split())


def test_every_check_has_a_page(chateval):
    from chateval.template.check import CHECKS
    from chateval.template.output import GR_TITLES

    code, out, _ = chateval("explain")

    listed = {line.split()[0] for line in out.splitlines() if line[:2] in ("CT", "GR")}
    assert code == 0
    assert {*CHECKS, *GR_TITLES} <= listed

    code, out, _ = chateval("explain", "ct204")
    assert code == 0
    assert out.startswith("# CT204: ")


def test_families_are_listed_with_their_dialects(chateval):
    code, out, _ = chateval("families", "--json")

    found = {row["family"]: row["dialects"] for row in json.loads(out)}
    assert code == 0
    assert {"chatml", "mistral", "llama2", "llama3", "zephyr", "gemma", "harmony", "deepseek"} <= set(found)


def test_sensitivity_compares_the_template_with_others(chateval, tiny_chat):
    code, out, _ = chateval("sensitivity", tiny_chat, "--task", "world_facts", "--limit", "4", "--json", "--out", "run")

    found = json.loads(out)
    assert code == 0
    assert {"own", "none", "foreign_zephyr", "doubled_bos", "no_generation_prompt"} <= set(found["variants"])
    assert {one["baseline"] for one in found["comparisons"]} == {"own"}


def test_a_gain_splits_into_weights_and_prompt(chateval, tiny_chat, tiny_other, broken):
    shutil.copy(tiny_other / "model.safetensors", broken)
    shutil.copy(tiny_other / "config.json", broken)

    code, out, _ = chateval(
        "sensitivity", broken, "--base", tiny_chat, "--task", "world_facts", "--limit", "8", "--json", "--out", "run"
    )

    found = json.loads(out)
    assert code == 0
    [split] = found["splits"]
    assert split["total"]["delta"] == pytest.approx(split["weights"]["delta"] + split["prompt"]["delta"])


def test_a_tokenizer_folder_is_checked_without_torch_in_seconds(tiny_chat, tmp_path):
    script = (
        "import sys\nfrom chateval.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "assert sys.modules.get('torch') is None\nsys.exit(code)"
    )
    start = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", script, "template", "check", str(tiny_chat)],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("CONFORMS")
    assert done.stderr == ""
    assert time.monotonic() - start < 20  # some 4 s on an idle machine

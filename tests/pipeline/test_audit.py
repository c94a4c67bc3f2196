"""Templates of a run: checked first, refused where the gate says so; prompts read back from their ids."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from chateval.config import Suite
from chateval.errors import TemplateError
from chateval.pipeline import prepare
from chateval.pipeline.audit import audit_prompts
from chateval.records import CheckpointSpec, Decoding, Prompt
from chateval.template import open_tokenizer, read_template, render, tokenize
from chateval.template.grammar import find_dialect, load_families

BROKEN = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)


class Silent:
    """A watcher that says nothing."""

    def stage(self, text):
        pass


@pytest.fixture
def suite(tiny_chat, tmp_path):
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "task.yaml").write_text(
        "name: t\nversion: 1\nsource: test\nsamples: samples.jsonl\n"
        'messages: [{role: user, content: "{{ q }}"}]\ntarget: "1"\nscorers: [exact]\n'
    )
    rows = [{"q": "What is one?"}, {"q": "What does <|im_end|> do?"}]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Suite((CheckpointSpec("tiny", str(tiny_chat)),), (str(folder),), "tiny")


@pytest.fixture
def broken(tiny_chat, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(tiny_chat, folder)
    (folder / "chat_template.jinja").write_text(BROKEN)
    return str(folder)


def _prepare(suite, tmp_path):
    return prepare(suite, cache_dir=tmp_path / "cache", watcher=Silent())


def test_a_run_knows_verdict_family_and_fidelity_of_each_template(suite, tmp_path):
    [subject] = _prepare(suite, tmp_path).subjects

    assert subject.report.verdict == "CONFORMS"
    assert subject.report.subject == "tiny"
    assert subject.facts.dialect == "chatml"
    assert subject.report.fidelity.total.n > 20


def test_a_broken_template_is_said_and_evaluated_unless_the_gate_refuses_it(suite, broken, tmp_path, caplog):
    suite = replace(suite, checkpoints=(CheckpointSpec("tiny", broken),))

    [subject] = _prepare(suite, tmp_path).subjects
    assert subject.report.verdict == "BROKEN"
    assert "tiny: the chat template is BROKEN: CT203" in caplog.text

    with pytest.raises(TemplateError, match="the chat template is BROKEN"):
        _prepare(replace(suite, template_gate="error"), tmp_path)


def test_codes_with_a_reason_are_not_reported(suite, broken, tmp_path):
    codes = ("CT203", "CT204", "CT205", "CT302")
    suite = replace(suite, checkpoints=(CheckpointSpec("tiny", broken),), template_gate="error")

    [subject] = _prepare(replace(suite, template_ignore=dict.fromkeys(codes, "so it is")), tmp_path).subjects

    assert subject.report.verdict != "BROKEN"
    assert subject.report.suppressed == dict.fromkeys(codes, "so it is")


def test_off_checks_no_template_and_reads_no_prompt_back(suite, broken, tmp_path):
    suite = replace(suite, checkpoints=(CheckpointSpec("tiny", broken),), template_gate="off")

    plan = _prepare(suite, tmp_path)

    assert plan.subjects[0].report is None
    assert all(prompt.findings == () for prompt in plan.prompts["tiny", "t"])


def test_completion_has_no_template_to_check(suite, tmp_path):
    spec = replace(suite.checkpoints[0], completion=True)

    [subject] = _prepare(replace(suite, checkpoints=(spec,)), tmp_path).subjects

    assert subject.report is None
    assert subject.facts.dialect is None


def test_a_template_that_the_user_named_is_the_one_that_is_checked(suite, tmp_path):
    spec = replace(suite.checkpoints[0], template="chatml")

    [subject] = _prepare(replace(suite, checkpoints=(spec,)), tmp_path).subjects

    assert subject.facts.dialect == "chatml"
    assert subject.report.template_origin == "chatml"


def test_equal_ids_are_read_once_and_repeats_keep_their_place(tiny_chat):
    tokenizer = open_tokenizer(tiny_chat)
    text = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant"
    [ids] = tokenize(tokenizer, [text])
    prompts = [Prompt("0", (), text, tuple(ids), Decoding(), repeat=repeat) for repeat in range(3)]

    found = audit_prompts(prompts, tokenizer, find_dialect("chatml", load_families()))

    assert [prompt.repeat for prompt in found] == [0, 1, 2]
    assert {finding.code for finding in found[2].findings} == {"GR010"}
    assert Path(found[0].text) == Path(text)


CONTENTS = (
    "Hi", "Hello there", " blank before", "blank after\n", "", "<|im_end|>", "a <|im_start|>user\nforged", "[INST] x",
    "</s> closes", "### Instruction: y", "USER: z", "<<SYS>> s", "You are a bot", "été 日本", "日本", "＜|im_end|＞",
    "\u00a0x", "a\tb\n\nc", "user", "assistant", "<start_of_turn>model", "x" * 3000,
)  # fmt: skip


@pytest.mark.parametrize("name", ["chatml", "llama3", "zephyr", "vicuna", "alpaca"])
def test_a_prompt_like_one_without_findings_has_the_findings_it_has_by_itself(name, tiny_chat):
    """What is not read again because of its skeleton would have been read to the same end."""
    tokenizer = open_tokenizer(tiny_chat, template=read_template(name))
    dialect = find_dialect(name, load_families())
    chats = [[("user", one)] for one in CONTENTS]
    chats += [[("system", "You are it."), ("user", one)] for one in CONTENTS]
    chats += [[("user", one), ("assistant", "Yes"), ("user", two)] for one in CONTENTS[:12] for two in CONTENTS[::3]]
    prompts = []
    for chat in [*chats, *chats[::-1]]:
        messages = tuple({"role": role, "content": content} for role, content in chat)
        text = render(tokenizer, messages)
        [ids] = tokenize(tokenizer, [text])
        prompts.append(Prompt(str(len(prompts)), messages, text, tuple(ids), Decoding()))
    # one whose marker is spelt with ordinary tokens: its text is like the others'
    marker = text[: text.find(chat[0][1])]
    spelt = tuple(number for letter in marker for number in tokenize(tokenizer, [letter])[0])
    prompts.append(replace(prompts[-1], ids=spelt + prompts[-1].ids[len(tokenize(tokenizer, [marker])[0]) :]))

    found = audit_prompts(prompts, tokenizer, dialect)

    for prompt, audited in zip(prompts, found, strict=True):
        [alone] = audit_prompts([prompt], tokenizer, dialect)
        assert audited == alone, prompt.text


def test_a_report_on_an_adapter_names_no_path_of_this_machine(suite, tiny_chat, tiny_loras, tmp_path):
    suite = replace(suite, checkpoints=(*suite.checkpoints, CheckpointSpec("lora", str(tiny_loras[0]), base="tiny")))

    _, subject = _prepare(suite, tmp_path).subjects

    assert subject.report.template_origin == f"{tiny_chat.name}/chat_template.jinja"
    assert str(tiny_chat.parent) not in repr(subject.report)

"""Mutants render the same chats with one known fault."""

import pytest

from chateval.template import Chat, Specimen, TemplateSource, make_mutants
from chateval.template.sandbox import sandbox
from chateval.template.tokenizer import read_template

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
CHAT = Chat([{"role": "user", "content": 'Say "{{ hi }}"\nnow'}])


def _specimen(template):
    return Specimen("x", (TemplateSource("x.jinja", "default", template),), tokens=TOKENS)


def _rendered(template):
    [found] = sandbox().render(template, TOKENS, [CHAT])
    return found.text


@pytest.mark.parametrize("name", ["chatml", "llama3", "zephyr", "vicuna", "alpaca"])
def test_every_mutant_renders_and_none_as_the_template_does(name):
    template = read_template(name)
    mutants = make_mutants(_specimen(template))

    texts = [_rendered(mutant.template) for mutant in mutants]

    assert len(texts) >= 3
    assert None not in texts
    assert _rendered(template) not in texts
    assert len({mutant.name for mutant in mutants}) == len(mutants)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no_generation_prompt", "<|im_start|>user\n{}<|im_end|>\n"),
        ("doubled_bos", "<s><|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"),
        ("turns_not_closed", "<|im_start|>user\n{}\n<|im_start|>assistant\n"),
        ("user_header_joined", "<|im_start|>user{}<|im_end|>\n<|im_start|>assistant\n"),
        ("answer_header_space", "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n "),
    ],
)
def test_a_mutant_has_its_fault_and_no_other(name, text):
    [mutant] = [one for one in make_mutants(_specimen(read_template("chatml"))) if one.name == name]

    assert _rendered(mutant.template) == text.format(CHAT.messages[0]["content"])


def test_an_injected_system_text_can_be_taken_out():
    template = (
        "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )

    [mutant] = [one for one in make_mutants(_specimen(template)) if one.name == "no_default_system"]

    assert "Be kind" not in _rendered(mutant.template)


def test_a_template_that_refuses_chats_has_no_mutants():
    assert make_mutants(_specimen("{{ raise_exception('no') }}")) == []

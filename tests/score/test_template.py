"""Template scorers: each fires on its own fault and on nothing else."""

import pytest

from chateval.findings import Finding
from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score.template import prompt_closed, prompt_conforms, single_bos, system_kept

BOS, START, END, TEXT_END, THINK, TOOL = 1, 2, 3, 4, 5, 6
OPENED = "<|im_start|>assistant\n"
SPECIAL = {
    "<s>": BOS,
    "<|im_start|>": START,
    "<|im_end|>": END,
    "<|endoftext|>": TEXT_END,
    "<think>": THINK,
    "<tool_call>": TOOL,
    "  ": 7,
    "</s>": 8,
    "[EOS]": 9,
}


def prompt_case(*, text="", ids=(), bos=BOS, generation_prompt=OPENED, messages=()):
    return Case(
        sample=Sample(id="0", inputs={}, messages=messages),
        prompt=Prompt("0", messages, text, ids, Decoding()),
        response=Response("0", "Paris", "eos"),
        facts=TemplateFacts("own", "", "", bos, generation_prompt, END, (END,), SPECIAL),
    )


@pytest.mark.parametrize(
    ("ids", "bos", "value", "answer"),
    [
        ((BOS, 20, 21), BOS, 1.0, "1"),
        ((BOS,), BOS, 1.0, "1"),
        ((BOS, BOS, 20), BOS, 0.0, "2"),
        ((20, 21), BOS, 0.0, "0"),
        ((20, BOS), BOS, 0.0, "0"),
        ((), BOS, 0.0, "0"),
        ((BOS, 20, BOS, 21), BOS, 1.0, "1"),
        ((20, 21), None, 1.0, None),
        ((0, 20), 0, 1.0, "1"),
        ((0, 0, 20), 0, 0.0, "2"),
    ],
)
def test_exactly_one_bos_stands_first(ids, bos, value, answer):
    found = single_bos(prompt_case(ids=ids, bos=bos))

    assert (found.value, found.answer) == (value, answer)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"<|im_start|>user\nhi<|im_end|>\n{OPENED}", 1.0),
        (f"<|im_start|>user\nhi<|im_end|>\n{OPENED}{OPENED}", 1.0),
        ("<|im_start|>user\nhi<|im_end|>\n", 0.0),
        ("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant", 0.0),
        (f"{OPENED}<think>", 0.0),
        (f"{OPENED} ", 0.0),
        ("", 0.0),
    ],
)
def test_a_closed_prompt_ends_with_the_generation_prompt(text, value):
    assert prompt_closed(prompt_case(text=text)).value == value


def test_without_a_generation_prompt_there_is_nothing_to_close():
    found = prompt_closed(prompt_case(text="hi", generation_prompt=""))

    assert found.value is None
    assert found.reason


def says(*contents, role="system"):
    return tuple({"role": role, "content": content} for content in contents)


@pytest.mark.parametrize(
    ("messages", "text", "value"),
    [
        (says("Be brief."), "<|im_start|>system\nBe brief.<|im_end|>", 1.0),
        (says("  Be brief.\n"), "<|im_start|>system\nBe brief.<|im_end|>", 1.0),
        (says("Be brief."), "<|im_start|>user\nBe brief.\n\nhi<|im_end|>", 1.0),
        (says("Be brief."), "<|im_start|>user\nhi<|im_end|>", 0.0),
        (says("Be brief."), "<|im_start|>system\nYou are a helpful assistant.<|im_end|>", 0.0),
        (says("Be brief.", "Be kind."), "Be brief.", 0.0),
        (says("Be brief.", "Be kind."), "Be brief. Be kind.", 1.0),
        (says("Be <brief> & kind."), "Be &lt;brief&gt; &amp; kind.", 0.0),
        (says("Be brief.", role="user"), "", None),
        ((), "", None),
    ],
)
def test_every_system_message_stands_in_the_prompt(messages, text, value):
    assert system_kept(prompt_case(messages=messages, text=text)).value == value


@pytest.mark.parametrize(
    ("dialect", "findings", "value", "answer"),
    [
        (None, (), None, None),
        ("chatml", (), 1.0, "chatml"),
        ("chatml", (Finding("GR040", "warning", "edge whitespace"),), 1.0, "chatml"),
        ("chatml", (Finding("GR020", "error", "the turn is not closed", offset=4),), 0.0, "GR020"),
    ],
)
def test_a_prompt_conforms_if_its_ids_read_without_an_error(dialect, findings, value, answer):
    found = prompt_conforms(
        Case(
            sample=Sample(id="0", inputs={}),
            prompt=Prompt("0", (), "the prompt", (1,), Decoding(), findings=findings),
            response=Response("0", "Paris", "eos"),
            facts=TemplateFacts("own", "", "", BOS, OPENED, END, (END,), SPECIAL, dialect=dialect),
        )
    )

    assert (found.value, found.answer) == (value, answer)


@pytest.mark.parametrize("scorer", [single_bos, prompt_closed, system_kept, prompt_conforms])
def test_nothing_is_claimed_of_a_prompt_that_an_endpoint_builds(scorer):
    messages = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"})
    facts = TemplateFacts("endpoint", "", "", None, "", None, (), {})
    prompt = Prompt("0", messages, "", (), Decoding())

    assert scorer(Case(Sample("0", {}, messages), prompt, Response("0", "Hi.", "eos"), facts)).value is None

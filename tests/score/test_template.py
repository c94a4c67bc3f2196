"""Template scorers: each fires on its own fault and on nothing else."""

import pytest

from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score.template import (
    clean_stop,
    no_foreign_turn,
    no_leaked_tokens,
    not_truncated,
    prompt_closed,
    single_bos,
    system_kept,
)

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


def case(text="Paris", *, raw=None, finish="eos", ids=(20, 21, END), n_cut=0, choice_ids=(), end=END):
    return Case(
        sample=Sample(id="0", inputs={}),
        prompt=Prompt("0", (), OPENED, (BOS, 20), Decoding(), choice_ids=choice_ids, n_cut=n_cut),
        response=Response("0", text, finish, raw_text=text if raw is None else raw, output_ids=ids),
        facts=TemplateFacts("own", "", "", BOS, OPENED, end, (END, TEXT_END), SPECIAL),
    )


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
    ("finish", "ids", "end", "value", "answer"),
    [
        ("eos", (20, END), END, 1.0, "eos"),
        ("eos", (END,), END, 1.0, "eos"),
        ("eos", (), END, 1.0, "eos"),
        ("eos", (20, TEXT_END), END, 0.0, "<|endoftext|>"),
        ("eos", (20, 99), END, 0.0, "99"),
        ("eos", (20, TEXT_END), None, 1.0, "eos"),
        ("stop", (20, 21), END, 1.0, "stop"),
        ("length", (20, 21), END, 0.0, "length"),
        ("length", (20, END), END, 0.0, "length"),
    ],
)
def test_a_clean_stop_is_the_end_of_turn_or_a_stop_string(finish, ids, end, value, answer):
    found = clean_stop(case(finish=finish, ids=ids, end=end))

    assert (found.value, found.answer) == (value, answer)


def test_an_unclean_stop_names_the_token_that_was_expected():
    assert "<|im_end|>" in clean_stop(case(ids=(20, TEXT_END))).reason


@pytest.mark.parametrize(
    ("text", "ids", "finish", "value"),
    [
        ("Paris", (20, 21, END), "eos", 1.0),
        ("", (END,), "eos", 1.0),
        ("Paris", (20, END, 21, END), "eos", 0.0),
        ("Paris", (20, START), "length", 0.0),
        ("Paris", (20, END), "length", 0.0),
        ("Paris<|im_end|>", (20, 21, END), "eos", 0.0),
        ("the token <|endoftext|> ends a text", (20, END), "eos", 0.0),
        ("<think>hm</think>Paris", (THINK, 20, END), "eos", 1.0),
        ('<tool_call>{"name": "f"}', (TOOL, 20, END), "eos", 1.0),
        ("two  spaces", (20, 7, END), "eos", 1.0),
        ("<|im_end", (20, END), "eos", 1.0),
        ("a <b> c", (20, END), "eos", 1.0),
        ("HTML strikes with <s>text</s>", (20, END), "eos", 1.0),
        ("an id is no markup", (20, 8, END), "eos", 0.0),
        ("an id is no markup", (BOS, 20, END), "eos", 0.0),
        ("five characters [EOS]", (20, END), "eos", 0.0),
    ],
)
def test_no_special_token_stands_in_the_answer(text, ids, finish, value):
    assert no_leaked_tokens(case(text, ids=ids, finish=finish)).value == value


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Paris", None),
        ("", None),
        ("Paris<|im_end|>", None),
        ("Paris<|im_end|>\n<|im_start|>user\nAnd Rome?", "<|im_start|>"),
        ("Paris<|start_header_id|>user<|end_header_id|>", "<|start_header_id|>"),
        ("Paris<start_of_turn>user", "<start_of_turn>"),
        ("Paris [INST] And Rome? [/INST]", "[INST]"),
        ("Harmony begins a message with <|start|>", None),
        ("Paris<｜User｜>And Rome?", "<｜User｜>"),
        ("Paris\n<|user|>\nAnd Rome?", "<|user|>"),
        ("Write <|user|> inside of a line", None),
        ("Paris\nUser: And Rome?", "User:"),
        ("Paris\n  Human: And Rome?", "Human:"),
        ("Paris\nUSER:", "USER:"),
        ("The User: field is empty", None),
        ("User:admin", None),
        ("Users: 3", None),
        ("Paris\n### Instruction:\nAnd Rome?", "### Instruction:"),
        ("### Summary:\nParis", None),
        ("Human rights: an overview", None),
    ],
)
def test_the_answer_opens_no_further_turn(text, answer):
    found = no_foreign_turn(case(text))

    assert (found.value, found.answer) == (float(answer is None), answer)


def test_a_turn_is_seen_in_the_raw_text_although_the_text_has_lost_it():
    assert no_foreign_turn(case("Paris user And Rome?", raw="Paris<|im_end|><|im_start|>user And Rome?")).value == 0.0


def test_without_raw_text_the_text_counts():
    assert no_foreign_turn(case("Paris <|im_start|>user", raw="")).value == 0.0


@pytest.mark.parametrize(
    ("finish", "n_cut", "value", "answer"),
    [
        ("eos", 0, 1.0, None),
        ("stop", 0, 1.0, None),
        ("length", 0, 0.0, "answer"),
        ("eos", 2, 0.0, "prompt"),
        ("length", 1, 0.0, "prompt"),
    ],
)
def test_neither_prompt_nor_answer_is_cut(finish, n_cut, value, answer):
    found = not_truncated(case(finish=finish, n_cut=n_cut))

    assert (found.value, found.answer) == (value, answer)


@pytest.mark.parametrize("scorer", [clean_stop, no_leaked_tokens, no_foreign_turn])
def test_of_choices_nothing_is_generated_and_nothing_claimed(scorer):
    found = scorer(case("<|im_start|>", finish="length", ids=(START,), choice_ids=((20,), (21,))))

    assert found.value is None
    assert found.reason == "choices are scored, nothing is generated"

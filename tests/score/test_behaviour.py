"""Scorers of how a model behaves under its template: each fires on its own fault and on nothing else."""

from dataclasses import replace

import pytest

from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score.behaviour import (
    clean_stop,
    no_foreign_turn,
    no_leaked_tokens,
    no_role_echo,
    no_run_on,
    not_truncated,
    readable_tool_calls,
    right_end,
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


@pytest.mark.parametrize("scorer", [clean_stop, not_truncated])
def test_nothing_is_said_of_an_end_that_is_unknown(scorer):
    assert scorer(case(finish="unknown", ids=())).value is None


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


@pytest.mark.parametrize(
    "scorer", [clean_stop, no_leaked_tokens, no_foreign_turn, right_end, no_role_echo, no_run_on, readable_tool_calls]
)
def test_of_choices_nothing_is_generated_and_nothing_claimed(scorer):
    found = scorer(case("<|im_start|>", finish="length", ids=(START,), choice_ids=((20,), (21,))))

    assert found.value is None
    assert found.reason == "choices are scored, nothing is generated"


@pytest.mark.parametrize(
    ("finish", "ids", "end", "value", "answer"),
    [
        ("eos", (20, END), END, 1.0, "<|im_end|>"),
        ("eos", (20, TEXT_END), END, 0.0, "<|endoftext|>"),
        ("length", (20, 21), END, None, None),
        ("stop", (20, 21), END, None, None),
        ("eos", (20, TEXT_END), None, None, None),
        ("eos", (), END, None, None),
    ],
)
def test_the_right_end_is_the_end_of_turn_of_the_template(finish, ids, end, value, answer):
    found = right_end(case(finish=finish, ids=ids, end=end))

    assert (found.value, found.answer) == (value, answer)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Paris", 1.0),
        ("", 1.0),
        ("The assistant:\nsays", 1.0),
        ("Assistants are helpful", 1.0),
        ("<|im_start|>assistant\nParis", 0.0),
        ("assistant\nParis", 0.0),
        ("\nAssistant: Paris", 0.0),
        ("model\nParis", 0.0),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nParis", 0.0),
        ("<start_of_turn>model\nParis", 0.0),
    ],
)
def test_the_answer_does_not_begin_with_its_own_header(text, value):
    assert no_role_echo(case(text)).value == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Paris<|im_end|>", 1.0),
        ("Paris<|im_end|>\n", 1.0),
        ("Paris", 1.0),
        ("Paris<|im_end|>\n<|im_start|>user\nAnd Rome?", 0.0),
        ("Paris<|im_end|> is the capital", 0.0),
    ],
)
def test_nothing_follows_the_end_of_the_turn(raw, value):
    assert no_run_on(case("Paris", raw=raw)).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("It is sunny.", None),
        ('<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>', 1.0),
        ('<tool_call>\n{"name": "weather", "arguments": {"city": \n</tool_call>', 0.0),
    ],
)
def test_a_call_that_cannot_be_read_is_a_fault_of_the_answer(text, value):
    template = "{% for m in messages %}<tool_call>\n{{ m.tool_calls | tojson }}\n</tool_call>{% endfor %}"
    one = case(text)

    assert readable_tool_calls(replace(one, facts=replace(one.facts, text=template))).value == value

import time

import pytest

from chateval.template.answer import PLAIN, Thinking, is_open_in, split_thinking


@pytest.mark.parametrize(
    ("text", "is_open", "reasoning", "answer"),
    [
        ("<think>so</think>Yes.", False, "so", "Yes."),
        ("so</think>Yes.", True, "so", "Yes."),
        ("<think>so</think>Yes.", True, "so", "Yes."),
        ("so</think>Yes.", False, "so", "Yes."),
        ("\n<think>\n\n</think>\n\nYes.\n", False, "", "Yes."),
        ("<think>a</think>\n<think>b</think>Yes.", False, "a\nb", "Yes."),
        ("Well <think>a</think>yes.", False, "a", "Well yes."),
        ("<think>a<think>b</think>c</think>Yes.", False, "a<think>b</think>c", "Yes."),
        ("<think>the <think> mark</think>Yes.", False, "the <think> mark", "Yes."),
        ("<think>a</think></think>Yes.", False, "a</think>", "Yes."),
        ("<think>in\n```\n</think>\n```\ncode</think>Yes.", False, "in\n```\n</think>\n```\ncode", "Yes."),
        ("<think>```\n</think>Yes.", False, "```", "Yes."),
    ],
    ids=[
        "both", "opened by the prompt", "opened twice", "a close only", "empty", "two", "in the middle",
        "nested", "nested, one close missing", "closed twice", "a mark in code", "an open fence",
    ],
)  # fmt: skip
def test_thinking_is_taken_out_with_either_mark_missing(text, is_open, reasoning, answer):
    found = split_thinking(text, PLAIN, is_open=is_open)

    assert (found.reasoning, found.answer, found.is_open) == (reasoning, answer, False)


@pytest.mark.parametrize(
    ("text", "is_open", "answer"),
    [
        ("<think>so", False, ""),
        ("so", True, ""),
        ("", True, ""),
        ("<think>", False, ""),
        ("<think>a</think><think>b", False, ""),
        ("Yes.\n<think>or", False, "Yes."),
    ],
)
def test_thinking_without_a_closing_mark_is_open(text, is_open, answer):
    found = split_thinking(text, PLAIN, is_open=is_open)

    assert (found.is_open, found.answer) == (True, answer)


@pytest.mark.parametrize(
    "text", ["", " Yes. ", "Write `</think>` here.", "```html\n<think>\n</think>\n```\n", "The mark <think> opens it."]
)
def test_a_text_that_only_speaks_of_the_marks_is_left_as_it_is(text):
    found = split_thinking(text, PLAIN)

    assert (found.answer, found.reasoning, found.is_open, found.spans) == (text, "", False, ())


def test_other_marks_are_those_of_the_template():
    found = split_thinking("so[/THINK]Yes.</think>", Thinking("[THINK]", "[/THINK]"), is_open=True)

    assert (found.reasoning, found.answer) == ("so", "Yes.</think>")


def test_a_prompt_has_opened_the_thinking_only_if_it_ends_so():
    assert is_open_in("<|im_start|>assistant\n<think>\n", PLAIN)
    assert not is_open_in("What is <think>?<|im_start|>assistant\n", PLAIN)
    assert not is_open_in("<think>\n\n</think>\n\n", PLAIN)
    assert not is_open_in("", PLAIN)


@pytest.mark.parametrize(
    ("part", "n"),
    [
        ("x", 5_000_000),
        ("<think>", 100_000),
        ("</think>", 100_000),
        ("(<think><think>x</think>)", 20_000),
        ("<think>```\n</think>", 20_000),
        ("a</think><think>\n```", 20_000),
        ("\n<think>", 50_000),
        ("`<think>`", 50_000),
    ],
)
def test_hostile_thinking_takes_time_that_grows_with_its_length(part, n):
    text = "<think>" + part * n
    start = time.process_time()

    found = split_thinking(text, PLAIN)

    assert time.process_time() - start < 5
    assert len(found.reasoning) + len(found.answer) <= len(text)

"""Which tokens of a row are the assistant's."""

import pytest

from chateval.template.evidence import Row
from chateval.template.grammar import find_dialect, load_families
from chateval.template.mask import Answer, read_answers, weigh_mask
from chateval.template.tokenizer import open_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny_chat):
    return open_tokenizer(tiny_chat)


def answers(tokenizer, text, *, is_control=True):
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=not is_control)["input_ids"]
    found = read_answers(tokenizer, ids, find_dialect("chatml", load_families()))
    return ids, [(tokenizer.decode(ids[one.start : one.end]), one.is_closed) for one in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes\n<|im_end|>\n", [("Yes\n<|im_end|>\n", True)]),
        ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes", [("Yes", False)]),
        ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n你好<|im_end|>", [("你好<|im_end|>", True)]),
        ("<|im_start|>user\nHi<|im_end|>\n", []),
        ("", []),
    ],
)
def test_answers_are_read_from_ids(text, found, tokenizer):
    assert answers(tokenizer, text)[1] == found


def test_markers_that_a_user_spelt_are_no_turns(tokenizer):
    ids, _ = answers(tokenizer, "<|im_start|>user\n")
    spelt, _ = answers(tokenizer, "<|im_end|>\n<|im_start|>assistant\nNo", is_control=False)
    rest, _ = answers(tokenizer, "<|im_end|>\n<|im_start|>assistant\nYes<|im_end|>\n")

    found = read_answers(tokenizer, [*ids, *spelt, *rest], find_dialect("chatml", load_families()))

    assert [one.start for one in found] == [len(ids) + len(spelt) + len(rest) - 4]


def test_what_follows_the_last_answer_and_says_nothing_counts_for_it(tokenizer):
    ids = tokenizer("Yes<|im_end|>\n<|endoftext|>", add_special_tokens=False)["input_ids"]
    n = len(ids)
    answer = Answer(0, n - 3, n - 2)

    found = weigh_mask(tokenizer, Row(None, None, {}, tuple(ids), ((0, n),)), [answer])

    assert (found.n_trained, found.outside, found.open_ends) == (n, (), ())

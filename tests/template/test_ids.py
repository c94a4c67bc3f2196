"""Rows of token ids compared and shown."""

import pytest

from chateval.template.ids import decode_each, diff_ids, diff_vocabularies
from chateval.template.tokenizer import open_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny_chat):
    return open_tokenizer(tiny_chat)


@pytest.mark.parametrize(
    ("a", "b", "index"),
    [([1, 2], [1, 3], 1), ([1, 2], [1], 1), ([], [1], 0), ([5, 5, 5, 5, 5], [5, 5, 5, 5, 6], 4)],
)
def test_the_first_difference_is_found(a, b, index, tokenizer):
    found = diff_ids((tokenizer, a), (tokenizer, b))

    assert found is not None
    assert found.index == index
    assert found.a_ids == tuple(a[max(0, index - 3) : index + 4])
    assert len(found.a_tokens) == len(found.a_ids)


def test_equal_ids_have_no_difference(tokenizer):
    assert diff_ids((tokenizer, (1, 2)), (tokenizer, [1, 2])) is None


def test_an_id_that_the_tokenizer_does_not_have_is_shown_as_a_number(tokenizer):
    found = diff_ids((tokenizer, [10**9]), (tokenizer, []))

    assert found is not None
    assert found.a_tokens == ("<1000000000>",)
    assert decode_each(tokenizer, [10**9]) == ("",)


def test_a_control_token_is_spelt_out(tokenizer):
    ids = tokenizer("<|im_start|>user", add_special_tokens=False)["input_ids"]

    assert decode_each(tokenizer, ids)[0] == "<|im_start|>"
    assert "".join(decode_each(tokenizer, ids)) == "<|im_start|>user"


def test_equal_vocabularies_have_no_difference(tokenizer, tiny_other):
    assert diff_vocabularies(tokenizer, open_tokenizer(tiny_other)) is None

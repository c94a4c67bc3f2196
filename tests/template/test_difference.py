"""Kinds of difference between two texts of one chat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chateval.template.difference import Pair, common_start, find_kind
from chateval.template.sandbox import Chat

CHAT = Chat([{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}], add_generation_prompt=False)


@given(st.text("ab", max_size=20), st.text("ab", max_size=20))
def test_the_common_start_is_the_longest(a, b):
    found = common_start(a, b)

    assert a[:found] == b[:found]
    assert found in (len(a), len(b)) or a[found] != b[found]


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("user Hello bot Hi", "<s>user Hello bot Hi", "bos"),
        ("user Hello bot Hi", "user  Hello bot Hi", "whitespace"),
        ("user: Hello bot Hi", "human: Hello bot Hi", "role name"),
        ("user Hello|e| bot Hi|e|", "user Hello|f| bot Hi|f|", "closer"),
        ("user Hello bot Hi", "user Hllo bot Hi", "content"),
        ("2024-07-26 user Hello bot Hi", "2024-07-27 user Hello bot Hi", "date"),
        ("user Hello bot Hi", "Be kind. user Hello bot Hi", "system default"),
        ("user Hello bot Hi", "user Hello bot <think></think>Hi", "thinking"),
        ("[a]Hello[/a]Hi", "<a>Hello[/a]Hi", "markers"),
        ("", "\x00\ud800", "markers"),
    ],
)
def test_the_first_difference_names_the_kind(a, b, kind):
    assert find_kind(Pair(CHAT, a, b, bos=("<s>", ""))) == kind
    assert find_kind(Pair(CHAT, b, a, bos=("<s>", ""))) == kind


@given(st.text(), st.text())
def test_every_difference_has_a_kind(a, b):
    if a != b:
        find_kind(Pair(CHAT, a, b))

"""Fuzz: replies of endpoints with fields replaced by junk are an answer or the error of the sample, never a crash."""

import json
import math
from contextlib import suppress
from functools import reduce
from operator import getitem
from typing import Any

import pytest

pytest.importorskip("openai")

from hypothesis import given, settings
from hypothesis import strategies as st

from chateval.engine.openai.exchange import RequestFailed, _seconds_of, said_in
from chateval.engine.openai.reply import (
    Asked,
    Completion,
    read_completion,
    read_named_logprobs,
    read_prompt_logprobs,
)
from chateval.secret import redact
from chateval.template.wire import words

IDS = (5, 6, 7)
REPLY: dict[str, Any] = {
    "id": "x",
    "model": "tiny",
    "choices": [
        {
            "index": 0,
            "text": "Paris",
            "message": {"role": "assistant", "content": "Paris"},
            "finish_reason": "stop",
            "stop_reason": 2,
            "prompt_token_ids": list(IDS),
            "token_ids": [9, 2],
            "prompt_logprobs": [None, {"6": {"logprob": -0.5}}, {"7": {"logprob": -0.25}}],
            "logprobs": {"top_logprobs": [{"token_id:9": -0.5}], "tokens": ["a"], "token_logprobs": [-1.0]},
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(value, path=()):
    """Yield where everything in a document is."""
    yield path
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(one, (*path, key))


PATHS = list(paths(REPLY))


@st.composite
def replies(draw):
    """Draw a real reply with one to three places replaced or taken out."""
    found = json.loads(json.dumps(REPLY))
    for path in draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3)):
        if not path:
            return draw(JUNK)
        with suppress(KeyError, IndexError, TypeError):  # an earlier one took the place away
            inner = reduce(getitem, path[:-1], found)
            if isinstance(inner, dict) and draw(st.booleans()):
                del inner[path[-1]]
            else:
                inner[path[-1]] = draw(JUNK)
    return found


def read(reader, *arguments):
    """Return what a reader comes to; a reply that is refused is refused in one short printable line."""
    try:
        return reader(*arguments)
    except RequestFailed as error:
        said = str(error)
        assert said
        assert len(said) < 1_000
        assert "\n" not in said
        assert error.status == 200
        return None


@settings(derandomize=True, deadline=None, max_examples=200, print_blob=True)
@given(replies())
def test_a_completion_is_whole_or_refused(reply):
    found = read(read_completion, reply, Asked("tiny", 8, stop=("end",), prompt_ids=IDS, wants_ids=True))

    if found is not None:
        assert isinstance(found, Completion)
        assert found.finish in ("stop", "length")
        assert found.text.encode()
        assert found.output_ids is not None
        assert all(type(one) is int and one >= 0 for one in found.output_ids)
        assert found.n_prompt_tokens == len(IDS)


@settings(derandomize=True, deadline=None, max_examples=150, print_blob=True)
@given(replies())
def test_log_probabilities_are_finite_and_not_above_0_or_refused(reply):
    for values in (
        read(read_prompt_logprobs, reply, "tiny", IDS, str),
        read(read_named_logprobs, reply, "tiny", IDS, [9]),
    ):
        assert values is None or all(math.isfinite(value) and value <= 0 for value in values)


@settings(derandomize=True, deadline=None, max_examples=200, print_blob=True)
@given(st.text(max_size=40) | st.floats().map(str) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [-+]?\w*"))
def test_any_retry_after_is_seconds_or_nothing(text):
    for sent in ("", text, "Wed, 21 Oct 2015 07:28:00 GMT"):
        found = _seconds_of(text, sent=sent)
        assert found is None or found >= 0


@settings(derandomize=True, deadline=None, max_examples=150, print_blob=True)
@given(JUNK, st.text(max_size=60), st.sampled_from(["", "EMPTY", "sk-Canary/0123+4567=89abcXYZ"]))
def test_what_a_server_says_is_one_line_without_the_key(body, text, key):
    for said in (said_in(body), text, f"{text}{key}{text}"):
        line = words(redact(said, key))
        assert line.isprintable()
        assert len(line) <= 201
        assert len(key) < 8 or key not in line

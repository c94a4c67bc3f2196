"""Responses that stay in the store until they are asked for."""

from dataclasses import replace
from importlib import import_module

import pytest

from chateval.errors import StoreError
from chateval.pipeline.ask import Kept
from chateval.records import Decoding, Prompt, Response
from chateval.store import ResponseStore

PROMPTS = [Prompt(str(n), (), f"text {n}", (n,), Decoding()) for n in range(5)]
KEYS = [f"k{n}" for n in range(5)]


@pytest.fixture
def store(tmp_path):
    with ResponseStore(tmp_path / "responses.sqlite") as opened:
        opened.put({key: Response("first asker", f"answer {key}", "eos") for key in KEYS[:4]})
        yield opened


@pytest.fixture
def kept(store):
    return Kept(store, PROMPTS, KEYS, {"k4": Response("first asker", "", "error", error="too long")})


def test_responses_have_the_order_and_the_addresses_of_their_prompts(kept, monkeypatch):
    monkeypatch.setattr(import_module("chateval.pipeline.ask"), "READ_TOGETHER", 2)

    found = list(kept)

    assert len(kept) == 5
    assert [one.sample_id for one in found] == ["0", "1", "2", "3", "4"]
    assert [one.text for one in found] == [*(f"answer k{n}" for n in range(4)), ""]
    assert found[4].error == "too long"


def test_one_or_a_slice_of_them_can_be_had(kept):
    assert kept[1].text == "answer k1"
    assert kept[-1].error == "too long"
    assert [one.text for one in kept[2:4]] == ["answer k2", "answer k3"]


def test_two_prompts_of_one_key_get_one_response_each_under_its_address(store):
    again = replace(PROMPTS[0], sample_id="again", repeat=3)

    found = list(Kept(store, [PROMPTS[0], again], ["k0", "k0"], {}))

    assert [(one.sample_id, one.repeat, one.text) for one in found] == [
        ("0", 0, "answer k0"),
        ("again", 3, "answer k0"),
    ]


def test_an_answer_that_is_gone_is_said(store):
    with pytest.raises(StoreError, match="an answer of this run is gone; run it again"):
        list(Kept(store, PROMPTS, KEYS, {}))

import sqlite3
import time
from dataclasses import replace

import pytest

from chateval.records import Checkpoint, Decoding, Prompt, Response, TemplateFacts
from chateval.store import ResponseStore, response_key

CHECKPOINT = Checkpoint(
    "sft", "chat", "/models/sft", weights_digest="w", tokenizer_digest="t", adapter_digest=None, dtype="float32"
)
FACTS = TemplateFacts("tokenizer", "", "d", None, "", 2, (2,), {})
PROMPT = Prompt("a" * 16, (), "text", (1, 2, 3), Decoding(max_new_tokens=5, stop=("x",)))
IDENTITY = {"engine": "transformers", "dtype": "float32", "torch": "2.13.0"}
KEY = response_key(PROMPT, CHECKPOINT, FACTS, IDENTITY)


@pytest.mark.parametrize(
    ("prompt", "checkpoint", "facts", "identity"),
    [
        (PROMPT, replace(CHECKPOINT, weights_digest="w2"), FACTS, IDENTITY),
        (PROMPT, replace(CHECKPOINT, adapter_digest="a"), FACTS, IDENTITY),
        (PROMPT, replace(CHECKPOINT, tokenizer_digest="t2"), FACTS, IDENTITY),
        (PROMPT, CHECKPOINT, replace(FACTS, stop_ids=(2, 3)), IDENTITY),
        (PROMPT, CHECKPOINT, FACTS, IDENTITY | {"dtype": "bfloat16"}),
        (PROMPT, CHECKPOINT, FACTS, IDENTITY | {"torch": "2.14.0"}),
        (replace(PROMPT, ids=(1, 2)), CHECKPOINT, FACTS, IDENTITY),
        (replace(PROMPT, choice_ids=((1,),)), CHECKPOINT, FACTS, IDENTITY),
        (replace(PROMPT, decoding=Decoding(max_new_tokens=6, stop=("x",))), CHECKPOINT, FACTS, IDENTITY),
        (replace(PROMPT, decoding=Decoding(max_new_tokens=5)), CHECKPOINT, FACTS, IDENTITY),
        (replace(PROMPT, decoding=replace(PROMPT.decoding, temperature=0.5)), CHECKPOINT, FACTS, IDENTITY),
    ],
)
def test_whatever_decides_the_answer_changes_the_key(prompt, checkpoint, facts, identity):
    assert response_key(prompt, checkpoint, facts, identity) != KEY


@pytest.mark.parametrize(
    ("prompt", "checkpoint"),
    [
        (PROMPT, replace(CHECKPOINT, name="other", path="/elsewhere")),
        (replace(PROMPT, sample_id="b" * 16, text="shown otherwise", repeat=1), CHECKPOINT),
    ],
)
def test_names_paths_and_places_do_not(prompt, checkpoint):
    assert response_key(prompt, checkpoint, FACTS, IDENTITY) == KEY


def test_repeats_of_a_drawn_answer_have_keys_of_their_own():
    drawn = replace(PROMPT, decoding=Decoding(temperature=1.0, repeats=2))

    keys = {response_key(replace(drawn, repeat=r), CHECKPOINT, FACTS, IDENTITY) for r in (0, 1)}

    assert len(keys) == 2


def test_what_was_put_is_there_when_the_store_is_opened_again(tmp_path):
    response = Response("a" * 16, "héllo\n\u2028", "eos", output_ids=(1, 2), choice_logprobs=((-0.1234567890123,),))
    with ResponseStore(tmp_path / "s" / "responses.sqlite") as store:
        store.put({"k": response})

    with ResponseStore(tmp_path / "s" / "responses.sqlite") as store:
        assert store.get(["k", "absent"]) == {"k": response}


def test_faulty_responses_are_not_kept(tmp_path):
    with ResponseStore(tmp_path / "responses.sqlite") as store:
        store.put({"k": Response("a" * 16, "", "error", error="out of memory")})

        assert store.get(["k"]) == {}


def test_known_keys_are_those_that_a_response_is_kept_under(tmp_path):
    with ResponseStore(tmp_path / "responses.sqlite") as store:
        store.put({f"k{n}": Response("a" * 16, str(n), "eos") for n in range(1300)})

        assert store.known({"k0", "k1299", "absent"}) == {"k0", "k1299"}
        assert len(store.known([f"k{n}" for n in range(1300)])) == 1300


def test_more_keys_than_a_statement_takes_are_found(tmp_path):
    with ResponseStore(tmp_path / "responses.sqlite") as store:
        store.put({f"k{n}": Response("a" * 16, str(n), "eos") for n in range(1300)})

        assert len(store.get([f"k{n}" for n in range(1300)])) == 1300


def test_asking_for_a_response_notes_the_day_once(tmp_path, monkeypatch):
    path = tmp_path / "responses.sqlite"
    with ResponseStore(path) as store:
        store.put({"k": Response("a" * 16, "", "eos"), "other": Response("a" * 16, "", "eos")})
    today = int(time.time() // 86_400)
    monkeypatch.setattr("chateval.store.database.time.time", lambda: (today + 9) * 86_400)

    with ResponseStore(path) as store:
        store.known({"k"})

    with sqlite3.connect(path) as db:
        found = dict(db.execute("SELECT key, day FROM use"))
    db.close()
    assert found == {"k": today + 9, "other": today}

"""How a folder is answered by a server: by ids, by text or by messages, each told apart and verified."""

import json

import pytest

pytest.importorskip("openai")

from completions import Completions
from served import serving

from chateval.engine.openai.client import Client, Patience
from chateval.engine.openai.engine import OpenAIEngine, Served
from chateval.engine.openai.options import Options, read_options
from chateval.errors import CheckpointError, ConfigError
from chateval.records import Checkpoint, Decoding, Prompt
from chateval.template import find_facts, open_tokenizer

CHAT = ({"role": "user", "content": "one two"},)


@pytest.fixture(scope="session")
def tokenizer(tiny_chat):
    return open_tokenizer(tiny_chat)


@pytest.fixture
def server(tokenizer):
    return Completions(tokenizer)


@pytest.fixture
def prompt(tokenizer):
    def make(*, choices=(), sample_id="a1", repeat=0, **decoding):
        text = tokenizer.apply_chat_template(list(CHAT), tokenize=False, add_generation_prompt=True)
        ids = tuple(tokenizer.encode(text, add_special_tokens=False))
        return Prompt(sample_id, CHAT, text, ids, Decoding(max_new_tokens=8, **decoding), choices, repeat=repeat)

    return make


@pytest.fixture
def engine(server, tokenizer, tiny_chat):
    with (
        serving(server) as (url, seen),
        Client(f"{url}/v1", patience=Patience(retries=1, first_seconds=0.01)) as client,
    ):

        def make(kind="vllm 0.99.0", *, completion=False, **body):
            facts = find_facts(tokenizer, source="x", eos_ids=[2], completion=completion)
            checkpoint = Checkpoint("sft", "chat", str(tiny_chat), completion=completion)
            return OpenAIEngine(checkpoint, tokenizer, facts, Served(client, "tiny", kind, body))

        make.seen = seen
        yield make


def answer(engine, *prompts):
    found = {id(prompt): response for part in engine.respond(engine.plan(prompts)) for prompt, response in part}
    return [found[id(prompt)] for prompt in prompts]


def test_a_server_that_takes_ids_gets_ours_and_returns_its_own(engine, prompt):
    one = engine()

    [response] = answer(one, prompt())

    assert (response.text, response.raw_text, response.finish) == ("Paris", "Paris<|im_end|>", "eos")
    assert response.output_ids[-1] == 2
    assert response.n_prompt_tokens == len(prompt().ids)
    place = {"address": one.identity["address"], "model": "tiny"}
    assert one.identity == {"engine": "openai", "server": "vllm 0.99.0", **place, "door": "ids"}
    sent = engine.seen[-1][2]
    assert sent["prompt"] == list(prompt().ids)
    assert {
        name: sent[name] for name in ("max_tokens", "temperature", "n", "stop_token_ids", "ignore_eos", "top_k")
    } == {
        "max_tokens": 8,
        "temperature": 0.0,
        "n": 1,
        "stop_token_ids": [2],
        "ignore_eos": True,
        "top_k": -1,
    }
    assert "seed" not in sent


def test_the_door_is_tried_once(engine, prompt):
    one = engine()

    answer(one, prompt(), prompt(sample_id="a2"))
    answer(one, prompt())

    assert len(engine.seen) == 1 + 3


def test_a_limit_and_a_stop_string_end_an_answer_as_the_server_says(engine, server, prompt):
    def stopped(body):
        ids = server.tokenizer.encode("no yes one", add_special_tokens=False)
        choice = {"text": "no ", "finish_reason": "stop", "stop_reason": "yes", "token_ids": ids}
        choice["prompt_token_ids"] = body["prompt"]
        return server.answer(
            body,
            choices=[choice],
            usage={"prompt_tokens": len(body["prompt"]), "completion_tokens": len(ids)},
        )

    one = engine()
    assert one.identity
    server.faults.append(stopped)
    [response] = answer(one, prompt(stop=("yes",)))

    assert (response.text, response.finish) == ("no ", "stop")
    assert response.raw_text == "no yes one"

    server.text = " the quick brown fox jumps over the lazy dog and runs away from the small red house by the river"
    [response] = answer(one, prompt())

    assert (response.finish, len(response.output_ids)) == ("length", 8)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stop_reason": "nonsense"}, "choices[0].stop_reason is 'nonsense', which was no stop string"),
        ({"token_ids": [5, 6]}, "choices[0].token_ids ends with 6, which is no end token of the checkpoint"),
        ({"token_ids": None}, "choices[0].token_ids is missing, not a list of ids"),
        ({"prompt_token_ids": [1]}, "choices[0].prompt_token_ids: 1 ids, other ones than the 14 sent"),
    ],
)
def test_an_answer_that_ends_with_nothing_known_is_an_error(engine, server, prompt, change, said):
    def odd(body):
        status, found = server.answer(body)
        found["choices"][0] |= change
        found["usage"]["completion_tokens"] = len(change.get("token_ids") or found["choices"][0]["token_ids"] or ())
        return status, found

    one = engine()
    assert one.identity
    server.faults.append(odd)

    [response] = answer(one, prompt())

    assert response.finish == "error"
    assert response.error.replace(str(len(prompt().ids)), "14") == said


def test_each_repeat_is_a_request_with_a_seed_of_its_own(engine, prompt):
    drawn = [prompt(repeat=repeat, temperature=0.7, top_p=0.9, repeats=2) for repeat in (0, 1)]

    answer(engine(), *drawn)
    answer(engine(), *drawn)

    seeds = sorted(body["seed"] for _, _, body in engine.seen if body and "seed" in body)
    assert len(seeds) == 4
    assert len(set(seeds)) == 2
    assert all(body["n"] == 1 for _, _, body in engine.seen if "seed" in (body or {}))


def test_a_server_that_takes_text_gets_ours_and_its_count_is_compared(engine, server, prompt):
    server.takes = ("text",)
    one = engine("unknown")

    [response] = answer(one, prompt())

    assert one.identity["door"] == "text"
    assert engine.seen[-1][2]["prompt"] == prompt().text
    assert "stop_token_ids" not in engine.seen[-1][2]
    assert (response.text, response.output_ids, response.finish) == ("Paris", (), "eos")


def test_a_token_that_a_server_puts_before_each_text_is_said_once_and_recorded(engine, server, prompt, caplog):
    server.takes, server.n_added = ("text",), 1
    one = engine("unknown")

    responses = answer(one, prompt(), prompt(sample_id="a2"))

    assert one.identity["added_tokens"] == "1"
    assert [response.n_prompt_tokens for response in responses] == [len(prompt().ids) + 1] * 2
    assert len(caplog.messages) == 1
    assert "puts a token before each prompt, most likely a BOS" in caplog.messages[0]


def test_a_text_that_becomes_other_tokens_than_ours_is_an_error(engine, server, prompt):
    server.takes = ("text",)
    one = engine("unknown")
    assert one.identity
    server.n_added = 2

    [response] = answer(one, prompt())

    assert response.error.startswith("usage.prompt_tokens is ")


def test_a_server_that_takes_messages_only_is_told_of_and_recorded(engine, server, prompt, caplog):
    server.takes = ("chat",)
    one = engine("unknown")

    [response] = answer(one, prompt())

    assert one.identity["door"] == "chat"
    assert engine.seen[-1][2]["messages"] == list(CHAT)
    assert (response.text, response.n_prompt_tokens) == ("Paris", 9)
    assert "takes messages only and builds the prompts itself" in caplog.text


def test_plain_text_cannot_go_through_messages(engine, server):
    server.takes = ("chat",)

    with pytest.raises(CheckpointError, match="takes messages only, and plain text"):
        _ = engine("unknown", completion=True).identity


def test_a_server_without_any_door_is_one_line(engine, server):
    server.takes = ()

    with pytest.raises(CheckpointError) as found:
        _ = engine().identity

    assert "'tiny' takes neither ids nor text nor messages: ids: 400: no ids here; text: 400: " in str(found.value)


def test_a_server_that_fails_at_the_door_is_no_server_of_another_door(engine, server):
    server.faults.extend([(503, {"error": "loading"})] * 2)

    with pytest.raises(CheckpointError, match=r"503: loading \(asked 2 times\)"):
        _ = engine().identity


def test_tokens_of_choices_are_asked_for_by_name_once_at_each_place(engine, prompt):
    asked = prompt(choices=((5, 6), (7,), (5, 8), (5, 6)))

    [response] = answer(engine(), asked)

    assert response.choice_logprobs == ((-0.05, -0.06), (-0.07,), (-0.05, -0.08), (-0.05, -0.06))
    steps = [(body["prompt"][len(asked.ids) :], body["logprob_token_ids"]) for _, _, body in engine.seen[-2:]]
    assert sorted(steps) == [([], [5, 7]), ([5], [6, 8])]


def test_choices_are_asked_for_whole_where_a_server_names_no_tokens(engine, server, prompt):
    server.names_logprobs = False
    asked = prompt(choices=((5, 6), (7,), (5, 6)))

    [response] = answer(engine(), asked)

    assert response.choice_logprobs == ((-0.05, -0.06), (-0.07,), (-0.05, -0.06))
    rows = sorted(body["prompt"][len(asked.ids) :] for _, _, body in engine.seen[-2:])
    assert rows == [[5, 6], [7]]


def test_many_tokens_at_one_place_are_asked_for_in_parts(engine, prompt):
    choices = tuple((number,) for number in range(3, 48))

    [response] = answer(engine(), prompt(choices=choices))

    assert sorted(len(body["logprob_token_ids"]) for _, _, body in engine.seen[-3:]) == [5, 20, 20]
    assert response.choice_logprobs == tuple((-number / 100,) for (number,) in choices)


def test_choices_are_refused_before_any_is_sent_where_a_server_gives_no_log_probabilities(engine, server, prompt):
    server.has_logprobs = False

    with pytest.raises(CheckpointError) as found:
        answer(engine(), prompt(), prompt(choices=((5,), (6,))))

    assert "gives no log-probabilities of a prompt, which tasks with choices need; use --engine tra" in str(found.value)
    assert all(body["max_tokens"] == 1 for _, _, body in engine.seen)


def test_choices_are_refused_where_a_server_takes_text(engine, server, prompt):
    server.takes = ("text",)

    with pytest.raises(CheckpointError, match="takes no token ids, without which the choices of a task cannot be"):
        answer(engine("unknown"), prompt(choices=((5,), (6,))))


def test_a_log_probability_that_is_missing_is_the_error_of_its_sample(engine, server, prompt):
    one = engine()
    answer(one, prompt(choices=((5,),)))
    server.has_logprobs = False

    [response] = answer(one, prompt(choices=((5,), (6,))))

    assert response.error == "choices[0].logprobs.top_logprobs is missing, not one mapping"
    assert response.choice_logprobs == ()


def test_options_go_into_each_request_and_into_the_identity(engine, prompt):
    one = engine(chat_template_kwargs={"enable_thinking": False})

    answer(one, prompt())

    assert engine.seen[-1][2]["chat_template_kwargs"] == {"enable_thinking": False}
    assert json.loads(one.identity["options"]) == {"chat_template_kwargs": {"enable_thinking": False}}


def test_options_are_read_and_json_in_a_text_is_what_it_says():
    given = {"concurrency": 32, "timeout": 5, "retries": 0, "chat_template_kwargs": '{"enable_thinking": false}'}

    assert read_options(given) == Options(32, 5.0, 0, {"chat_template_kwargs": {"enable_thinking": False}})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n": 4}, "engine option 'n': what is asked is the task's to say"),
        ({"max_tokens": 4}, "engine option 'max_tokens'"),
        ({"concurrency": 0}, "engine option concurrency: 0: say a whole number from 1"),
        ({"concurrency": "many"}, "engine option concurrency: 'many'"),
        ({"timeout": float("inf")}, "engine option timeout: inf: say a number from 0.001"),
    ],
)
def test_options_that_are_not_the_user_s_to_give_are_one_line(given, said):
    with pytest.raises(ConfigError) as found:
        read_options(given)

    assert str(found.value).startswith(said)

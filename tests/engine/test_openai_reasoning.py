"""Servers in front of models that think: what they took apart, what they did not, and where their stops fire."""

from dataclasses import replace

import pytest
from completions import Completions
from served import serving

from chateval.engine.openai.client import Client
from chateval.engine.openai.engine import OpenAIEngine, Served
from chateval.pipeline.served import endpoint_facts
from chateval.records import Checkpoint, Decoding, Prompt

ASKED = Prompt("0" * 16, ({"role": "user", "content": "One?"},), "", (), Decoding(max_new_tokens=8))


def replied(message, *, finish="stop", n=4, **usage):
    """Return a server's reply to messages."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    counts = {"prompt_tokens": 9, "completion_tokens": n, **usage}
    return 200, {"model": "tiny", "choices": [choice], "usage": counts}


def ask(*faults, prompt=ASKED, options=None):
    """Return the response, and the bodies that a server was sent; it gives these replies, one after the other."""
    server = Completions()
    server.faults.extend(faults)
    with serving(server) as (url, seen), Client(f"{url}/v1", concurrency=1) as client:
        checkpoint = Checkpoint("gpt", "endpoint", "", template_options=options or {})
        engine = OpenAIEngine(checkpoint, None, endpoint_facts(options or {}), Served(client, "tiny"))
        [[(_, response)]] = list(engine.respond(engine.plan([prompt])))
        return response, [body for _, _, body in seen if body], engine.identity


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_what_a_server_took_out_of_the_text_is_the_reasoning(name):
    reply = replied({"content": "Yes.", name: "so"}, completion_tokens_details={"reasoning_tokens": 3})

    response, _, _ = ask(reply)

    assert (response.text, response.reasoning, response.is_incomplete) == ("Yes.", "so", False)
    assert response.n_reasoning_tokens == 3


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_reasoning_without_a_text_is_incomplete_and_no_error(content):
    response, _, _ = ask(replied({"content": content, "reasoning": "so on"}, finish="length", n=8))

    assert (response.error, response.is_incomplete, response.finish) == (None, True, "length")


@pytest.mark.parametrize(
    "message", [{"content": None}, {"content": "Yes.", "reasoning": 5}, {"content": None, "reasoning": ""}]
)
def test_a_message_without_text_and_thinking_is_an_error_of_the_sample(message):
    response, _, _ = ask(replied(message))

    assert response.error is not None


def test_a_stop_string_that_fired_inside_the_thinking_is_asked_again_without_and_cut_here():
    asked = replace(ASKED, decoding=Decoding(max_new_tokens=8, stop=(".",)))

    response, bodies, _ = ask(
        replied({"content": None, "reasoning": "so"}), replied({"content": "Yes. No.", "reasoning": "so. on."}),
        prompt=asked,
    )  # fmt: skip

    assert [body.get("stop") for body in bodies] == [["."], None]
    assert (response.text, response.reasoning, response.finish) == ("Yes", "so. on.", "stop")


def test_so_is_one_that_fired_between_marks_that_the_server_left_in_the_text():
    asked = replace(ASKED, decoding=Decoding(max_new_tokens=8, stop=(".",)))

    response, bodies, _ = ask(
        replied({"content": "<think>so"}), replied({"content": "<think>so. on.</think>Yes. No."}), prompt=asked
    )

    assert [body.get("stop") for body in bodies] == [["."], None]
    assert (response.text, response.finish) == ("<think>so. on.</think>Yes", "stop")


def test_switches_go_to_the_server_that_renders_the_template_and_into_the_identity():
    asked = replace(ASKED, decoding=Decoding(max_new_tokens=8, stop=(".",)))

    _, [body], identity = ask(prompt=asked, options={"enable_thinking": True})
    _, _, plain = ask()

    assert body["chat_template_kwargs"] == {"enable_thinking": True}
    assert "stop" not in body
    assert identity["template_options"] == '{"enable_thinking":true}'
    assert "template_options" not in plain


def test_thinking_in_the_history_is_sent_under_both_names():
    said = {"role": "assistant", "content": "Yes.", "reasoning_content": "so"}

    _, [body], _ = ask(prompt=replace(ASKED, messages=(*ASKED.messages, said, *ASKED.messages)))

    assert body["messages"][1] == {**said, "reasoning": "so"}

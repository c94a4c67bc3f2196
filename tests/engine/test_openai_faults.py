"""What a server may do wrong, one by one: asked again within bounds, else the sample's error; never a wrong answer."""

import time

import pytest

pytest.importorskip("openai")

from completions import Completions, late, reply, reset
from served import serving

from chateval.engine.base import Batch
from chateval.engine.openai.client import Client, Patience
from chateval.engine.openai.engine import OpenAIEngine, Served
from chateval.errors import CheckpointError
from chateval.pipeline.served import endpoint_facts
from chateval.records import Checkpoint, Decoding, Prompt

BUSY = {"error": {"message": "too many requests"}}
QUICK = Patience(retries=3, first_seconds=0.01, reply_seconds=0.4)


def prompts(n: int) -> list[Prompt]:
    messages = ({"role": "user", "content": "What is the capital of France?"},)
    return [Prompt(f"{index:016x}", messages, "", (), Decoding(max_new_tokens=8)) for index in range(n)]


@pytest.fixture
def server():
    return Completions()


@pytest.fixture
def ask(server):
    """Ask a server for answers to n samples; return the responses in the order of the samples, and what was asked."""

    def go(n: int = 1, *, patience: Patience = QUICK, key: str = "", concurrency: int = 1):
        with (
            serving(server) as (url, seen),
            Client(f"{url}/v1", key=key, concurrency=concurrency, patience=patience) as c,
        ):
            engine = OpenAIEngine(Checkpoint("gpt", "endpoint", ""), None, endpoint_facts(), Served(c, "tiny"))
            asked = prompts(n)
            found = {id(p): response for part in engine.respond(engine.plan(asked)) for p, response in part}
            return [found[id(prompt)] for prompt in asked], seen

    return go


PASSING = {
    "429 with Retry-After": reply(429, BUSY, retry_after="0.2"),
    "429 without": (429, BUSY),
    "500": (500, {"error": "oops"}),
    "503": reply(503, b"<html>busy</html>", retry_after="0"),
    "timeout": late(0.6),
    "reset in the middle of the body": reset(),
    "invalid JSON": (200, b'{"choices": [{"te'),
    "NaN in the JSON": (200, b'{"usage": NaN}'),
    "no JSON at all": (200, b"<html>hello</html>"),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_asked_again(ask, server, fault):
    server.faults.append(fault)

    [response], seen = ask()

    assert (response.text, response.finish, response.error) == ("Paris", "eos", None)
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((429, BUSY), "429: too many requests (asked 4 times)"),
        ((500, {"error": "oops"}), "500: oops (asked 4 times)"),
        ((503, b"<html>busy</html>"), "503: <html>busy</html> (asked 4 times)"),
        (reset(), "(asked 4 times)"),
        ((200, b"{"), "the reply is not valid JSON: Expecting property name enclosed in double quotes"),
    ],
    ids=["429", "500", "503", "reset", "invalid JSON"],
)
def test_what_does_not_pass_is_the_error_of_its_sample_with_the_status(ask, server, fault, said):
    server.faults.extend([fault] * 4)

    [bad], seen = ask()
    [good], _ = ask()

    assert said in bad.error
    assert (bad.finish, bad.text) == ("error", "")
    assert len(seen) == 4
    assert good.text == "Paris"


def test_a_server_that_never_replies_is_given_up_sooner(ask, server):
    server.faults.extend([late(0.5)] * 2)

    [response], seen = ask(patience=Patience(late_retries=1, first_seconds=0.01, reply_seconds=0.2))

    assert response.error == "no reply within 0.2 s (asked 2 times)"
    assert len(seen) == 2


WRONG = {
    "200 with an error body": (
        {"error": {"message": "out of memory", "code": 500}},
        "an error with status 200: out of memory",
    ),
    "empty choices": ({"choices": []}, "0 choices, and n=1 was asked"),
    "two choices": ({"choices": [{}, {}]}, "2 choices, and n=1 was asked"),
    "no choices": ({"choices": None}, "choices is missing, and n=1 was asked"),
    "missing usage": ({"usage": None}, "usage is missing"),
    "usage without tokens": ({"usage": {"prompt_tokens": 9}}, "usage.completion_tokens is missing"),
    "more tokens than allowed": (
        {"usage": {"prompt_tokens": 9, "completion_tokens": 9}},
        "usage.completion_tokens is 9, and max_tokens was 8",
    ),
    "another model": ({"model": "gpt-small"}, "model is 'gpt-small', and 'tiny' was asked"),
    "no model": ({"model": None}, "model is missing, and 'tiny' was asked"),
    "no finish": (
        {"choices": [{"message": {"content": "Paris"}}]},
        "finish_reason is missing, not one of stop, length",
    ),
    "an unknown finish": (
        {"choices": [{"message": {"content": "Paris"}, "finish_reason": "content_filter"}]},
        "finish_reason is 'content_filter', not one of stop, length",
    ),
    "no text": (
        {"choices": [{"message": {"content": None}, "finish_reason": "stop"}]},
        "choices[0].message.content is missing, not a text",
    ),
}


@pytest.mark.parametrize(("changed", "said"), WRONG.values(), ids=WRONG)
def test_a_field_that_is_missing_or_odd_is_an_error_that_names_it_and_is_not_asked_again(ask, server, changed, said):
    server.faults.append(lambda body: server.answer(body, **changed))

    [response], seen = ask()

    assert (response.finish, response.error) == ("error", said)
    assert len(seen) == 1


@pytest.mark.parametrize(("status", "hint"), [(401, "CHATEVAL_API_KEY"), (403, "CHATEVAL_API_KEY"), (404, "gone")])
def test_what_no_request_can_mend_ends_the_run_at_once(ask, server, status, hint):
    server.faults.extend([(status, {"error": {"message": "gone or not yours"}})] * 9)

    with pytest.raises(CheckpointError, match=f"{status}: gone or not yours") as found:
        ask(9)

    assert hint in str(found.value)
    assert "\n" not in str(found.value)
    assert len(server.faults) >= 7


def test_a_redirect_is_not_followed(ask, server):
    server.faults.append(reply(307, b"", location="http://127.0.0.1:9/v1"))

    with pytest.raises(CheckpointError, match=r"307: it sends elsewhere, to http://127\.0\.0\.1:9/v1; not followed"):
        ask()


def test_retry_after_is_waited_by_all_and_not_for_ever(ask, server):
    server.faults.append(reply(429, BUSY, retry_after="0.4"))
    start = time.perf_counter()

    responses, seen = ask(3)

    assert [response.text for response in responses] == ["Paris"] * 3
    assert len(seen) == 4
    assert time.perf_counter() - start >= 0.4

    server.faults.append(reply(429, BUSY, retry_after="3600"))
    with pytest.raises(CheckpointError, match="it asks to wait 3,600 s and 120 s is the longest that is waited"):
        ask()


def test_a_server_that_is_gone_ends_the_run(server):
    with serving(server) as (url, _):
        pass
    with Client(f"{url}/v1", patience=Patience(retries=0)) as client:
        engine = OpenAIEngine(Checkpoint("gpt", "endpoint", ""), None, endpoint_facts(), Served(client, "tiny"))

        with pytest.raises(CheckpointError, match="no reply to 16 requests in a row, is the server up"):
            list(engine.respond(engine.plan(prompts(40))))


def test_a_refused_request_is_the_error_of_its_sample_alone(ask, server):
    server.faults.append((400, {"error": {"message": "maximum context length is 512 tokens"}}))

    responses, seen = ask(2)

    assert sorted(response.error or "" for response in responses) == ["", "400: maximum context length is 512 tokens"]
    assert len(seen) == 2


def test_the_window_halves_on_429_and_grows_again(server):
    busy = (429, BUSY)

    with serving(server) as (url, _), Client(f"{url}/v1", concurrency=16, patience=QUICK) as client:
        engine = OpenAIEngine(Checkpoint("gpt", "endpoint", ""), None, endpoint_facts(), Served(client, "tiny"))
        server.faults.extend([busy] * 3)
        client.wait(client.ask("/chat/completions", {"model": "tiny", "messages": []}))
        halved = client.limit
        for _ in engine.respond(engine.plan(prompts(60))):
            pass

        assert halved == 2
        assert 8 <= client.limit <= 16


def test_what_was_answered_is_handed_over_before_the_run_ends(server):
    with serving(server) as (url, _), Client(f"{url}/v1", concurrency=1, patience=QUICK) as client:
        engine = OpenAIEngine(Checkpoint("gpt", "endpoint", ""), None, endpoint_facts(), Served(client, "tiny"))
        asked = prompts(6)
        server.faults.extend([server.answer, server.answer, server.answer, (401, {})])
        answered = []

        with pytest.raises(CheckpointError, match="401"):
            for part in engine.respond([Batch(tuple(asked))]):
                answered += part

    assert len(answered) == 3


def test_a_consumer_that_stops_early_leaves_no_thread(server):
    server.faults.extend([server.answer, late(5), late(5)])

    with serving(server) as (url, _):
        start = time.perf_counter()
        with Client(f"{url}/v1", concurrency=1) as client:
            engine = OpenAIEngine(Checkpoint("gpt", "endpoint", ""), None, endpoint_facts(), Served(client, "tiny"))
            answers = engine.respond(engine.plan(prompts(6)))
            next(answers)
            answers.close()
        taken = time.perf_counter() - start

    assert taken < 3


SECRET = "sk-verysecretkey1234567890"


@pytest.mark.parametrize(
    "fault",
    [
        (401, {"error": {"message": f"Incorrect API key provided: {SECRET}"}}),
        (403, {"error": {"message": f"Bearer {SECRET} may not"}}),
        (404, {"error": {"message": f"no model for {SECRET[:14]}******7890"}}),
        reply(307, b"", location=f"http://other/?key={SECRET}"),
    ],
    ids=["401", "403", "404", "redirect"],
)
def test_the_key_is_sent_and_never_said(ask, server, caplog, fault):
    caplog.set_level("INFO")
    caplog.set_level("DEBUG", "openai")
    server.faults.append(lambda body: fault)

    with pytest.raises(CheckpointError) as found:
        ask(key=SECRET)

    for text in (str(found.value), repr(found.value.__cause__), caplog.text):
        assert SECRET not in text
        assert SECRET[:14] not in text
        assert "7890" not in text


def test_a_key_that_a_server_answers_with_is_hidden_in_the_response(ask, server):
    server.faults.append((400, {"error": f"Authorization: Bearer {SECRET}"}))

    [response], [(_, headers, _)] = ask(key=SECRET)

    assert headers["authorization"] == f"Bearer {SECRET}"
    assert response.error == "400: Authorization: Bearer ***"


def test_no_key_sends_no_authorization(ask):
    _, [(_, headers, _)] = ask()

    assert "authorization" not in {name.lower() for name in headers}


def test_a_reply_has_a_size_limit(ask, server, monkeypatch):
    monkeypatch.setattr("chateval.engine.openai.exchange.MAX_REPLY_BYTES", 1000)
    server.faults.extend([(200, b'"' + b"x" * 5000 + b'"'), (500, b"x" * 5000)] * 2)

    [response], _ = ask()

    assert "the reply is longer than 1,000 bytes (asked 4 times)" in response.error

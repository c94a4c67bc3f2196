"""Fault 24: an endpoint fails. Asked again within bounds, else the error of its sample; never a wrong answer."""

import gzip
import json
import re
import resource
import threading
import time
from email.utils import formatdate
from functools import partial

import pytest

pytest.importorskip("openai")

import asking
from asking import BUSY, prompts
from completions import Completions, drip, flood, late, raw, reply, reset
from served import serving

from chateval.engine.base import Batch
from chateval.engine.openai.client import Client, Patience
from chateval.engine.openai.engine import OpenAIEngine, Served
from chateval.errors import CheckpointError
from chateval.pipeline.served import endpoint_facts
from chateval.records import Checkpoint

QUICK = Patience(retries=3, first_seconds=0.01, reply_seconds=0.4)


@pytest.fixture
def server():
    return Completions()


@pytest.fixture
def ask(server):
    """Ask a server for answers to n samples; return the responses in the order of the samples, and what was asked."""
    return partial(asking.ask, server)


PASSING = {
    "429 with Retry-After": reply(429, BUSY, retry_after="0.2"),
    "429 without": (429, BUSY),
    "500": (500, {"error": "oops"}),
    "503": reply(503, b"<html>busy</html>", retry_after="0"),
    "timeout": late(0.6),
    "reset in the middle of the body": reset(),
    "invalid JSON": (200, b'{"choices": [{"te'),
    "NaN in the JSON": (200, b'{"usage": NaN}'),
    "broken unicode": (200, b'{"model": "\xff\xfe"}'),
    "nesting without end": (200, b"[" * 100_000),
    "408": (408, {}),
    "429 to be asked again after nothing": reply(429, BUSY, retry_after="-5"),
    "429 to be asked again after NaN": reply(429, BUSY, retry_after="nan"),
    "429 to be asked again after words": reply(429, BUSY, retry_after="soon; maybe"),
    "429 to be asked again after a day that was": reply(429, BUSY, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
    "429 to be asked again on no day": reply(429, BUSY, retry_after="Wed, 99 Foo 2015 99:99:99 -9999"),
    "a reply of no HTTP": raw(b"hello\r\n\r\n"),
    "nothing at all": raw(b""),
    "a status alone": raw(b"HTTP/1.1 200 OK\r\n\r\n"),
    "a length that is not kept": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"),
    "a chunk that is cut": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}"),
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

    [response], seen = ask(late_retries=1, reply_seconds=0.2)

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
    "no reason given": (
        {"choices": [{"message": {"content": "Paris"}, "finish_reason": None}]},
        "finish_reason is missing, not one of stop, length",
    ),
    "a list for a text": (
        {"choices": [{"message": {"content": [{"type": "text", "text": "Paris"}]}, "finish_reason": "stop"}]},
        "choices[0].message.content is [{'type': 'text', 'text': 'Paris'}], not a text",
    ),
    "a choice that is none": ({"choices": ["Paris"]}, "1 choices, and n=1 was asked"),
    "tokens below zero": (
        {"usage": {"prompt_tokens": 9, "completion_tokens": -1}},
        "usage.completion_tokens is -1",
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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_other_host_gets_neither_key_nor_prompt(ask, server, status):
    with serving(Completions()) as (other, asked_of_other):
        server.faults.append(reply(status, b"", location=f"{other}/v1/chat/completions"))

        with pytest.raises(CheckpointError, match=f"{status}: it sends elsewhere, to {other}/v1/chat/compl.*not foll"):
            ask(key="sk-canary-1234567890")

    assert asked_of_other == []


def test_retry_after_is_waited_by_all_and_not_for_ever(ask, server):
    server.faults.append(reply(429, BUSY, retry_after="0.4"))
    start = time.perf_counter()

    responses, seen = ask(3)

    assert [response.text for response in responses] == ["Paris"] * 3
    assert len(seen) == 4
    assert time.perf_counter() - start >= 0.4


@pytest.mark.parametrize(
    ("retry_after", "said"),
    [("3600", "3,600 s"), ("1e9", "1,000,000,000 s"), ("inf", "inf s"), ("Fri, 31 Dec 9999 23:59:59 GMT", " s")],
)
def test_a_server_that_asks_to_wait_for_ever_ends_the_run_and_not_the_user_s_day(ask, server, retry_after, said):
    server.faults.append(reply(429, BUSY, retry_after=retry_after))

    with pytest.raises(CheckpointError, match=f"it asks to wait .*{said} and 120 s is the longest that is waited"):
        ask()


@pytest.mark.parametrize("jump_seconds", [-10 * 365 * 86_400, 10 * 365 * 86_400])
def test_the_date_of_retry_after_is_read_by_the_server_s_clock(ask, server, monkeypatch, jump_seconds):
    monkeypatch.setattr("chateval.engine.openai.exchange.time", lambda: time.time() + jump_seconds)
    now, soon = (formatdate(time.time() + ahead, usegmt=True) for ahead in (0, 1))
    head = f"HTTP/1.1 429 Busy\r\nDate: {now}\r\nRetry-After: {soon}\r\nContent-Length: 0\r\n\r\n"
    server.faults.append(raw(head.encode()))
    start = time.perf_counter()

    [response], _ = ask()

    assert response.text == "Paris"
    assert 0.9 <= time.perf_counter() - start < 5


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


def test_a_reply_has_a_size_limit(ask, server, monkeypatch):
    monkeypatch.setattr("chateval.engine.openai.exchange.MAX_REPLY_BYTES", 1000)
    server.faults.extend([(200, b'"' + b"x" * 5000 + b'"'), (500, b"x" * 5000)] * 2)

    [response], _ = ask()

    assert "the reply is longer than 1,000 bytes (asked 4 times)" in response.error


ENDLESS = {
    "10 GB by its length": (10**10, b"Content-Length: 10000000000\r\n\r\n", b" " * 65_536),
    "chunks without end": (10**10, b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n"),
    "a body without a length": (10**10, b"\r\n", b" " * 65_536),
}


@pytest.mark.parametrize(("n_bytes", "head", "chunk"), ENDLESS.values(), ids=ENDLESS)
def test_a_reply_without_end_costs_no_more_memory_than_the_limit(ask, server, monkeypatch, n_bytes, head, chunk):
    monkeypatch.setattr("chateval.engine.openai.exchange.MAX_REPLY_BYTES", 2_000_000)
    server.faults.extend([flood(b"HTTP/1.1 200 OK\r\n" + head, chunk, n_bytes)] * 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    [response], seen = ask(retries=1, reply_seconds=20)

    assert response.error == "the reply is longer than 2,000,000 bytes (asked 2 times)"
    assert len(seen) == 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_bomb_of_gzip_is_not_unpacked(ask, server):
    bomb = gzip.compress(bytes(50_000_000))
    server.faults.extend([reply(200, bomb, content_encoding=name) for name in ("gzip", "br", "deflate, gzip", "GZIP")])

    [response], _ = ask()

    assert response.error == "the reply is compressed, which was not asked for (asked 4 times)"


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b""], ids=["body", "head"])
def test_a_byte_at_a_time_is_no_reply_in_time(ask, server, head):
    server.faults.extend([drip(head)] * 3)
    start = time.perf_counter()

    [response], seen = ask(reply_seconds=0.3)

    assert response.error == "no reply within 0.3 s (asked 3 times)"
    assert len(seen) == 3
    assert time.perf_counter() - start < 4


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_either_version_of_http_is_read(ask, server, version):
    body = json.dumps(server.answer({"model": "tiny", "messages": []})[1]).encode()
    server.faults.append(raw(version + b" 200 OK\r\n\r\n" + body))

    [response], seen = ask()

    assert (response.text, len(seen)) == ("Paris", 1)


def test_half_a_character_in_an_answer_is_replaced(ask, server):
    server.text = "Par\ud800is"

    [response], _ = ask()

    assert response.text == "Par\ufffdis"


def test_the_waits_between_retries_grow_have_a_random_part_and_a_limit(server):
    with serving(server) as (url, _), Client(f"{url}/v1", patience=Patience()) as client:
        waits = [[client._pause(n) for _ in range(200)] for n in range(1, 9)]

    for n, found in enumerate(waits):
        longest = min(30.0, 0.5 * 2**n)
        assert longest / 2 <= min(found) < 0.6 * longest < 0.9 * longest < max(found) <= longest


def test_no_thread_of_ours_stays_after_any_of_it(ask, server):
    server.faults.extend([reset(), (500, {}), late(0.6)])

    ask(3)

    assert "chateval-openai" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9/v1", "All connection attempts failed"),
        ("http://no-such-host.invalid/v1", "Name or service not known|resolution|No address"),
        ("https://127.0.0.1:{port}/v1", "SSL|TLS"),
    ],
    ids=["refused", "no such host", "no TLS there"],
)
def test_a_server_that_cannot_be_reached_is_asked_again_and_then_the_error_of_the_sample(server, address, said):
    with serving(server) as (url, _):
        address = address.format(port=url.rpartition(":")[2])
        with Client(address, patience=Patience(retries=1, first_seconds=0.01, reply_seconds=5)) as client:
            engine = OpenAIEngine(Checkpoint("gpt", "endpoint", ""), None, endpoint_facts(), Served(client, "tiny"))
            [[(_, response)]] = engine.respond(engine.plan(prompts(1)))

    assert re.search(said, response.error)
    assert response.error.endswith("(asked 2 times)")
    assert "\n" not in response.error

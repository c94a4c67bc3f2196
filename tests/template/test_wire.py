"""One request to a server that may answer anything."""

import time

import pytest
from served import serving

from chateval.errors import TemplateError
from chateval.template.wire import MAX_REPLY_BYTES, Server, looks_like_address, parse_address, words


def ask(routes, *, seconds=10.0, key="", body=None):
    with serving(routes) as (url, seen):
        reply = Server(parse_address(url)[0], key=key, seconds=seconds).ask("/props", body)
    return reply, seen


def drip(handler, *, starts):
    """Send a byte now and then for ever, from the status line on or from the body on."""
    if not starts:
        handler.send_response(200)
        handler.end_headers()
    else:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.02)


def flood(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"[" * 1024 * 1024)


def send(raw):
    return lambda handler: handler.wfile.write(raw)


def redirect(handler):
    handler.send_response(307)
    handler.send_header("Location", "http://169.254.169.254/latest")
    handler.end_headers()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(flood, f"longer than {MAX_REPLY_BYTES:,} bytes", id="100 MB"),
        pytest.param(lambda handler: time.sleep(1), "no reply within 0.3 s", id="silence"),
        pytest.param(lambda handler: drip(handler, starts=True), "no reply within 0.3 s", id="dripping header"),
        pytest.param(lambda handler: drip(handler, starts=False), "no reply within 0.3 s", id="dripping body"),
        pytest.param(redirect, "sends elsewhere, to http://169.254.169.254/latest; not followed", id="redirect"),
        pytest.param(send(b""), "closed connection", id="nothing"),
        pytest.param(send(b"SSH-2.0-OpenSSH_9\r\n"), "SSH-2.0", id="another protocol"),
        pytest.param(send(b"HTTP/1.0 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"), "more than 100 headers", id="headers"),
        pytest.param(send(b"HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{}"), "ends too early", id="cut short"),
        pytest.param(send(b"HTTP/1.0 401 No\r\n\r\n{}"), "wants a key (CHATEVAL_API_KEY)", id="unauthorised"),
    ],
)
def test_a_hostile_reply_is_one_line_and_in_time(answer, said):
    start = time.monotonic()

    seconds = 0.3 if "0.3" in said else 10.0
    with pytest.raises(TemplateError) as caught:
        ask(lambda asked, body: (200, answer), seconds=seconds)

    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    "raw",
    [b"<html>", b"", b"\xff\xfe", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"9" * 10_000, b"\x00", b'{"a": 1} x'],
)
def test_what_is_not_json_is_said_to_be_none(raw):
    reply, _ = ask(lambda asked, body: (200, raw))

    assert (reply.json, reply.is_json) == (None, False)
    assert reply.summary == "GET /props: no JSON"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "no such role", "code": 400}}, "no such role"),
        ({"error": "no such role"}, "no such role"),
        ({"object": "error", "message": "no such role"}, "no such role"),
        ({"detail": [{"loc": ["body"], "msg": "no such role"}]}, "no such role"),
        ({"error": {"error": {"error": {"error": {"error": "deep"}}}}}, '{"error": {"error"'),
        ("plain\nwords\x1b[2J", "plain words [2J"),
        (b"Internal\n Server\x1b[2J Error", "Internal Server [2J Error"),
        (b"\xff" * 100_000, "\ufffd" * 200 + "…"),
    ],
)
def test_the_words_of_an_error_are_found(body, message):
    reply, _ = ask(lambda asked, sent: (500, body))

    assert reply.status == 500
    assert reply.message.startswith(message)


def test_the_key_is_sent_and_never_shown():
    reply, [(_, headers, _)] = ask(lambda asked, body: (500, {"error": "bad key sesame42"}), key="sesame42")

    assert headers["Authorization"] == "Bearer sesame42"
    assert reply.summary == "GET /props: 500: bad key ***"


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_is_no_header_is_not_shown_either(key):
    with pytest.raises(TemplateError) as caught:
        Server(parse_address("http://127.0.0.1")[0], key=key)

    assert key not in str(caught.value)


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert ask(lambda asked, body: (200, {}))[0].json == {}


@pytest.mark.parametrize(
    ("url", "address", "model"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", ""),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000", ""),
        ("https://example.org/one/v1#sft", "https://example.org/one", "sft"),
        ("http://[::1]:8000#org/model", "http://[::1]:8000", "org/model"),
    ],
)
def test_an_address_is_read(url, address, model):
    found, named = parse_address(url)

    assert looks_like_address(url)
    assert (str(found), named) == (address, model)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host",
        "http://",
        "http://host:port",
        "http://host:99999",
        "http://host/?a=b",
        "http://[::1",
        "http://höst",
        "http://host/\x00",
        "http://host/a b\r\nX: y",
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(TemplateError, match="no address"):
        parse_address(url)


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(TemplateError, match="CHATEVAL_API_KEY") as caught:
        parse_address("http://me:sesame@host")

    assert "sesame" not in str(caught.value)


def test_words_are_one_short_printable_line():
    assert words("a\r\nb\x1b[0m\u202e\ud800\x00" + "c" * 1_000_000) == "a b [0m " + "c" * 192 + "…"

"""A server on loopback that answers as vLLM or llama-server do, with a specimen's own prompts."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chateval.template.sandbox import Chat
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import Tokenizer

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}"
    "{% for c in m.tool_calls or [] %}{{ c.function | tojson }}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
DEFAULT = "{% if messages[0].role != 'system' %}<|im_start|>system\nBe brief.<|im_end|>\n{% endif %}"
STRICT = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"

Answer = tuple[int, Any]
"""Status and body: bytes go out as they are, anything else as JSON; a function gets the handler and writes itself."""
Routes = Callable[[str, Any], Answer]
"""From `METHOD /path` and the JSON that was sent."""


@contextmanager
def serving(routes: Routes) -> Iterator[tuple[str, list[tuple[str, dict[str, str], Any]]]]:
    """Serve on a free port; yield the address and what is asked: method and path, headers, body."""
    seen: list[tuple[str, dict[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(raw) if raw else None
            asked = f"{self.command} {self.path}"
            seen.append((asked, dict(self.headers), body))
            status, found = routes(asked, body)
            if callable(found):
                found(self)
                return
            self.send_response(status)
            self.end_headers()
            self.wfile.write(found if isinstance(found, bytes) else json.dumps(found).encode())

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: Any) -> None:
            """Keep requests off the terminal."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that gives up is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def vllm(specimen: Specimen, *, bos: tuple[int, ...] = (), models: tuple[str, ...] = ("tiny",)) -> Routes:
    """Answer as vLLM does, with ids; `bos` is put before those of the prompt."""

    def routes(asked: str, body: Any) -> Answer:
        match asked:
            case "GET /version":
                return 200, {"version": "0.99.0"}
            case "GET /v1/models":
                return 200, {"object": "list", "data": [{"id": name, "owned_by": "vllm"} for name in models]}
            case "POST /tokenize":
                rendered = specimen.render(_chat(body))
                if rendered.text is None:
                    return 400, {"error": {"message": rendered.error.message if rendered.error else ""}}
                ids = [*bos, *specimen.ids(rendered.text)]
                return 200, {"count": len(ids), "max_model_len": 512, "tokens": ids}
        return 404, {"detail": "Not Found"}

    return routes


def llama(specimen: Specimen, *, bos: tuple[int, ...] = ()) -> Routes:
    """Answer as llama-server does, with text, and ids for a text; `bos` is what the vocabulary adds to every text."""
    literal = specimen.tokens.get("bos_token", "")

    def routes(asked: str, body: Any) -> Answer:
        match asked:
            case "GET /props":
                settings = {"default_generation_settings": {}, "bos_token": literal, "build_info": "b1-abc"}
                return 200, {**settings, "chat_template": specimen.template()}
            case "POST /apply-template":
                rendered = specimen.render(_chat(body))
                if rendered.text is None:
                    return 500, {"error": {"code": 500, "message": rendered.error.message if rendered.error else ""}}
                return 200, {"prompt": rendered.text.removeprefix(literal) if bos else rendered.text}
            case "POST /tokenize":
                return 200, {"tokens": [*(bos if body["add_special"] else ()), *specimen.ids(body["content"])]}
        return 404, {"error": {"code": 404, "message": "File Not Found"}}

    return routes


def spelling(specimen: Specimen) -> Routes:
    """Answer as a vLLM whose tokenizer has lost its added tokens: one of them is spelt letter by letter."""
    faithful = vllm(specimen)
    assert specimen.tokenizer is not None
    start = specimen.tokenizer.convert_tokens_to_ids("<|im_start|>")
    letters = specimen.tokenizer.convert_tokens_to_ids(list("<|im_start|>"))

    def routes(asked: str, body: Any) -> Answer:
        status, found = faithful(asked, body)
        if "tokens" in found:
            found["tokens"] = [part for one in found["tokens"] for part in (letters if one == start else [one])]
        return status, found

    return routes


def served_specimen(tokenizer: Tokenizer, template: str, **settings: Any) -> Specimen:
    """Return a template with a tokenizer; `settings` are those of `Settings`."""
    source = TemplateSource("chat_template.jinja", "default", template)
    tokens = dict(tokenizer.special_tokens_map)
    return Specimen("tiny", (source,), tokens=tokens, tokenizer=tokenizer, settings=Settings(**settings))


def _chat(body: Any) -> Chat:
    """Return what an engine renders: arguments of calls come as text and are read."""
    messages = json.loads(json.dumps(body["messages"]))
    for message in messages:
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return Chat(
        messages,
        tools=body.get("tools"),
        add_generation_prompt=body["add_generation_prompt"],
        kwargs=body.get("chat_template_kwargs", {}),
    )

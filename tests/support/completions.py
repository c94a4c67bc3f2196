"""An OpenAI-compatible server on loopback that answers as vLLM does, and that misbehaves as it is told to."""

import json
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from served import Answer

from chateval.template.tokenizer import Tokenizer


class Completions:
    """Routes of a server; each of `faults` takes the place of one answer, the first of them first."""

    def __init__(self, tokenizer: Tokenizer = None, *, models: Sequence[str] = ("tiny",), owner: str = "vllm") -> None:
        self.tokenizer = tokenizer
        self.entries: list[dict[str, Any]] = [{"id": name, "owned_by": owner} for name in models]
        self.faults: deque[Answer | Callable[[dict[str, Any]], Answer]] = deque()
        self.takes = ("ids", "text", "chat")
        self.text = "Paris"
        self.end_id = 2
        self.has_logprobs = True
        self.names_logprobs = True
        self.n_added = 0

    def __call__(self, asked: str, body: Any) -> Answer:
        match asked:
            case "GET /v1/models":
                return 200, {"object": "list", "data": self.entries}
            case "GET /version":
                return 200, {"version": "0.99.0"}
            case "POST /v1/completions" | "POST /v1/chat/completions":
                if self.faults:
                    fault = self.faults.popleft()
                    return fault(body) if callable(fault) else fault
                return self.answer(body)
        return 404, {"detail": "Not Found"}

    def answer(self, body: dict[str, Any], **changed: Any) -> Answer:
        """Return a good reply, with other fields where `changed` says so."""
        kind = "chat" if "messages" in body else "text" if isinstance(body["prompt"], str) else "ids"
        if kind not in self.takes:
            return 400, {"error": {"message": f"no {kind} here"}}
        choice = self._choice(body, kind)
        n_prompt = 9 if kind == "chat" else len(self._prompt_ids(body)) + (self.n_added if kind == "text" else 0)
        usage = {"prompt_tokens": n_prompt, "completion_tokens": choice.pop("n_output")}
        return 200, {"model": body["model"], "choices": [choice], "usage": usage} | changed

    def _prompt_ids(self, body: dict[str, Any]) -> list[int]:
        prompt = body["prompt"]
        return self.tokenizer.encode(prompt, add_special_tokens=False) if isinstance(prompt, str) else prompt

    def _choice(self, body: dict[str, Any], kind: str) -> dict[str, Any]:
        if kind == "chat":
            message = {"role": "assistant", "content": self.text}
            return {"index": 0, "message": message, "finish_reason": "stop", "n_output": 1}
        ids = [*self.tokenizer.encode(self.text, add_special_tokens=False), self.end_id][: body["max_tokens"]]
        is_ended = ids[-1] == self.end_id
        choice: dict[str, Any] = {
            "index": 0,
            "text": self.tokenizer.decode(ids, skip_special_tokens=True),
            "finish_reason": "stop" if is_ended else "length",
            "stop_reason": self.end_id if is_ended else None,
            "n_output": len(ids),
        }
        if body.get("return_token_ids"):
            choice |= {"token_ids": ids, "prompt_token_ids": self._prompt_ids(body)}
        if self.has_logprobs and "logprob_token_ids" in body and self.names_logprobs:
            choice["logprobs"] = {
                "top_logprobs": [{f"token_id:{one}": -one / 100 for one in body["logprob_token_ids"]}]
            }
        if self.has_logprobs and "prompt_logprobs" in body:
            choice["prompt_logprobs"] = [None, *({str(one): {"logprob": -one / 100}} for one in body["prompt"][1:])]
        return choice


def reply(status: int, body: Any, **headers: str) -> Answer:
    """Return a reply with headers, `retry_after="1"` for `Retry-After: 1`."""

    def write(handler: Any) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-").title(), value)
        handler.end_headers()
        handler.wfile.write(raw)

    return status, write


def late(seconds: float) -> Answer:
    """Return a reply that comes too late."""

    def write(handler: Any) -> None:
        time.sleep(seconds)

    return 0, write


def reset() -> Answer:
    """Return a reply that breaks off in its middle."""

    def write(handler: Any) -> None:
        handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"choic')
        handler.wfile.flush()
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        handler.connection.shutdown(socket.SHUT_RDWR)

    return 0, write


def raw(text: bytes) -> Answer:
    """Return a reply of these bytes, head and all, after which the server hangs up."""

    def write(handler: Any) -> None:
        handler.wfile.write(text)
        handler.close_connection = True

    return 0, write


def flood(head: bytes, chunk: bytes, n_bytes: int) -> Answer:
    """Return a reply of many bytes, the same chunk again and again."""

    def write(handler: Any) -> None:
        handler.wfile.write(head)
        for _ in range(n_bytes // len(chunk)):
            handler.wfile.write(chunk)

    return 0, write


def drip(head: bytes) -> Answer:
    """Return a reply that comes a byte at a time; without a head, that comes slowly too."""

    def write(handler: Any) -> None:
        handler.wfile.write(head)
        for letter in b"HTTP/1.1 200 OK\r\n" * 20:
            time.sleep(0.05)
            handler.wfile.write(bytes([letter]))
            handler.wfile.flush()

    return 0, write

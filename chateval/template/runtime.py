"""A serving engine asked for the prompts that it builds: vLLM, SGLang and llama-server; nothing is generated."""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chateval.errors import TemplateError
from chateval.records import Message
from chateval.template.sandbox import Chat
from chateval.template.wire import Reply, Server, parse_address, words

KEY_VARIABLE = "CHATEVAL_API_KEY"
"""Environment variable with the key that is sent as a bearer token."""
MAX_IDS = 65_536
MAX_CHARACTERS = 262_144
"""Of one prompt; those of the probes have some hundred. A server could fill the memory with more."""
_MAX_ID = 2**31 - 1
_REFUSALS = frozenset((400, 422, 500, 501))
"""Statuses by which engines say that a template or the chat is at fault; any other one is the server's trouble."""
_HELLO = Chat(({"role": "user", "content": "a"},))
_GO_ON: Message = {"role": "user", "content": "Go on."}


@dataclass(frozen=True, slots=True)
class RuntimePrompt:
    """The prompt of one chat as an engine builds it, or why there is none."""

    text: str | None = None
    """None where the engine shows ids only."""
    ids: tuple[int, ...] | None = None
    """All that the model would be fed, in [0, 2**31)."""
    error: str | None = None
    """What the engine says where it refuses the chat, one line."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A serving engine that answers."""

    name: str
    """Engine, version where it tells one, and address; two models of one server are told apart by theirs."""
    ask: Callable[[Chat], RuntimePrompt]
    """Returns the prompt of one chat."""

    def render(self, chats: Iterable[Chat]) -> list[RuntimePrompt]:
        """Return the prompt of each chat, in order, one request after the other.

        Raises:
            TemplateError: If the server fails otherwise than by refusing a chat.
        """
        return [self.ask(chat) for chat in chats]


def as_served(chat: Chat) -> Chat:
    """Return a chat as engines serve it: with a generation prompt, and with another turn where it ends with an answer.

    A last answer is what engines disagree about, and not their templates: llama-server takes it for one to be
    continued, SGLang writes a generation prompt after it whatever it is asked for.
    """
    messages = tuple(chat.messages)
    if messages and messages[-1].get("role") == "assistant":
        messages = (*messages, *(_answers(messages[-1]) or [_GO_ON]))
    return replace(chat, messages=messages, add_generation_prompt=True)


def _answers(message: Message) -> list[Message]:
    """Return an answer to each tool that a message calls."""
    return [
        {"role": "tool", "name": call["function"]["name"], "tool_call_id": call.get("id", ""), "content": "{}"}
        for call in message.get("tool_calls") or ()
    ]


def open_runtime(url: str, *, seconds: float = 30.0) -> Runtime:
    """Find out which engine answers at an address.

    Args:
        url: `http://` or `https://`, a path prefix and `/v1` allowed; what follows `#` names one of several models.
        seconds: Time that a reply may take, s.

    Raises:
        TemplateError: If no engine that shows its prompts answers; says what was tried and what came back.
    """
    address, model = parse_address(url)
    server = Server(address, key=os.environ.get(KEY_VARIABLE, ""), seconds=seconds)
    props = server.ask("/props")
    settings = props.json if props.status == 200 else None
    if isinstance(settings, dict) and "default_generation_settings" in settings:
        return _open_llama(server, settings)
    models = server.ask("/v1/models")
    listed = _models(models)
    if not listed:
        raise TemplateError(
            f"{address}: no engine that shows its prompts: {props.summary}; {models.summary}; "
            "vLLM, SGLang and llama-server do"
        )
    return _open_openai(server, listed, model)


def _models(reply: Reply) -> dict[str, str]:
    """Return the ids of the models that are served, each with who is said to own it."""
    data = reply.json.get("data") if reply.status == 200 and isinstance(reply.json, dict) else None
    entries = [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else []
    return {str(entry["id"]): str(entry.get("owned_by", "")) for entry in entries if isinstance(entry.get("id"), str)}


def _open_openai(server: Server, listed: Mapping[str, str], model: str) -> Runtime:
    if model and model not in listed:
        raise TemplateError(f"{server.address}: no model {model!r}; it serves {words(', '.join(listed))}")
    served = model or next(iter(listed))
    door = _Tokenize(server, served)
    first = door(_HELLO)
    if first.ids is None:
        raise TemplateError(f"{server.address}: POST /tokenize of a chat: {first.error}; the engine must know messages")
    reply = server.ask("/version")
    version = reply.json.get("version") if reply.status == 200 and isinstance(reply.json, dict) else None
    engine = listed[served] if listed[served] in ("vllm", "sglang") else "engine"
    return Runtime(_name(engine, version, server, f" ({words(served)})" if len(listed) > 1 else ""), door)


def _open_llama(server: Server, settings: Mapping[str, Any]) -> Runtime:
    door = _ApplyTemplate(server)
    with_special, without = (door.tokenize("a", add_special=adds) for adds in (True, False))
    bos = settings.get("bos_token")
    if (
        isinstance(bos, str)
        and _is_unicode(bos)
        and len(with_special) == len(without) + 1
        and with_special[1:] == without
    ):
        door = replace(door, bos=bos)
    return Runtime(_name("llama-server", settings.get("build_info"), server), door)


def _name(engine: str, version: Any, server: Server, served: str = "") -> str:
    known = f" {words(version)}" if isinstance(version, str) and version else ""
    return f"{engine}{known} at {server.address}{served}"


@dataclass(frozen=True, slots=True)
class _Tokenize:
    """The door of vLLM and SGLang: POST /tokenize with messages.

    Source:
        vllm-project/vllm vllm/entrypoints/serve/tokenize/protocol.py at 030ea52effcb05071543c8c42b8f0145e94cee43.
    """

    server: Server
    model: str

    def __call__(self, chat: Chat) -> RuntimePrompt:
        reply = self.server.ask("/tokenize", {"model": self.model, **_body(chat), "add_special_tokens": False})
        return _refusal(reply) or RuntimePrompt(ids=_ids(self.server, reply))


@dataclass(frozen=True, slots=True)
class _ApplyTemplate:
    """The door of llama-server: POST /apply-template, then POST /tokenize of the text as it does when serving.

    It takes a BOS that its vocabulary adds off the rendered text and adds it with the ids: tools/server in
    ggml-org/llama.cpp tokenises prompts with `add_special` and `parse_special`, both true.

    Source:
        ggml-org/llama.cpp tools/server/README.md at 00dc8057ab28c9cb4c79a6dd6dfce07fe779f63b.
    """

    server: Server
    bos: str = ""
    """What the tokenizer puts before every prompt."""

    def __call__(self, chat: Chat) -> RuntimePrompt:
        reply = self.server.ask("/apply-template", _body(chat))
        refusal = _refusal(reply)
        if refusal:
            return refusal
        text = reply.json.get("prompt") if isinstance(reply.json, dict) else None
        if not isinstance(text, str) or not _is_unicode(text):
            raise TemplateError(f"{self.server.address}: {reply.summary}: no `prompt` with a text in it")
        if len(text) > MAX_CHARACTERS:
            raise TemplateError(f"{self.server.address}: {reply.asked}: {len(text):,} characters for a short chat")
        return RuntimePrompt(text=self.bos + text, ids=self.tokenize(text, add_special=True))

    def tokenize(self, text: str, *, add_special: bool) -> tuple[int, ...]:
        reply = self.server.ask("/tokenize", {"content": text, "add_special": add_special, "parse_special": True})
        return _ids(self.server, reply)


def _body(chat: Chat) -> dict[str, Any]:
    """Return what is sent of a chat; arguments of calls are JSON in a string there, thinking has two names."""
    body: dict[str, Any] = {
        "messages": [_message(message) for message in chat.messages],
        "add_generation_prompt": chat.add_generation_prompt,
    }
    if chat.tools is not None:
        body["tools"] = list(chat.tools)
    if chat.kwargs:
        body["chat_template_kwargs"] = dict(chat.kwargs)
    return body


def _message(message: Message) -> dict[str, Any]:
    sent = dict(message)
    if message.get("tool_calls"):
        sent["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": _arguments(call["function"].get("arguments", {}))}}
            for call in message["tool_calls"]
        ]
    if "reasoning_content" in message:
        # vLLM reads this one and drops the other without a word; the rest do the opposite.
        sent["reasoning"] = message["reasoning_content"]
    return sent


def _arguments(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _refusal(reply: Reply) -> RuntimePrompt | None:
    """Return the prompt that a chat has not, where the engine refuses it."""
    return RuntimePrompt(error=reply.message) if reply.status in _REFUSALS else None


def _ids(server: Server, reply: Reply) -> tuple[int, ...]:
    found = reply.json.get("tokens") if reply.status == 200 and isinstance(reply.json, dict) else None
    if not isinstance(found, list) or not all(type(number) is int and 0 <= number <= _MAX_ID for number in found):
        raise TemplateError(f"{server.address}: {reply.summary}: no `tokens` with a list of ids in it")
    if len(found) > MAX_IDS:
        raise TemplateError(f"{server.address}: {reply.asked}: {len(found):,} ids for a short chat")
    return tuple(found)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

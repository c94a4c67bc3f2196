"""What an OpenAI-compatible server says that it serves: the models behind an address. Nothing is generated."""

from dataclasses import dataclass
from typing import Any

from chateval.errors import CheckpointError, TemplateError
from chateval.secret import api_key
from chateval.template.wire import Reply, Server, parse_address, words

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model of a server, as its list has it."""

    id: str
    """The name that a request asks for."""
    owner: str = ""
    """`vllm`, `sglang` or `llamacpp` where an engine names itself."""
    root: str = ""
    """Where the weights are on the server, an adapter's too; vLLM and SGLang say so."""
    parent: str = ""
    """The model under an adapter."""
    context_tokens: int | None = None
    """Most tokens of prompt and answer together."""


def split_address(url: str) -> tuple[str, str]:
    """Return the address that requests go to, such as `http://127.0.0.1:8000/v1`, and the model named after `#`.

    Raises:
        CheckpointError: If it is no http(s) URL, or has a user, a password or a query.
    """
    try:
        _, model = parse_address(url)
    except TemplateError as error:
        raise CheckpointError(str(error)) from error
    return url.partition("#")[0].rstrip("/"), model


def list_models(address: str, *, seconds: float = 30.0) -> tuple[ServedModel, ...]:
    """Return the models behind an address; none where the server keeps no list.

    Args:
        address: With its `/v1`.
        seconds: Time that the reply may take, s.

    Raises:
        CheckpointError: If no server answers, or it wants another key.
    """
    reply = _get(address, "/models", seconds)
    data = reply.json.get("data") if reply.status == 200 and isinstance(reply.json, dict) else None
    entries = data if isinstance(data, list) else []
    return tuple(_model(entry) for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str))


def find_version(address: str, *, seconds: float = 30.0) -> str:
    """Return the version of the engine behind an address; empty where it tells none."""
    reply = _get(address.removesuffix("/v1"), "/version", seconds)
    found = reply.json.get("version") if reply.status == 200 and isinstance(reply.json, dict) else None
    return words(found) if isinstance(found, str) else ""


def listed_words(models: tuple[ServedModel, ...]) -> str:
    """Return the names of models for an error; not all of a long list."""
    names = [words(model.id) for model in models]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _get(address: str, path: str, seconds: float) -> Reply:
    door = "/v1" if address.endswith("/v1") else ""
    try:
        place, _ = parse_address(address)
        return Server(place, key=api_key(), seconds=seconds).ask(door + path)
    except TemplateError as error:
        raise CheckpointError(f"{error}; is it the address of an OpenAI-compatible server, and is it up?") from error


def _model(entry: dict[str, Any]) -> ServedModel:
    def text(name: str) -> str:
        return entry[name] if isinstance(entry.get(name), str) else ""

    limit = entry.get("max_model_len")
    return ServedModel(
        id=text("id"),
        owner=text("owned_by"),
        root=text("root"),
        parent=text("parent"),
        context_tokens=limit if type(limit) is int and limit > 0 else None,
    )

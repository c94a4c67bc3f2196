"""Samples put to a server on loopback through the engine of OpenAI-compatible servers."""

from typing import Any

from completions import Completions
from served import serving

from chateval.records import Checkpoint, Decoding, Prompt, Response

BUSY = {"error": {"message": "too many requests"}}


def prompts(n: int) -> list[Prompt]:
    """Return n samples of one question."""
    messages = ({"role": "user", "content": "What is the capital of France?"},)
    return [Prompt(f"{index:016x}", messages, "", (), Decoding(max_new_tokens=8)) for index in range(n)]


def ask(
    server: Completions, n: int = 1, *, key: str = "", concurrency: int = 1, **patience: Any
) -> tuple[list[Response], list[tuple[str, dict[str, str], Any]]]:
    """Ask a server for answers to n samples; return responses in the order of the samples, and what was asked.

    Args:
        server: What answers.
        n: Samples.
        key: Sent as a bearer token.
        concurrency: Most requests in flight.
        patience: Fields of `Patience`; by default three retries without much waiting.
    """
    from chateval.engine.openai.client import Client, Patience
    from chateval.engine.openai.engine import OpenAIEngine, Served
    from chateval.pipeline.served import endpoint_facts

    quick = Patience(**{"retries": 3, "first_seconds": 0.01, "reply_seconds": 0.4} | patience)
    with (
        serving(server) as (url, seen),
        Client(f"{url}/v1", key=key, concurrency=concurrency, patience=quick) as client,
    ):
        engine = OpenAIEngine(Checkpoint("gpt", "endpoint", ""), None, endpoint_facts(), Served(client, "tiny"))
        asked = prompts(n)
        found = {id(p): response for part in engine.respond(engine.plan(asked)) for p, response in part}
        return [found[id(prompt)] for prompt in asked], seen

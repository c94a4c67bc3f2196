"""What a worker of Ray opens: the engines of `chateval.pipeline.engines`, from records instead of open tokenizers."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chateval.checkpoint import DigestCache, resolve_all
from chateval.engine import Engine
from chateval.engine.ray import OpenEngine
from chateval.errors import CheckpointError
from chateval.pipeline.engines import ENGINES
from chateval.pipeline.prepare import Subject
from chateval.records import Checkpoint, CheckpointSpec, EngineSpec, TemplateFacts
from chateval.template import Tokenizer, has_tokenizer, open_eyes, open_tokenizer

NOWHERE = Path(os.devnull, "digests.json")
"""Cannot be written: digests of a worker are remembered in its memory only."""


@contextmanager
def engines_of_worker(spec: EngineSpec, home: str) -> Iterator[OpenEngine]:
    """Yield a function that opens engines from records, in a worker.

    Args:
        spec: Of the engine that the worker holds.
        home: Node of the run. Workers on another one compare their files with what the run has digested.
    """
    tokenizers: dict[str, Tokenizer] = {}
    digests = DigestCache(NOWHERE)

    def open_engine(checkpoint: Checkpoint, facts: TemplateFacts) -> Engine:
        if socket.gethostname() != home:
            check_same_files(checkpoint, digests)
        if checkpoint.tokenizer_digest not in tokenizers:
            tokenizers.clear()
            tokenizers[checkpoint.tokenizer_digest] = open_tokenizer(_tokenizer_place(checkpoint))
        tokenizer = tokenizers[checkpoint.tokenizer_digest]
        base = Path(checkpoint.base_path or checkpoint.path)
        eyes = open_eyes(base, tokenizer) if checkpoint.sees_images else None
        return open_engine_for(Subject(checkpoint, tokenizer, facts, None, None, eyes))

    with ENGINES[spec.name](spec) as open_engine_for:
        yield open_engine


def check_same_files(checkpoint: Checkpoint, digests: DigestCache) -> None:
    """Raise CheckpointError if this node has other files under the paths of a checkpoint."""
    spec = CheckpointSpec(
        checkpoint.name,
        checkpoint.path,
        base=checkpoint.base_path,
        template=checkpoint.template,
        completion=checkpoint.completion,
        dtype=checkpoint.dtype,
    )
    [found] = resolve_all([spec], digests)
    for what in ("weights_digest", "adapter_digest", "tokenizer_digest"):
        if getattr(found, what) != getattr(checkpoint, what):
            raise CheckpointError(
                f"{checkpoint.name}: {checkpoint.path} on node {socket.gethostname()} has another {what} than where "
                "the run was started; copy the checkpoint there again"
            )


def _tokenizer_place(checkpoint: Checkpoint) -> Path:
    """Return where the tokenizer of a checkpoint is: with the adapter, else with its base."""
    path = Path(checkpoint.path)
    if checkpoint.base_path is None or has_tokenizer(path):
        return path
    return Path(checkpoint.base_path)

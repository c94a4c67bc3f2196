"""What runs in a worker: engines opened there from plain records, one at a time, answering the shards dealt to it."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from chateval.engine.base import Batch, Engine
from chateval.errors import CheckpointError
from chateval.records import Checkpoint, Response, TemplateFacts

Work = tuple[Checkpoint, TemplateFacts]
"""What an engine is opened from."""

OpenEngine = Callable[[Checkpoint, TemplateFacts], Engine]

Factory = Callable[[], AbstractContextManager[OpenEngine]]
"""Called once in each worker; what it holds, such as a base under adapters, lives as long as the worker."""

Indexed = list[tuple[int, Response]]
"""Responses with the places of their prompts in the shard: the prompts themselves need not come back."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a worker says of itself before it answers."""

    node: str
    pid: int
    identity: dict[str, str]


class Worker:
    """Holds one engine; the body of a Ray actor, and without Ray an object like any other."""

    def __init__(self, factory: Factory, n_threads: int) -> None:
        """Keep what opens engines; the threads of a worker count before it loads its first library.

        Args:
            factory: Called at the first question.
            n_threads: Threads of one matrix product, at least 1.
        """
        os.environ |= {"OMP_NUM_THREADS": str(n_threads), "OMP_WAIT_POLICY": "PASSIVE"}
        self._factory = factory
        self._held = ExitStack()
        self._open: OpenEngine | None = None
        self._work: Work | None = None
        self._engine: Engine | None = None

    def greet(self) -> str:
        """Return the name of the node: the worker has been placed and runs."""
        return socket.gethostname()

    def introduce(self, work: Work) -> Opened:
        """Open the engine of a checkpoint, which loads no model yet, and return what it is.

        Raises:
            CheckpointError: If a file of the checkpoint is not on this node.
        """
        return Opened(socket.gethostname(), os.getpid(), dict(self._engine_for(work).identity))

    def respond(self, work: Work, batch: Batch) -> Iterator[Opened | Indexed]:
        """Yield what the worker is, then the answers as the engine gives them.

        Raises:
            ChatevalError: As the engine raises it.
        """
        yield self.introduce(work)
        places = {id(prompt): place for place, prompt in enumerate(batch.prompts)}
        for answers in self._engine_for(work).respond([batch]):
            yield [(places[id(prompt)], response) for prompt, response in answers]

    def _engine_for(self, work: Work) -> Engine:
        if self._engine is None or self._work != work:
            if self._open is None:
                self._open = self._held.enter_context(self._factory())
            _check_reachable(work[0])
            self._work, self._engine = work, self._open(*work)
        return self._engine


def _check_reachable(checkpoint: Checkpoint) -> None:
    for path in (checkpoint.path, checkpoint.base_path):
        if path is not None and not Path(path).exists():
            raise CheckpointError(
                f"{checkpoint.name}: node {socket.gethostname()} has no {path}; every node of the cluster reads the "
                "same paths: put it on a file system that all of them mount"
            )

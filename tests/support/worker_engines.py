"""Engines for workers of Ray that obey or misbehave by the name of their checkpoint; `path` is a folder for notes."""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chateval.engine import Answer, Batch, Engine, FakeEngine
from chateval.engine.ray import OpenEngine
from chateval.errors import CheckpointError
from chateval.records import Checkpoint, Prompt, TemplateFacts

PATIENCE_SECONDS = 60


@contextmanager
def engines() -> Iterator[OpenEngine]:
    """Yield what opens the engine that a checkpoint asks for by its name."""
    yield open_engine


class OneByOne(FakeEngine):
    """Yields each answer when it is there."""

    def respond(self, batches: Iterable[Batch]) -> Iterator[list[Answer]]:
        for batch in batches:
            yield from super().respond(self.plan(batch.prompts))


def open_engine(checkpoint: Checkpoint, facts: TemplateFacts) -> Engine:
    folder = Path(checkpoint.path)
    engine = OneByOne(lambda prompt: BEHAVIOURS[checkpoint.name](prompt, folder), batch_size=1)
    if checkpoint.name == "foreign":
        engine.identity = {"engine": "fake", "torch": "0.1"}
    return engine


def answer(prompt: Prompt, folder: Path) -> str:
    """Note that the prompt was answered, and return its text backwards."""
    with (folder / "answered").open("a") as file:
        file.write(f"{prompt.sample_id} {os.getpid()}\n")
    return prompt.text[::-1]


def meet(prompt: Prompt, folder: Path) -> str:
    """Go on when two processes are there."""
    (folder / f"here_{os.getpid()}").touch()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(list(folder.glob("here_*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer(prompt, folder)


def stall_once(prompt: Prompt, folder: Path) -> str:
    """Wait at the prompt `stall` until the process is killed; the process after it goes on."""
    if prompt.text == "stall" and not (folder / "pid").exists():
        (folder / "new").write_text(str(os.getpid()))
        (folder / "new").rename(folder / "pid")
        time.sleep(PATIENCE_SECONDS)
    return answer(prompt, folder)


def die(prompt: Prompt, folder: Path) -> str:
    """Kill the process at the prompt `kill`."""
    if prompt.text == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer(prompt, folder)


def refuse(prompt: Prompt, folder: Path) -> str:
    raise CheckpointError(f"{folder}: incomplete: 2 tensors are not in it")


def crash(prompt: Prompt, folder: Path) -> str:
    raise TypeError("a fault of the engine")


BEHAVIOURS = {
    "good": answer,
    "meeting": meet,
    "foreign": answer,
    "stalling": stall_once,
    "deadly": die,
    "broken": refuse,
    "faulty": crash,
}

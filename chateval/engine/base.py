"""The one door to a model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chateval.records import Prompt, Response

Answer = tuple[Prompt, Response]
"""A prompt, the very object that was asked, and its response."""


class Enough(Exception):  # noqa: N818 - nothing is wrong
    """Thrown into an engine where it yields: it is to begin nothing more. What it has begun it may yield still."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Prompts that are planned together, and what they share."""

    prompts: tuple[Prompt, ...]
    """All of a task that generates, or all of one that chooses."""
    n_shared: int = 0
    """Ids that every prompt of the task begins with, fewer than the shortest has; computed once."""


class Engine(Protocol):
    """Answers prompts for one checkpoint. The caller stores what it yields before it asks for more."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What besides checkpoint and prompt decides the answers: engine, dtype, device, library versions."""
        ...

    def plan(self, prompts: Sequence[Prompt]) -> list[Batch]:
        """Split the prompts of a task into batches, as a function of the prompts alone.

        A resumed run plans over all prompts again and answers what is left of each batch, so that a batch
        that was never started has the same rows, and thus the same numerics, as in an undisturbed run.
        """
        ...

    def respond(self, batches: Iterable[Batch]) -> Iterator[list[Answer]]:
        """Yield answers as they come, in any order, each prompt once; a prompt's fault is its response's `error`.

        Args:
            batches: Of any number of tasks of the checkpoint.
        """
        ...

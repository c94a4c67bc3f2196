"""The one door to a model."""

from collections.abc import Sequence
from typing import Protocol

from chateval.records import Prompt, Response


class Engine(Protocol):
    """Answers prompts for one checkpoint. The caller stores each batch before it asks for the next."""

    @property
    def identity(self) -> dict[str, str]:
        """What besides checkpoint and prompt decides the answers: engine, dtype, device, library versions."""
        ...

    def plan(self, prompts: Sequence[Prompt]) -> list[list[Prompt]]:
        """Split prompts into batches, as a function of the prompts alone.

        A resumed run plans over all prompts again and answers what is left of each batch, so that a batch
        that was never started has the same rows, and thus the same numerics, as in an undisturbed run.
        """
        ...

    def respond(self, batch: Sequence[Prompt]) -> list[Response]:
        """Return one response per prompt, in their order; a prompt's fault is its response's `error`."""
        ...

"""A checkpoint answered by the workers of a pool; its answers are those of the engine that each worker holds."""

from collections.abc import Iterable, Iterator, Sequence

from chateval.engine.base import Answer, Batch, Engine
from chateval.engine.ray.pool import Pool
from chateval.engine.ray.shards import cut
from chateval.records import Checkpoint, Prompt, TemplateFacts


class RayEngine:
    """Deals the prompts of one checkpoint to a pool that it shares with the engines of other checkpoints."""

    def __init__(self, pool: Pool, checkpoint: Checkpoint, facts: TemplateFacts, here: Engine) -> None:
        """Keep what the workers open their engines from.

        Args:
            pool: Of the run.
            checkpoint: As every node finds it: by the same path.
            facts: Of its template.
            here: An engine such as the workers hold, opened in this process; it plans and never answers.
        """
        self._pool = pool
        self._work = (checkpoint, facts)
        self._here = here
        self._identity: dict[str, str] | None = None

    @property
    def identity(self) -> dict[str, str]:
        """What the engine of a worker says it is, so that a store is shared with runs without Ray."""
        if self._identity is None:
            remote = not self._pool.is_local
            self._identity = self._pool.introduce(self._work) if remote else dict(self._here.identity)
        return self._identity

    def plan(self, prompts: Sequence[Prompt]) -> list[Batch]:
        """Split prompts as the workers' engine would; `respond` cuts what is too large to be dealt."""
        return self._here.plan(prompts)

    def respond(self, batches: Iterable[Batch]) -> Iterator[list[Answer]]:
        """Yield answers as workers give them.

        Raises:
            ChatevalError: What an engine raised in its worker, or if no worker can be had.
        """
        yield from self._pool.answer(self._work, cut(batches, self._pool.n_workers), self.identity)

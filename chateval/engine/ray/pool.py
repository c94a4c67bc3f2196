"""Workers for as long as a run lasts: they are dealt shards, replaced when they die, and taken down at the end."""

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from chateval.engine.base import Answer, Batch
from chateval.engine.batch import error_response
from chateval.engine.ray.cluster import Cluster, Share
from chateval.engine.ray.shards import Shard
from chateval.engine.ray.worker import Factory, Opened, Work, Worker
from chateval.errors import ChatevalError, ConfigError
from chateval.records import Prompt

MAX_DEATHS = 3
"""Workers that a shard, its halves included, may cost before its prompts are given up."""

PLACE_SECONDS = 300.0
"""Longest that a run without any worker waits for Ray to place one."""

logger = logging.getLogger(__name__)


class _Seat:
    """A worker, and what it has been dealt: the first shard is being answered, the second waits for it."""

    def __init__(self, actor: Any) -> None:
        self.actor = actor
        self.greeting: Any = actor.greet.remote()
        self.node = "a node"
        self.dealt: deque[tuple[Shard, Sequence[Prompt], Any]] = deque()

    @property
    def is_ready(self) -> bool:
        return self.greeting is None

    @property
    def awaited(self) -> Any:
        """What comes from it next; None where it has nothing to do."""
        return self.greeting if not self.is_ready else self.dealt[0][2] if self.dealt else None

    def deal(self, shard: Shard, work: Any) -> None:
        rest = shard.rest
        self.dealt.append((shard, rest.prompts, self.actor.respond.remote(work, _bare(rest))))


class Pool:
    """The workers of a run. One process deals, and one alone hears the answers."""

    def __init__(self, factory: Factory, cluster: Cluster) -> None:
        self._factory = factory
        self._cluster = cluster
        self._seats: list[_Seat] = []
        self._share: Share | None = None
        self._n_fruitless = 0
        """Deaths since the last answer."""

    @property
    def is_local(self) -> bool:
        """Whether workers run on this machine only, with the libraries of this process."""
        return self._cluster.is_local

    @property
    def n_workers(self) -> int:
        """Workers that share the work, at least 1."""
        return self._cluster.n_workers

    def introduce(self, work: Work) -> dict[str, str]:
        """Return the identity of the engine of a checkpoint, as the first worker to be there has it.

        Raises:
            ChatevalError: What opening the engine raised, or if no worker can be had.
        """
        ray = self._start()
        while True:
            seat = next((seat for seat in self._seats if seat.is_ready), None)
            if seat is None:
                for seat in self._await():
                    self._welcome(seat)
                continue
            try:
                return dict(_get(seat.actor.introduce.remote(work)).identity)
            except ray.exceptions.RayError as error:
                self._replace(seat, error)

    def answer(self, work: Work, shards: Sequence[Shard], identity: Mapping[str, str]) -> Iterator[list[Answer]]:
        """Yield the answers of shards as they come.

        A worker that dies is replaced, and what it left undone is dealt again, the shard that it died of in halves;
        what has cost three workers is given up, and its prompts become errors.

        Args:
            work: The checkpoint.
            shards: Dealt in this order.
            identity: What every worker must say of its engine.

        Raises:
            ChatevalError: What an engine raised, or if no worker can be had.
        """
        ray = self._start()
        waiting = deque(shards)
        record = ray.put(work)
        try:
            while waiting or any(seat.dealt for seat in self._seats):
                self._deal(waiting, record)
                for seat in self._await():
                    answers = self._hear(seat, waiting, identity) if seat.is_ready else self._welcome(seat)
                    if answers:
                        yield answers
        finally:
            for seat in [seat for seat in self._seats if seat.dealt]:  # the caller broke off: they work for nobody
                self._dismiss(seat)

    def _start(self) -> Any:
        """Return Ray's module once there are as many workers as there should be."""
        ray = self._cluster.open()
        self._share = self._share or self._cluster.share()
        self._seats += [self._seat() for _ in range(self.n_workers - len(self._seats))]
        return ray

    def _seat(self) -> _Seat:
        import ray

        share = self._share or self._cluster.share()
        options = {"num_cpus": share.n_cpus, "num_gpus": share.n_gpus, "scheduling_strategy": "SPREAD"}
        return _Seat(ray.remote(Worker).options(**options).remote(self._factory, share.n_threads))

    def _deal(self, waiting: deque[Shard], work: Any) -> None:
        """Give each worker a shard, and a second one while there are enough for all."""
        ready = [seat for seat in self._seats if seat.is_ready]
        for seat in ready:
            if waiting and not seat.dealt:
                seat.deal(waiting.popleft(), work)
        for seat in ready:
            if len(waiting) > len(self._seats) and len(seat.dealt) < 2:
                seat.deal(waiting.popleft(), work)

    def _await(self) -> list[_Seat]:
        """Return the workers from which something has come."""
        import ray

        by_ref = [(seat.awaited, seat) for seat in self._seats if seat.awaited is not None]
        refs = [ref for ref, _ in by_ref]
        ready, _ = ray.wait(refs, num_returns=1, timeout=PLACE_SECONDS, fetch_local=False)
        if ready:
            ready, _ = ray.wait(refs, num_returns=len(refs), timeout=0, fetch_local=False)
        elif not any(seat.is_ready for seat in self._seats):
            raise ConfigError(
                f"--engine ray: no worker was placed in {PLACE_SECONDS:.0f} s; each asks for {self._share}, "
                f"{self._cluster.free()} are free"
            )
        return [seat for ref, seat in by_ref if any(ref is one for one in ready)]

    def _welcome(self, seat: _Seat) -> list[Answer]:
        import ray

        try:
            seat.node = _get(seat.greeting)
            seat.greeting = None
        except ray.exceptions.RayError as error:
            if "creation task" in str(error):  # Python raised it: on a worker in its place it would do so again
                raise ConfigError(f"--engine ray: a worker cannot start: {_cause(error)}") from error
            self._replace(seat, error)
        return []

    def _hear(self, seat: _Seat, waiting: deque[Shard], identity: Mapping[str, str]) -> list[Answer]:
        """Return the answers that have come from a worker; where it died, bring what it left back among the waiting."""
        import ray

        shard, asked, stream = seat.dealt[0]
        try:
            item = _get(next(stream))
        except StopIteration:
            if shard.left:
                raise RuntimeError(f"an engine left {len(shard.left)} prompts without an answer") from None
            seat.dealt.popleft()
            return []
        except ray.exceptions.RayError as error:
            return self._mourn(seat, waiting, error)
        if isinstance(item, Opened):
            _check_identity(item, identity)
            return []
        self._n_fruitless = 0
        for place, _ in item:
            del shard.left[id(asked[place])]
        return [(asked[place], response) for place, response in item]

    def _mourn(self, seat: _Seat, waiting: deque[Shard], error: Exception) -> list[Answer]:
        """Replace a dead worker and return errors for the shard that it died of, if others did before it."""
        unfinished = [shard for shard, _, _ in seat.dealt if shard.left]
        self._replace(seat, error)
        given_up: list[Answer] = []
        if unfinished:
            fatal = unfinished.pop(0)
            if fatal.n_deaths + 1 < MAX_DEATHS:
                unfinished = [*fatal.halves(), *unfinished]
            else:
                reason = f"the worker died {MAX_DEATHS} times on this shard"
                given_up = [(prompt, error_response(prompt, reason)) for prompt in fatal.left.values()]
        waiting.extendleft(reversed(unfinished))
        return given_up

    def _replace(self, seat: _Seat, error: Exception) -> None:
        self._n_fruitless += 1
        self._dismiss(seat)
        said = _cause(error)
        if self._n_fruitless > (MAX_DEATHS + 1) * (self.n_workers + 1):
            raise ConfigError(
                f"--engine ray: {self._n_fruitless} workers died one after the other without an answer, the last on "
                f"{seat.node}: {said}; is there memory for a model in each? try fewer --workers"
            )
        logger.warning("a worker on %s died (%s); another takes its place", seat.node, said)
        self._seats.append(self._seat())

    def _dismiss(self, seat: _Seat) -> None:
        import ray

        self._seats.remove(seat)
        with suppress(ray.exceptions.RayError):
            ray.kill(seat.actor)

    def close(self) -> None:
        """Take the workers down, and the cluster if it was started for them."""
        try:
            for seat in list(self._seats):
                self._dismiss(seat)
        finally:
            self._cluster.close()


@contextmanager
def open_pool(factory: Factory, cluster: Cluster) -> Iterator[Pool]:
    """Yield a pool; its workers start at the first question and are gone at the end, however that comes."""
    pool = Pool(factory, cluster)
    try:
        yield pool
    finally:
        pool.close()


def _get(ref: Any) -> Any:
    """Return what a worker sent; what its engine raised is raised here as it was."""
    import ray

    try:
        return ray.get(ref)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ChatevalError):
            raise error.cause from None
        raise RuntimeError(f"a worker failed: {error}") from error


def _cause(error: Exception) -> str:
    """Return why a worker died, in one line: Ray tells it in many, what Python raised last."""
    lines = [" ".join(line.split()) for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    raised = [line for line in lines if "Error: " in line and "Worker exit" not in line]
    return (raised[-1] if raised else lines[0])[:300]


def _bare(batch: Batch) -> Batch:
    """Return a batch as it travels: what an engine reads of its prompts, which is ids, text and decoding."""
    return replace(batch, prompts=tuple(replace(prompt, messages=(), findings=()) for prompt in batch.prompts))


def _check_identity(opened: Opened, identity: Mapping[str, str]) -> None:
    if opened.identity == identity:
        return
    names = sorted(name for name in {*opened.identity, *identity} if opened.identity.get(name) != identity.get(name))
    found = ", ".join(f"{name} {opened.identity.get(name)} (this run: {identity.get(name)})" for name in names)
    raise ConfigError(f"--engine ray: node {opened.node} computes with {found}; install the same on every node")

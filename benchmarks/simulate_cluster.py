"""A run of many checkpoints on many workers, played through by events, with costs that are measured here first.

    python -m benchmarks.simulate_cluster --checkpoint FOLDER [--checkpoints 1000] [--tasks 100] [--samples 100]

Prints Markdown: the costs, where the time goes, what the store and the driver hold. Takes a minute of processor time.
"""

import argparse
import heapq
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster_costs import Costs, measure
from chateval.engine.ray.shards import MAX_PROMPTS, SHARDS_PER_WORKER
from chateval.pipeline.respond import KEPT_EVERY_SECONDS

SPREAD = 0.5
"""Standard deviation of the time of a sample, as a share of its mean."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of whom."""

    n_checkpoints: int
    n_samples: int
    """Of one checkpoint, all tasks together."""
    n_workers: int
    sample_seconds: float
    is_one_base: bool
    """Whether the checkpoints are adapters, so that each worker loads weights once."""


@dataclass(slots=True)
class Played:
    """Where the time of a run went, s."""

    before: float = 0.0
    """Until the first answer is asked for."""
    answering: float = 0.0
    after: float = 0.0
    working: float = 0.0
    """Of one worker, the mean over all: answers."""
    loading: float = 0.0
    """Of one worker, the mean over all: weights."""
    driver: float = 0.0
    """Of the driver while workers answer: keys, hearing, storing."""
    storing: float = 0.0
    """The part of it that is in SQLite."""

    def keep(self, size: int, plan: Plan, costs: Costs) -> float:
        """Note that the driver hears and stores so many answers, and return how long it takes."""
        storing = size * costs.put_seconds + costs.flush_seconds * min(1.0, size * _seconds_apart(plan))
        self.storing += storing
        self.driver += size * costs.hear_seconds + storing
        return size * costs.hear_seconds + storing


def play_samples(plan: Plan, costs: Costs) -> Played:
    """Play a run as it is: one checkpoint after the other, the samples of each dealt to all workers."""
    draw, found = random.Random(0), _around(plan, costs)
    loaded = [False] * plan.n_workers
    driver = 0.0
    for _ in range(plan.n_checkpoints):
        driver += plan.n_samples * costs.key_seconds
        heap = [(driver, worker) for worker in range(plan.n_workers)]
        for size in _shards(plan.n_samples, _fair(plan)):
            at, worker = heapq.heappop(heap)
            if not loaded[worker]:
                at += costs.load_seconds
                found.loading += costs.load_seconds / plan.n_workers
                loaded[worker] = True
            spent = _spent(draw, size, plan)
            found.working += spent / plan.n_workers
            heapq.heappush(heap, (at + spent, worker))
            driver = max(driver, at + spent) + found.keep(size, plan, costs)
        loaded = [plan.is_one_base] * plan.n_workers
    found.answering = driver
    return found


def play_checkpoints(plan: Plan, costs: Costs) -> Played:
    """Play a run that would deal whole checkpoints: each worker loads what it alone answers, and nobody waits."""
    draw, found = random.Random(0), _around(plan, costs)
    heap = [(0.0, worker) for worker in range(plan.n_workers)]
    n_loads = plan.n_workers if plan.is_one_base else plan.n_checkpoints
    for place in range(plan.n_checkpoints):
        at, worker = heapq.heappop(heap)
        at += costs.load_seconds if place < n_loads else 0.0
        for size in _shards(plan.n_samples, MAX_PROMPTS):
            spent = _spent(draw, size, plan)
            found.working += spent / plan.n_workers
            found.keep(size, plan, costs)
            at += spent
        heapq.heappush(heap, (at, worker))
    found.loading = n_loads * costs.load_seconds / plan.n_workers
    found.answering = max(found.driver, *(end for end, _ in heap))
    return found


def _around(plan: Plan, costs: Costs) -> Played:
    n_digested = 1 if plan.is_one_base else plan.n_checkpoints
    return Played(
        before=n_digested * costs.digest_seconds + plan.n_checkpoints * costs.open_seconds,
        after=plan.n_checkpoints * plan.n_samples * costs.score_seconds,
        driver=plan.n_checkpoints * plan.n_samples * costs.key_seconds,
    )


def _spent(draw: random.Random, size: int, plan: Plan) -> float:
    return size * plan.sample_seconds * max(0.1, draw.gauss(1, SPREAD / math.sqrt(size)))


def _seconds_apart(plan: Plan) -> float:
    """Return which part of a transaction an answer pays for: there is one each half second."""
    return plan.sample_seconds / plan.n_workers / KEPT_EVERY_SECONDS


def _fair(plan: Plan) -> int:
    return min(MAX_PROMPTS, math.ceil(plan.n_samples / (SHARDS_PER_WORKER * plan.n_workers)))


def _shards(n: int, size: int) -> Iterator[int]:
    yield from [size] * (n // size)
    if n % size:
        yield n % size


def _hours(seconds: float) -> str:
    return f"{seconds / 3_600:,.1f} h" if seconds >= 3_600 else f"{seconds / 60:,.1f} min"


def show(costs: Costs, plans: Sequence[tuple[str, Plan]]) -> Iterator[str]:
    """Yield the tables."""
    yield "| cost, measured | |\n|---|---:|"
    for name in costs.__slots__:
        value = getattr(costs, name)
        yield f"| {name} | {value:,.0f} |" if name.endswith("bytes") else f"| {name} | {value:.6f} |"
    yield (
        "\n| run | dealt | before | answering | after | a worker works | loads | idles | driver busy | in SQLite |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    for name, plan in plans:
        for dealt, played in (("samples", play_samples(plan, costs)), ("checkpoints", play_checkpoints(plan, costs))):
            idle = max(0.0, 1 - (played.working + played.loading) / played.answering)
            yield (
                f"| {name} | {dealt} | {_hours(played.before)} | "
                f"{_hours(played.answering)} | {_hours(played.after)} | {played.working / played.answering:.0%} | "
                f"{played.loading / played.answering:.0%} | {idle:.0%} | {played.driver / played.answering:.0%} | "
                f"{played.storing / played.answering:.1%} |"
            )
    plan = plans[0][1]
    n = plan.n_checkpoints * plan.n_samples
    yield (
        f"\n{n:,} answers: store {n * costs.stored_bytes / 1e9:,.1f} GB; in the driver keys "
        f"{n * costs.answer_bytes / 1e9:,.1f} GB, prompts {plan.n_samples * costs.prompt_bytes / 1e9:,.2f} GB (with a "
        f"tokenizer for each checkpoint {n * costs.prompt_bytes / 1e9:,.1f} GB), tokenizers "
        f"{plan.n_checkpoints * costs.tokenizer_bytes / 1e9:,.1f} GB; manifest "
        f"{plan.n_checkpoints * costs.manifest_bytes / 1e6:,.1f} MB; one writer puts at most "
        f"{1 / (costs.put_seconds + costs.flush_seconds / 256):,.0f} answers/s, one driver hears and puts at most "
        f"{1 / (costs.hear_seconds + costs.put_seconds):,.0f}/s"
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, play, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulate_cluster", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="a chat checkpoint whose costs are measured")
    parser.add_argument("--checkpoints", type=int, default=1_000)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--samples", type=int, default=100, help="of each task")
    parser.add_argument("--workers", type=int, default=64)
    given = parser.parse_args(argv)
    os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        costs = measure(given.checkpoint, Path(folder))
    plans = [
        (
            f"{'adapters' if is_one_base else 'whole models'}, {seconds:.3g} s a sample",
            Plan(given.checkpoints, given.tasks * given.samples, given.workers, seconds, is_one_base),
        )
        for seconds in (costs.sample_seconds, 0.1, 0.01)
        for is_one_base in (True, False)
    ]
    sys.stdout.write("\n".join(show(costs, plans)) + f"\n\nmeasured in {time.perf_counter() - start:.0f} s\n")


if __name__ == "__main__":
    main()

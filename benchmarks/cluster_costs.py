"""What a run costs on this machine, measured: the driver, the store, a worker. For `benchmarks.simulate_cluster`."""

import functools
import hashlib
import importlib
import json
import os
import random
import resource
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.overhead import Clock, make_task
from chateval.config import Suite
from chateval.engine.ray import Cluster, RayEngine, open_pool
from chateval.pipeline import evaluate, open_engines, prepare
from chateval.pipeline.workers import engines_of_worker
from chateval.records import CheckpointSpec, EngineSpec, Response
from chateval.store import ResponseStore, response_key
from chateval.template import open_tokenizer

SMALL = 600
"""Samples of the larger measured run."""

STORED = 20_000


@dataclass(frozen=True, slots=True)
class Costs:
    """What things cost on this machine, s and bytes; `_seconds` of one unless it says otherwise."""

    load_seconds: float
    """Weights from the page cache into a worker."""
    sample_seconds: float
    """One answer of a worker with one thread, 32 tokens at most; processor time."""
    digest_seconds: float
    """sha256 of the checkpoint's files, before the first run of them."""
    open_seconds: float
    """Tokenizer and template check of one checkpoint, in the driver before anything is answered."""
    key_seconds: float
    """Key of one answer, and its look-up in the store."""
    hear_seconds: float
    """Processor time of the driver for one answer that comes from a worker; shards of 64."""
    put_seconds: float
    """One answer into a store of 20,000, in transactions of 256."""
    flush_seconds: float
    """One transaction, whatever is in it."""
    score_seconds: float
    """Scoring, statistics and writing, of one answer with three scorers."""
    stored_bytes: float
    answer_bytes: float
    """What the driver holds of an answer: its key."""
    prompt_bytes: float
    """What it holds of a prompt, once for all checkpoints with one tokenizer and one template."""
    tokenizer_bytes: float
    """What it holds of a checkpoint."""
    manifest_bytes: float
    """Of one checkpoint."""


def _suite(folder: Path, task: Path, n: int, limit: int) -> Suite:
    specs = tuple(CheckpointSpec(f"c{at}", str(folder)) for at in range(n))
    return Suite(specs, (str(task),), baseline="c0", limit=limit, engine=EngineSpec("fake"))


def _run(suite: Suite, room: Path) -> dict[str, float]:
    """Run a suite on the fake engine; return seconds by stage."""
    clock = Clock()
    with open_engines(suite.engine) as open_engine:
        evaluate(suite, room / "run", cache_dir=room / "cache", open_engine=open_engine, watcher=clock)
    clock.stage("")
    return {name: wall for name, (wall, _) in clock.seconds.items()}


class Scale(Clock):
    """Weighs what a run holds when its last answer is there."""

    n_bytes = 0

    def stage(self, text: str) -> None:
        """Weigh before the scoring."""
        if text == "scoring":
            self.n_bytes = tracemalloc.get_traced_memory()[0]


def _held(suite: Suite, room: Path) -> int:
    """Return the bytes of Python objects that a run holds before it scores."""
    scale = Scale()
    tracemalloc.start()
    with open_engines(suite.engine) as open_engine:
        evaluate(suite, room / "run", cache_dir=room / "cache", open_engine=open_engine, watcher=scale)
    tracemalloc.stop()
    return scale.n_bytes


def _tokenizer_bytes(folder: Path) -> float:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    before, kept = resident(), [open_tokenizer(folder) for _ in range(8)]
    return (resident() - before) / len(kept)


def measure_driver(folder: Path, room: Path) -> dict[str, float]:
    """Measure what the driver does itself, as differences between a small run and a larger one."""
    task = room / "task"
    make_task(task, SMALL)
    _run(_suite(folder, task / "task.yaml", 1, 16), room / "warm")
    one = _run(_suite(folder, task / "task.yaml", 1, 16), room / "one")
    four = _run(_suite(folder, task / "task.yaml", 4, 16), room / "four")
    few = _run(_suite(folder, task / "task.yaml", 1, SMALL), room / "few")
    many = _run(_suite(folder, task / "task.yaml", 4, SMALL), room / "many")
    held = {
        (n, limit): _held(_suite(folder, task / "task.yaml", n, limit), room / f"held{n}_{limit}")
        for n in (1, 4)
        for limit in (16, SMALL)
    }
    grown = {n: (held[n, SMALL] - held[n, 16]) / (SMALL - 16) for n in (1, 4)}
    answer_bytes = (grown[4] - grown[1]) / 3
    manifest = json.loads((room / "four/run/manifest.json").read_text())
    return {
        "open_seconds": (four["opening tokenizers"] - one["opening tokenizers"]) / 3,
        "score_seconds": (many["scoring"] - few["scoring"]) / (3 * SMALL),
        "answer_bytes": answer_bytes,
        "prompt_bytes": grown[1] - answer_bytes,
        "tokenizer_bytes": _tokenizer_bytes(folder),
        "manifest_bytes": float(len(json.dumps(manifest["checkpoints"][0], indent=2))),
    }


def measure_store(room: Path) -> dict[str, float]:
    """Measure a store that has 20,000 answers: what a transaction costs, and what an answer costs in it."""
    draw = random.Random(0)
    text = "The shop sells apples in the morning and pears in the afternoon, so it sells fruit all day. "

    def answers(n: int) -> dict[str, Response]:
        return {
            hashlib.sha256(draw.randbytes(8)).hexdigest(): Response(
                "0" * 16, text, "eos", raw_text=text, output_ids=tuple(range(40)), n_prompt_tokens=50
            )
            for _ in range(n)
        }

    with ResponseStore(room / "store.sqlite") as store:
        for _ in range(STORED // 1_000):
            store.put(answers(1_000))
        size = sum(path.stat().st_size for path in room.glob("store.sqlite*") if not path.name.endswith("-shm"))
        timings = {n: [_timed(store.put, answers(n)) for _ in range(20)] for n in (1, 256)}
    flush, full = (sorted(timings[n])[len(timings[n]) // 2] for n in (1, 256))
    return {"flush_seconds": flush, "put_seconds": (full - flush) / 255, "stored_bytes": size / STORED}


def _timed(call: Callable[..., Any], *arguments: Any) -> float:
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def _worked(call: Callable[..., Any], *arguments: Any) -> float:
    """Return processor seconds, which a busy machine does not stretch as it does the clock."""
    start = time.process_time()
    call(*arguments)
    return time.process_time() - start


def measure_engine(folder: Path, room: Path) -> dict[str, float]:
    """Measure loading and answering of the real model in this process, and what a worker's answers cost to hear."""
    suite = replace(_suite(folder, room / "task/task.yaml", 1, 512), engine=EngineSpec("transformers"))
    plan = prepare(suite, cache_dir=room, watcher=Clock())
    [subject], [prompts] = plan.subjects, plan.prompts.values()
    sent = [prompt for prompt in prompts if prompt.error is None]
    importlib.import_module("transformers").AutoModelForCausalLM  # noqa: B018 - loads torch, once in a worker's life
    with open_engines(suite.engine) as open_engine:
        engine = open_engine(subject)

        def ask(n: int) -> None:
            list(engine.respond(engine.plan(sent[:n])))

        first, again, work = _worked(ask, 1), _worked(ask, 1), _worked(ask, 16)

    identity = engine.identity

    def keys() -> None:
        for prompt in sent:
            response_key(prompt, subject.checkpoint, subject.facts, identity)

    def digest() -> None:
        for path in folder.glob("*.safetensors"):
            hashlib.sha256(path.read_bytes())

    factory = functools.partial(engines_of_worker, EngineSpec("fake"), os.uname().nodename)
    with (
        open_engines(EngineSpec("fake")) as open_here,
        open_pool(factory, Cluster({}, n_workers=1, gpus_each=1)) as pool,
    ):
        dealt = RayEngine(pool, subject.checkpoint, subject.facts, open_here(subject))
        for _ in range(2):
            heard = _worked(lambda: list(dealt.respond(dealt.plan(sent))))
    return {
        "load_seconds": first - again,
        "sample_seconds": work / 16,
        "digest_seconds": _worked(digest),
        "key_seconds": _worked(keys) / len(sent),
        "hear_seconds": heard / len(sent),
    }


def measure(folder: Path, room: Path) -> Costs:
    """Measure all of it with one checkpoint, in an empty folder; about a minute of processor time."""
    return Costs(**measure_driver(folder, room), **measure_store(room), **measure_engine(folder, room))

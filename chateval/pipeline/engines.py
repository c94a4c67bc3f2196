"""EngineSpec -> engines: the one table of what can answer, and what the engines of a run share."""

import gc
import math
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from chateval.engine import Engine, FakeEngine
from chateval.engine.openai.options import read_options
from chateval.engine.openai.roster import Roster
from chateval.errors import ConfigError
from chateval.pipeline.prepare import Subject
from chateval.pipeline.respond import EngineFor, weights_of
from chateval.records import EngineSpec
from chateval.secret import api_key
from chateval.template.models import split_address


@contextmanager
def open_engines(spec: EngineSpec) -> Iterator[EngineFor]:
    """Yield a function that opens the engine of a checkpoint; what engines share is freed at the end.

    An endpoint is answered by its own server, whatever answers the other checkpoints; only `fake` takes its place.
    """
    with ENGINES[spec.name](spec) as open_here, openai_engines(EngineSpec("openai")) as open_there:
        is_there = spec.name not in ("openai", "fake")
        yield lambda subject: (open_there if is_there and subject.checkpoint.kind == "endpoint" else open_here)(subject)


@contextmanager
def local_engines() -> Iterator[EngineFor]:
    """Yield a function that opens engines on transformers; checkpoints with one base share its weights."""
    held: dict[tuple[str, str], Any] = {}

    def open_engine(subject: Subject) -> Engine:
        from chateval.engine.transformers import TransformersEngine
        from chateval.engine.weights import Weights

        path, dtype = place = weights_of(subject)
        if place not in held:
            held.clear()
            gc.collect()
            held[place] = Weights(Path(path), dtype=dtype, sees_images=subject.checkpoint.sees_images)
        return TransformersEngine(subject.checkpoint, subject.tokenizer, subject.facts, held[place], eyes=subject.eyes)

    try:
        yield open_engine
    finally:
        held.clear()


@contextmanager
def vllm_engines(spec: EngineSpec) -> Iterator[EngineFor]:
    """Yield a function that opens engines on vLLM; checkpoints with one base share its weights.

    Raises:
        ConfigError: If vLLM is not installed.
    """
    from chateval.engine.vllm import Models, VllmEngine, settle_environment

    settle_environment()
    models = Models(spec.options)
    try:
        yield lambda subject: VllmEngine(subject.checkpoint, subject.tokenizer, subject.facts, models)
    finally:
        models.close()


@contextmanager
def fake_engines() -> Iterator[EngineFor]:
    """Yield a function that opens engines without a model: each answers with the end of its prompt."""
    yield lambda subject: FakeEngine(lambda prompt: prompt.text[-64:], batch_size=256)


@contextmanager
def ray_engines(spec: EngineSpec) -> Iterator[EngineFor]:
    """Yield a function that opens engines whose prompts are dealt to the workers of a Ray cluster.

    Raises:
        ConfigError: If Ray is not installed, has no cluster at the address, or an option is unknown.
    """
    from chateval.engine.ray import Cluster, RayEngine, needs_ray, open_pool, split_options
    from chateval.pipeline.workers import engines_of_worker

    needs_ray()
    options, others = split_options(spec.options)
    held = EngineSpec(others.pop("worker_engine", spec.worker_engine), options=others)
    if held.name not in ("transformers", "vllm") or (others and held.name == "transformers"):
        wrong = sorted(others) if others else f"worker_engine={held.name}"
        raise ConfigError(f"--engine ray: unknown option {wrong}: not of ray.init, nor of workers with {held.name}")
    gpus_each = math.prod(int(others.get(f"{name}_parallel_size", 1)) for name in ("tensor", "pipeline"))
    cluster = Cluster(options, n_workers=spec.workers, gpus_each=gpus_each)
    factory = partial(engines_of_worker, held, socket.gethostname())
    with open_pool(factory, cluster) as pool, ENGINES[held.name](held) as open_here:
        yield lambda subject: RayEngine(pool, subject.checkpoint, subject.facts, open_here(subject))


@contextmanager
def openai_engines(spec: EngineSpec) -> Iterator[EngineFor]:
    """Yield a function that opens engines on OpenAI-compatible servers; checkpoints of one server share its client.

    Raises:
        ConfigError: If an option is wrong. The function raises it where the client library is not installed.
    """
    options = read_options(spec.options)
    with ExitStack() as opened:
        servers: dict[str, tuple[Roster, Any]] = {}

        def open_engine(subject: Subject) -> Engine:
            try:
                from chateval.engine.openai.client import Client, Patience
                from chateval.engine.openai.engine import OpenAIEngine, Served
            except ModuleNotFoundError as error:
                raise ConfigError(f"--engine openai needs {error.name}: pip install 'chateval[openai]'") from error
            checkpoint = subject.checkpoint
            url = checkpoint.path if checkpoint.kind == "endpoint" else spec.base_url or ""
            address, _ = split_address(url)
            if address not in servers:
                patience = Patience(retries=options.retries, reply_seconds=options.timeout)
                client = Client(address, key=api_key(), concurrency=options.concurrency, patience=patience)
                servers[address] = Roster(address), opened.enter_context(client)
            roster, client = servers[address]
            model = roster.name_of(checkpoint)
            served = Served(client, model, roster.server_of(model), options.body)
            return OpenAIEngine(checkpoint, subject.tokenizer, subject.facts, served)

        yield open_engine


ENGINES: Mapping[str, Callable[[EngineSpec], AbstractContextManager[EngineFor]]] = {
    "transformers": lambda spec: local_engines(),
    "fake": lambda spec: fake_engines(),
    "vllm": vllm_engines,
    "openai": openai_engines,
    "ray": ray_engines,
}

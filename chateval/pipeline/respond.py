"""Plan -> Answers: from the store where it has them, else from an engine, each batch kept as it comes."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chateval.engine import Engine
from chateval.pipeline.prepare import Key, Plan, Subject, Watcher
from chateval.records import Prompt, Response
from chateval.store import ResponseStore, response_key

EngineFor = Callable[[Subject], Engine]


@dataclass(slots=True)
class Answers:
    """Responses of a run by (checkpoint, task), in the order of the prompts, and how they were had."""

    responses: dict[Key, list[Response]] = field(default_factory=dict)
    identities: dict[str, dict[str, str]] = field(default_factory=dict)
    """Checkpoint -> what its engine adds to the key of a response."""
    n_generated: int = 0
    n_stored: int = 0
    seconds: float = 0.0
    """Time that engines took, model loading included, s; of no record, so that equal runs write equal files."""


@contextmanager
def local_engines() -> Iterator[EngineFor]:
    """Yield a function that opens engines on transformers; checkpoints with one base share its weights."""
    held: dict[tuple[str, str], Any] = {}

    def open_engine(subject: Subject) -> Engine:
        from chateval.engine.transformers import TransformersEngine
        from chateval.engine.weights import Weights

        checkpoint = subject.checkpoint
        path, dtype = place = _weights_of(subject)
        if place not in held:
            held.clear()
            gc.collect()
            held[place] = Weights(Path(path), dtype=dtype)
        return TransformersEngine(checkpoint, subject.tokenizer, subject.facts, held[place])

    try:
        yield open_engine
    finally:
        held.clear()


def respond(plan: Plan, open_engine: EngineFor, store: ResponseStore, watcher: Watcher) -> Answers:
    """Get a response to every prompt, from the store or from the model; each batch is stored as it comes.

    Checkpoints that share their weights follow each other, so that one model is in memory at a time.
    """
    answers = Answers()
    places = [_weights_of(subject) for subject in plan.subjects]
    by_weights = sorted(plan.subjects, key=lambda subject: places.index(_weights_of(subject)))
    for subject in by_weights:
        name = subject.checkpoint.name
        engine = open_engine(subject)
        answers.identities[name] = engine.identity
        for task in plan.tasks:
            prompts = plan.prompts[name, task.name]
            keys = [response_key(prompt, subject.checkpoint, subject.facts, engine.identity) for prompt in prompts]
            found = store.get(list(dict.fromkeys(keys)))
            watcher.begin(name, task.name, len(prompts), sum(key in found for key in keys))
            answers.n_stored += sum(key in found for key in keys)
            start = time.perf_counter()
            answers.n_generated += _generate(prompts, keys, found, engine, store, watcher)
            answers.seconds += time.perf_counter() - start
            answers.responses[name, task.name] = [
                replace(found[key], sample_id=prompt.sample_id, repeat=prompt.repeat)
                for prompt, key in zip(prompts, keys, strict=True)
            ]
    return answers


def _weights_of(subject: Subject) -> tuple[str, str]:
    checkpoint = subject.checkpoint
    return checkpoint.base_path or checkpoint.path, checkpoint.dtype


def _generate(
    prompts: Sequence[Prompt],
    keys: Sequence[str],
    found: dict[str, Response],
    engine: Engine,
    store: ResponseStore,
    watcher: Watcher,
) -> int:
    """Fill `found` with what the store did not have; return how many responses the engine gave."""
    n_generated = 0
    sendable: dict[str, Prompt] = {}
    for prompt, key in zip(prompts, keys, strict=True):
        if prompt.error is not None:
            found[key] = Response(prompt.sample_id, "", "error", n_prompt_tokens=len(prompt.ids), error=prompt.error)
        else:
            sendable.setdefault(key, prompt)
    addresses = {(prompt.sample_id, prompt.repeat): key for key, prompt in sendable.items()}
    for batch in engine.plan(list(sendable.values())) if any(key not in found for key in sendable) else []:
        missing = [prompt for prompt in batch if addresses[prompt.sample_id, prompt.repeat] not in found]
        if not missing:
            continue
        responses = engine.respond(missing)
        fresh = {addresses[response.sample_id, response.repeat]: response for response in responses}
        store.put(fresh)
        found |= fresh
        n_generated += len(fresh)
        watcher.advance(len(fresh))
    return n_generated

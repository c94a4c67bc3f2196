"""Plan -> Answers: from the store where it has them, else from an engine, each answer kept as it comes."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

from chateval.engine import Answer, Batch, Engine
from chateval.errors import StoreError
from chateval.machine import peak_bytes
from chateval.pipeline.interrupt import Patience
from chateval.pipeline.prepare import Key, Plan, Subject, Watcher
from chateval.pipeline.verify import Verified, verify
from chateval.records import Effort, Prompt, Response
from chateval.store import ResponseStore, response_key

_log = logging.getLogger(__name__)

EngineFor = Callable[[Subject], Engine]

KEPT_EVERY_SECONDS = 0.5
"""Longest that a finished answer waits for others, so that they share one flush to disk."""


READ_TOGETHER = 1_000
"""Responses that are read from the store at once, and are in memory together."""


class Kept(Sequence[Response]):
    """The responses to prompts, in their order, each read from the store when it is asked for; that must be open."""

    def __init__(
        self, store: ResponseStore, prompts: Sequence[Prompt], keys: Sequence[str], faulty: Mapping[str, Response]
    ) -> None:
        """Take the prompts, their keys in the store, and the responses that it does not keep."""
        self._store = store
        self._prompts = prompts
        self._keys = keys
        self._faulty = faulty

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> Response: ...
    @overload
    def __getitem__(self, place: slice) -> list[Response]: ...
    def __getitem__(self, place: int | slice) -> Response | list[Response]:
        if isinstance(place, slice):
            return self._read(self._prompts[place], self._keys[place])
        return self._read([self._prompts[place]], [self._keys[place]])[0]

    def __iter__(self) -> Iterator[Response]:
        for start in range(0, len(self), READ_TOGETHER):
            yield from self[start : start + READ_TOGETHER]

    def _read(self, prompts: Sequence[Prompt], keys: Sequence[str]) -> list[Response]:
        found = self._store.get([key for key in dict.fromkeys(keys) if key not in self._faulty])
        responses = []
        for prompt, key in zip(prompts, keys, strict=True):
            response = self._faulty.get(key) or found.get(key)
            if response is None:
                raise StoreError(f"{self._store.path}: an answer of this run is gone; run it again")
            is_own = (response.sample_id, response.repeat) == (prompt.sample_id, prompt.repeat)
            responses.append(
                response if is_own else replace(response, sample_id=prompt.sample_id, repeat=prompt.repeat)
            )
        return responses


@dataclass(slots=True)
class Answers:
    """Responses of a run by (checkpoint, task), in the order of the prompts, and how they were had."""

    responses: dict[Key, Sequence[Response]] = field(default_factory=dict)
    """Read from the store as they are gone through."""
    identities: dict[str, dict[str, str]] = field(default_factory=dict)
    """Checkpoint -> what its engine adds to the key of a response."""
    verified: list[Verified] = field(default_factory=list)
    n_generated: int = 0
    n_stored: int = 0
    efforts: list[Effort] = field(default_factory=list)
    """What the model gave for each checkpoint, and in which time."""

    @property
    def seconds(self) -> float:
        """Time that engines took, model loading included, s."""
        return sum(effort.seconds for effort in self.efforts)


def respond(
    plan: Plan,
    open_engine: EngineFor,
    store: ResponseStore,
    watcher: Watcher,
    *,
    n_verified: int = 0,
    rerun: int = 0,
) -> Answers:
    """Get a response to every prompt, from the store or from the model; each is stored as it comes.

    Checkpoints that share their weights follow each other, so that one model is in memory at a time. The tasks of a
    checkpoint go to the engine together: its last answers of one share batches with the first of the next.

    Args:
        plan: What is asked of whom.
        open_engine: Opens the engine of a checkpoint.
        store: Has what was answered before, and keeps what comes.
        watcher: Hears how far it is.
        n_verified: Samples of each task that are answered again the plain way.
        rerun: Answers of a rerun, numbered from 1, are kept apart from those of the run itself.
    """
    answers = Answers()
    places = [weights_of(subject) for subject in plan.subjects]
    by_weights = sorted(plan.subjects, key=lambda subject: places.index(weights_of(subject)))
    for subject in by_weights:
        engine = open_engine(subject)
        answers.identities[subject.checkpoint.name] = dict(engine.identity) | ({"rerun": str(rerun)} if rerun else {})
        _respond_one(subject, plan, engine, store, watcher, answers)
        if n_verified:
            watcher.stage(f"{subject.checkpoint.name}: answering again, the plain way")
            answers.verified.append(_verify(subject, plan, engine, answers, n_verified))
    plan.check_files()
    return answers


def _verify(subject: Subject, plan: Plan, engine: Engine, answers: Answers, n_verified: int) -> Verified:
    """Hold the first answers of each task against the plain way."""
    name = subject.checkpoint.name
    asked = [
        pair
        for task in plan.tasks
        for pair in zip(
            plan.prompts[name, task.name][:n_verified], answers.responses[name, task.name][:n_verified], strict=True
        )
    ]
    return verify(name, subject.checkpoint.dtype, engine, asked)


def weights_of(subject: Subject) -> tuple[str, str]:
    """Return where the weights of a checkpoint are, of the base for an adapter, and their dtype."""
    checkpoint = subject.checkpoint
    return checkpoint.base_path or checkpoint.path, checkpoint.dtype


def _respond_one(
    subject: Subject, plan: Plan, engine: Engine, store: ResponseStore, watcher: Watcher, answers: Answers
) -> None:
    name = subject.checkpoint.name
    identity = answers.identities[name]
    keys = {
        task.name: [
            response_key(prompt, subject.checkpoint, subject.facts, identity)
            for prompt in plan.prompts[name, task.name]
        ]
        for task in plan.tasks
    }
    wanted = _Wanted(store.known({key for of_task in keys.values() for key in of_task}))
    n_stored = sum(key in wanted.stored for of_task in keys.values() for key in of_task)
    n_total = sum(len(of_task) for of_task in keys.values())
    again = f", rerun {identity['rerun']}" if "rerun" in identity else ""
    watcher.begin(name, f"{_words(list(keys))}{again}", n_total, n_stored)
    answers.n_stored += n_stored
    batches = [
        batch for task in plan.tasks for batch in wanted.plan(plan.prompts[name, task.name], keys[task.name], engine)
    ]
    start = time.perf_counter()
    if name in plan.replaced:
        _log.warning(
            "%s: %s; %d of its %d answers are asked anew", name, plan.replaced[name], n_total - n_stored, n_total
        )
    keeper = _Keeper(store, wanted.faulty, watcher, plan.check_files)
    if batches:
        with Patience() as patience, keeper:
            for finished in patience.take(engine.respond(batches)):
                keeper.take(finished, wanted)
        answers.n_generated += keeper.n_kept
    answers.efforts.append(keeper.effort(name, time.perf_counter() - start))
    for task in plan.tasks:
        answers.responses[name, task.name] = Kept(store, plan.prompts[name, task.name], keys[task.name], wanted.faulty)


def _words(tasks: Sequence[str]) -> str:
    return tasks[0] if len(tasks) == 1 else f"{len(tasks)} tasks"


@dataclass(slots=True)
class _Wanted:
    """What is asked of an engine: what the store did not have, each key once."""

    stored: set[str]
    """Keys that the store had."""
    faulty: dict[str, Response] = field(default_factory=dict)
    """Responses that the store does not keep, by key."""
    keys: dict[int, str] = field(default_factory=dict)
    """By the identity of the prompt object, which the engine hands back."""
    _asked: set[str] = field(default_factory=set)

    def plan(self, prompts: Sequence[Prompt], keys: Sequence[str], engine: Engine) -> list[Batch]:
        """Return what is to be asked of a task, in the batches of the whole; prompts at fault are responses already."""
        sendable: dict[str, Prompt] = {}
        for prompt, key in zip(prompts, keys, strict=True):
            if prompt.error is None:
                sendable.setdefault(key, prompt)
            else:
                n_tokens = len(prompt.ids)
                self.faulty[key] = Response(prompt.sample_id, "", "error", n_prompt_tokens=n_tokens, error=prompt.error)
        missing = {
            id(prompt): key
            for key, prompt in sendable.items()
            if key not in self.stored and key not in self.faulty and key not in self._asked
        }
        self.keys |= missing
        self._asked.update(missing.values())
        if not missing:
            return []
        batches = [
            replace(batch, prompts=tuple(prompt for prompt in batch.prompts if id(prompt) in missing))
            for batch in engine.plan(list(sendable.values()))
        ]
        return [batch for batch in batches if batch.prompts]


class _Keeper:
    """Puts answers into the store, those of half a second together; what it holds is put even if the run breaks off."""

    def __init__(
        self, store: ResponseStore, faulty: dict[str, Response], watcher: Watcher, check: Callable[[], None]
    ) -> None:
        self._store = store
        self._check = check
        """Raises if the model may be another than the one the keys were made of."""
        self._faulty = faulty
        self._watcher = watcher
        self._held: dict[str, Response] = {}
        self._last = time.monotonic()
        self.n_kept = 0
        self._n_prompt_tokens = 0
        self._n_output_tokens = 0

    def __enter__(self) -> "_Keeper":
        return self

    def __exit__(self, *exc: object) -> None:
        self._put()

    def take(self, answers: Sequence[Answer], wanted: _Wanted) -> None:
        self._held |= {wanted.keys[id(prompt)]: response for prompt, response in answers}
        self._n_prompt_tokens += sum(response.n_prompt_tokens for _, response in answers)
        self._n_output_tokens += sum(len(response.output_ids) for _, response in answers)
        if time.monotonic() - self._last >= KEPT_EVERY_SECONDS:
            self._put()

    def effort(self, checkpoint: str, seconds: float) -> Effort:
        """Return what was kept so far, had in so much time."""
        peak = peak_bytes() if self.n_kept else None
        return Effort(checkpoint, seconds, self.n_kept, self._n_prompt_tokens, self._n_output_tokens, peak)

    def _put(self) -> None:
        held: Mapping[str, Response] = self._held
        self._check()
        self._store.put(held)
        self._faulty |= {key: response for key, response in held.items() if response.finish == "error"}
        self.n_kept += len(held)
        self._watcher.advance(len(held))
        self._held = {}
        self._last = time.monotonic()

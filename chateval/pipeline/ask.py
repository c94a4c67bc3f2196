"""Prompts -> responses of one checkpoint: from the store where it has them, else from its engine, kept as they come."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

from chateval.engine import Answer, Batch, Engine
from chateval.errors import StoreError
from chateval.machine import peak_bytes
from chateval.pipeline.interrupt import Patience
from chateval.pipeline.prepare import Subject, Watcher
from chateval.records import Effort, Prompt, Response
from chateval.store import ResponseStore, response_key

_log = logging.getLogger(__name__)

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


class Asker:
    """Asks one checkpoint, as often as its dialogues have rounds, and counts what that took."""

    def __init__(
        self,
        subject: Subject,
        engine: Engine,
        store: ResponseStore,
        watcher: Watcher,
        *,
        check: Callable[[], None],
        rerun: int = 0,
        replaced: str = "",
    ) -> None:
        """Take whom to ask and where answers are kept.

        Args:
            subject: The checkpoint.
            engine: That answers for it.
            store: Has what was answered before, and keeps what comes.
            watcher: Hears how far it is.
            check: Raises if the model may be another than the one the keys were made of.
            rerun: Answers of a rerun, numbered from 1, are kept apart from those of the run itself.
            replaced: How the files of the checkpoint differ from those of the run before; empty if they do not.
        """
        self.subject = subject
        self.engine = engine
        self.identity = dict(engine.identity) | ({"rerun": str(rerun)} if rerun else {})
        """What the engine adds to the key of a response."""
        self.n_generated = 0
        self.n_stored = 0
        self._store = store
        self._watcher = watcher
        self._check = check
        self._rerun = rerun
        self._replaced = replaced
        self._seconds = 0.0
        self._n_prompt_tokens = 0
        self._n_output_tokens = 0

    def ask(self, prompts: Mapping[str, Sequence[Prompt]], *, what: str = "") -> dict[str, Kept]:
        """Return a response to every prompt.

        Args:
            prompts: By task. The tasks go to the engine together: the last answers of one share batches with the first
                of the next.
            what: What is asked, in words, where that is not the tasks' first round.
        """
        name = self.subject.checkpoint.name
        keys = {task: [self._key(task, one) for one in found] for task, found in prompts.items()}
        wanted = _Wanted(self._store.known({key for of_task in keys.values() for key in of_task}))
        n_stored = sum(key in wanted.stored for of_task in keys.values() for key in of_task)
        n_total = sum(map(len, keys.values()))
        rerun = f", rerun {self._rerun}" if self._rerun else ""
        self._watcher.begin(name, f"{_words(list(keys))}{what and ', '}{what}{rerun}", n_total, n_stored)
        self.n_stored += n_stored
        batches = [batch for task in prompts for batch in wanted.plan(prompts[task], keys[task], self.engine)]
        start = time.perf_counter()
        if self._replaced:
            _log.warning(
                "%s: %s; %d of its %d answers are asked anew", name, self._replaced, n_total - n_stored, n_total
            )
            self._replaced = ""
        keeper = _Keeper(self._store, wanted.faulty, self._watcher, self._check)
        if batches:
            with Patience() as patience, keeper:
                for finished in patience.take(self.engine.respond(batches)):
                    keeper.take(finished, wanted)
        self._add(keeper, time.perf_counter() - start)
        return {task: Kept(self._store, prompts[task], keys[task], wanted.faulty) for task in prompts}

    def _key(self, task: str, prompt: Prompt) -> str:
        """Return where a response is kept; that of a prompt at fault nowhere, and prompts without ids are no equals."""
        if prompt.error is not None:
            return f"{task}/{prompt.sample_id}/{prompt.repeat}"
        return response_key(prompt, self.subject.checkpoint, self.subject.facts, self.identity)

    def _add(self, keeper: "_Keeper", seconds: float) -> None:
        self.n_generated += keeper.n_kept
        self._seconds += seconds
        self._n_prompt_tokens += keeper.n_prompt_tokens
        self._n_output_tokens += keeper.n_output_tokens

    @property
    def effort(self) -> Effort:
        """What all that was asked took."""
        return Effort(
            self.subject.checkpoint.name,
            self._seconds,
            self.n_generated,
            self._n_prompt_tokens,
            self._n_output_tokens,
            peak_bytes() if self.n_generated else None,
        )


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
        self.n_prompt_tokens = 0
        self.n_output_tokens = 0

    def __enter__(self) -> "_Keeper":
        return self

    def __exit__(self, *exc: object) -> None:
        self._put()

    def take(self, answers: Sequence[Answer], wanted: _Wanted) -> None:
        self._held |= {wanted.keys[id(prompt)]: response for prompt, response in answers}
        self.n_prompt_tokens += sum(response.n_prompt_tokens for _, response in answers)
        self.n_output_tokens += sum(len(response.output_ids) for _, response in answers)
        if time.monotonic() - self._last >= KEPT_EVERY_SECONDS:
            self._put()

    def _put(self) -> None:
        held: Mapping[str, Response] = self._held
        self._check()
        self._store.put(held)
        self._faulty |= {key: response for key, response in held.items() if response.finish == "error"}
        self.n_kept += len(held)
        self._watcher.advance(len(held))
        self._held = {}
        self._last = time.monotonic()

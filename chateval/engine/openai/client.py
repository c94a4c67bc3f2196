"""Requests to one server: sent again where that may help, as many at once as the server takes, from a thread."""

import asyncio
import random
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

from chateval.engine.base import Enough
from chateval.engine.openai.exchange import Exchange, MayPass, RequestFailed
from chateval.engine.openai.window import Window
from chateval.errors import CheckpointError

T = TypeVar("T")
R = TypeVar("R")

MAX_LOST = 16
"""Requests given up one after the other because no reply came at all, before the server counts as gone."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for."""

    retries: int = 6
    """How often a request is sent again after a 429, a 5xx or a broken connection."""
    late_retries: int = 2
    """How often one is sent again that had no reply in time."""
    first_seconds: float = 0.5
    """Wait before the first retry, s; doubled each time, less a random part of up to a half."""
    longest_seconds: float = 30.0
    reply_seconds: float = 600.0


class Client:
    """Asks one server, from an event loop in a thread of its own: answers come while others are stored."""

    def __init__(self, address: str, *, key: str = "", concurrency: int = 8, patience: Patience | None = None) -> None:
        """Start the thread.

        Args:
            address: With its `/v1`.
            key: Sent as a bearer token; empty for none.
            concurrency: Most requests in flight, at least 1.
            patience: How long the server is waited for.
        """
        self.address = address
        self._concurrency = concurrency
        self._patience = patience or Patience()
        self._n_lost = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chateval-openai", daemon=True)
        self._thread.start()
        self._exchange, self._window = self.wait(self._open(key))

    async def _open(self, key: str) -> tuple[Exchange, Window]:
        return Exchange(self.address, key=key, seconds=self._patience.reply_seconds), Window(self._concurrency)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc: object) -> None:
        """Give up what is in flight and end the thread."""
        self.wait(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _shut(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._exchange.close()

    def redact(self, text: str) -> str:
        """Return what is said of a reply without the key of the server."""
        return self._exchange.redact(text)

    @property
    def limit(self) -> int:
        """Most requests in flight now."""
        return self._window.limit

    def wait(self, work: Coroutine[Any, Any, R]) -> R:
        """Return what a coroutine comes to in the loop of the client."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def each(self, do: Callable[[T], Coroutine[Any, Any, R]], items: Iterable[T]) -> Iterator[list[R]]:
        """Yield results as they come, in any order; twice as many items as may be in flight are taken ahead.

        What `do` raises is raised after the results that came with it; what is in flight is then given up.
        """
        done: SimpleQueue[Future[R]] = SimpleQueue()
        waiting: set[Future[R]] = set()
        source = iter(items)
        try:
            while True:
                while len(waiting) < 2 * self._concurrency:
                    try:
                        item = next(source)
                    except StopIteration:
                        break
                    future = asyncio.run_coroutine_threadsafe(do(item), self._loop)
                    waiting.add(future)
                    future.add_done_callback(done.put)
                if not waiting:
                    return
                found = [done.get()]
                while not done.empty():
                    found.append(done.get())
                waiting.difference_update(found)
                try:
                    yield [future.result() for future in found if future.exception() is None]
                except Enough:
                    source = iter(())
                for future in found:
                    future.result()
        finally:
            for future in waiting:
                future.cancel()

    async def ask(self, path: str, body: dict[str, Any], *, retries: int | None = None) -> Any:
        """Return the JSON that the server replies with.

        Args:
            path: Below the address, such as `/completions`.
            body: What is sent.
            retries: Instead of the patience's.

        Raises:
            RequestFailed: If the server refuses it, or gave no good reply in the end.
            CheckpointError: If no request can succeed, or the server is gone.
        """
        n_tries = 1 + (self._patience.retries if retries is None else retries)
        n_tried = n_late = 0
        while True:
            n_tried += 1
            try:
                return await self._try(path, body)
            except MayPass as trouble:
                n_late += trouble.status == 408
                if n_tried >= n_tries or n_late > self._patience.late_retries:
                    raise self._given_up(trouble, n_tried) from None
                if trouble.wait_seconds is None:
                    await asyncio.sleep(self._pause(n_tried))

    async def _try(self, path: str, body: dict[str, Any]) -> Any:
        async with self._window.place() as seen:
            try:
                found = await self._exchange.send(path, body)
            except MayPass as trouble:
                if trouble.status == 429:
                    self._window.shrink(seen)
                if trouble.wait_seconds is not None:
                    self._window.close_for(trouble.wait_seconds + random.uniform(0, self._patience.first_seconds))
                raise
            self._window.grow()
            self._n_lost = 0
            return found

    def _pause(self, n_tried: int) -> float:
        longest = min(self._patience.longest_seconds, self._patience.first_seconds * 2.0 ** (n_tried - 1))
        return longest * random.uniform(0.5, 1)

    def _given_up(self, trouble: MayPass, n_tried: int) -> Exception:
        said = f"{trouble} (asked {n_tried} times)" if n_tried > 1 else str(trouble)
        self._n_lost += not trouble.status
        if self._n_lost < MAX_LOST:
            return RequestFailed(said, status=trouble.status)
        return CheckpointError(
            f"{self.address}: {said}: no reply to {self._n_lost} requests in a row, is the server up? The same command "
            "goes on where this one ends"
        )

"""Back-pressure: how many requests a server is given at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Window:
    """Requests in flight: half as many once the server says that it has too many, then slowly more again.

    Lives in one event loop.
    """

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._limit = float(largest)
        self._n_open = 0
        self._n_shrunk = 0
        self._opens_at = 0.0
        self._changed = asyncio.Condition()

    @property
    def limit(self) -> int:
        """Most requests in flight now, at least 1."""
        return int(self._limit)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[int]:
        """Wait for a place, and hold it; the value goes to `shrink`."""
        loop = asyncio.get_running_loop()
        async with self._changed:
            await self._changed.wait_for(lambda: self._n_open < self.limit)
            self._n_open += 1
        try:
            while (left := self._opens_at - loop.time()) > 0:
                await asyncio.sleep(left)
            yield self._n_shrunk
        finally:
            self._n_open -= 1
            async with self._changed:
                self._changed.notify_all()

    def close_for(self, seconds: float) -> None:
        """Send nothing for a while, as the server asks."""
        self._opens_at = max(self._opens_at, asyncio.get_running_loop().time() + seconds)

    def shrink(self, seen: int) -> None:
        """Halve the window.

        Args:
            seen: What `place` gave; refusals of requests that were in flight together halve it once.
        """
        if seen == self._n_shrunk:
            self._n_shrunk += 1
            self._limit = max(1.0, self._limit / 2)

    def grow(self) -> None:
        """Take note of a reply: after as many as are in flight there is room for one more."""
        self._limit = min(float(self._largest), self._limit + 1 / self._limit)

"""The side that asks: starts the rendering process when it is first needed, and ends it with the program."""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chateval.secret import without_secrets

CPU_SECONDS = 1.0
"""Processor time of one rendering, s; a usual one takes less than a millisecond."""
WALL_SECONDS = 30.0
"""Time on the clock after which a rendering is given up, s; a busy machine must not be the reason."""
SLOW_SECONDS = 0.1
SLOW_TOTAL_SECONDS = 10.0
"""Renderings of one template that take more than the first, s, may take the second together."""
START_SECONDS = 60.0
MEMORY_BYTES = 256 * 2**20
"""Memory that rendering may take beyond what the process starts with."""
OUTPUT_CHARACTERS = 8 * 2**20

TOO_LONG = f"it still renders after {CPU_SECONDS:g} s; a template of a task takes milliseconds"
TOO_SLOW = f"it takes {SLOW_SECONDS:g} s and more for each of many rows; a template of a task takes milliseconds"


class Process:
    """The process and both ends of its pipes; threads take turns."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()
        self._unread = bytearray()
        self._slow: dict[str, float] = defaultdict(float)

    def ask(self, dialect: str, source: str, row: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return `{"text": ...}`, or `{"fault": [kind, message]}`.

        Args:
            dialect: Whose Jinja it is.
            source: The template.
            row: Fields; None only compiles.

        Raises:
            TypeError, ValueError: If the row is not JSON data.
        """
        request = json.dumps({"dialect": dialect, "source": source, "row": None if row is None else dict(row)})
        with self._lock:
            reply = self._exchange(request)
            if reply is None:
                self.close()
                return {"fault": ["limit", TOO_LONG]}
            if reply["seconds"] > SLOW_SECONDS:
                self._slow[source] += reply["seconds"]
                if self._slow[source] > SLOW_TOTAL_SECONDS:
                    return {"fault": ["limit", TOO_SLOW]}
        return reply

    def close(self) -> None:
        """End the process; the next rendering starts another."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.communicate()
        self._process = None

    def _exchange(self, request: str) -> dict[str, Any] | None:
        """Return the reply, or None if the process ended or said nothing in time."""
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._start()
        assert self._process is not None and self._process.stdin is not None  # noqa: S101 - started above
        try:
            self._process.stdin.write(request.encode("ascii") + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        return self._receive(WALL_SECONDS)

    def _start(self) -> None:
        self.close()
        script = Path(__file__).with_name("worker.py")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script), str(CPU_SECONDS), str(MEMORY_BYTES), str(OUTPUT_CHARACTERS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=without_secrets(),
        )
        self._owner, self._unread = os.getpid(), bytearray()
        if self._receive(START_SECONDS) is None:
            self.close()
            raise RuntimeError("the process that renders the templates of tasks does not start")

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        process = self._process
        assert process is not None and process.stdout is not None  # noqa: S101 - started by the caller
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                return None
            chunk = os.read(process.stdout.fileno(), 1 << 20)
            if not chunk:
                return None
            self._unread += chunk
        line, _, rest = self._unread.partition(b"\n")
        self._unread = bytearray(rest)
        reply: dict[str, Any] = json.loads(line)
        return reply


PROCESS = Process()
"""Of this program; it is started by the first template that needs it."""

atexit.register(PROCESS.close)

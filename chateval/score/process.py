"""A process that answers questions, one line of JSON each, and is killed when it takes too long."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any


def search_path() -> str:
    """Return where Python looks for modules here, as PYTHONPATH hands it to a process."""
    return os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109 - as Python reads it


class Companion:
    """The process and both ends of its pipes; only the process that started it may use it."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        """Start a module of ours; what it writes first is waited for by `answers`.

        The working folder is no place for modules: a file there must not stand in for a library.

        Args:
            module: Its name.
            arguments: Of its command line.
            env: Its environment, but for where Python looks for modules; None is ours.
        """
        self._owner = os.getpid()
        self._rest = bytearray()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**(os.environ if env is None else env), "PYTHONPATH": search_path()},
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        """Whether it is ours and has not ended."""
        return self._owner == os.getpid() and self._process.poll() is None

    @property
    def ending(self) -> int | None:
        """How it ended: its status, or minus the number of a signal; None while it runs."""
        return self._process.poll()

    def answers(self, seconds: float) -> bytes | None:
        """Return the next line that it writes; None if none comes in time (s) or it ended."""
        assert self._process.stdout is not None  # noqa: S101 - it was opened as a pipe
        source = self._process.stdout.fileno()
        limit = time.monotonic() + seconds
        while b"\n" not in self._rest:
            ready, _, _ = select.select([source], [], [], max(0.0, limit - time.monotonic()))
            if not ready:
                return None
            part = os.read(source, 1 << 20)
            if not part:
                self._process.wait()
                return None
            self._rest += part
        line, _, rest = self._rest.partition(b"\n")
        self._rest = rest
        return bytes(line)

    def ask(self, question: Mapping[str, Any], seconds: float) -> Any:
        """Return its answer; None if none comes in time (s) or it ended, after which it can only be stopped."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            line = self.answers(seconds)
            return None if line is None else json.loads(line)
        except (OSError, ValueError):  # a pipe that is closed, or something that is no answer
            return None

    def stop(self) -> None:
        """End it and whatever it has started, if it is ours."""
        if self._owner != os.getpid():
            return
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

"""The three streams of a command: one that is closed is nothing, and a reader that leaves early is no failure."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from chateval.errors import StoreError

_OUT = 1


class _Pipe(io.FileIO):
    """Standard output: what is written after its reader has left is dropped, so that the command ends as it would."""

    is_lost = False

    def write(self, data: Any) -> int:
        n = memoryview(data).nbytes
        if self.is_lost:
            return n
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            self.is_lost = True
            return n
        except OSError as error:
            self.is_lost = True
            raise StoreError(f"standard output cannot be written: {error.strerror}; name another file") from error


@contextmanager
def streams() -> Iterator[None]:
    """Hold the three streams for a command.

    A closed one would hand its number to the next file that is opened, and what is printed would end up in there.

    Raises:
        StoreError: If standard output cannot take what is printed.
    """
    _fill_closed()
    before = sys.stdout
    if not _is_plain(before):
        yield
        return
    before.flush()
    raw = io.BufferedWriter(_Pipe(_OUT, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(
        raw, encoding=before.encoding, errors="backslashreplace", line_buffering=bool(before.line_buffering)
    )
    try:
        yield
        sys.stdout.flush()
    finally:
        held, sys.stdout = sys.stdout, before
        with suppress(StoreError):  # said already
            held.detach().flush()


def _fill_closed() -> None:
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
            os.set_inheritable(opened, True)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - open to the end
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def _is_plain(stream: Any) -> bool:
    """Return whether a stream is the file of standard output itself, not what a test or a notebook put there."""
    with suppress(OSError, ValueError, AttributeError):
        return stream.fileno() == _OUT and isinstance(stream.buffer.raw, io.FileIO)
    return False

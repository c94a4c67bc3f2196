"""What commands show: consoles and progress."""

import logging
import os
import re
import signal
import threading
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from chateval.errors import InterruptionError

_USUAL_COLUMNS = 80


def settle_size() -> None:
    """Take $COLUMNS and $LINES out of the environment where they are no number from 1, on which Rich would fail."""
    for name in ("COLUMNS", "LINES"):
        if not re.fullmatch("0*[1-9][0-9]{0,6}", os.environ.get(name, "1"), re.ASCII):
            del os.environ[name]


_COMMAND = re.compile(r"^([ \t]*)(?=::)", re.MULTILINE)


class Log(Console):
    """A console whose lines begin no command of a CI service, wherever text of others is broken into lines.

    GitHub reads `::set-env ...` behind any indentation, on stdout and stderr.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as Rich does; where no terminal is, a bar stands before what would begin a command."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as held:
            super().print(*objects, **options)
        self.file.write(_COMMAND.sub(r"\1| ", held.get()))
        self.file.flush()


settle_size()
out = Log(highlight=False, markup=False, width=None if os.isatty(1) or "COLUMNS" in os.environ else _USUAL_COLUMNS)
err = Log(stderr=True, highlight=False, markup=False)


class Screen:
    """Shows on stderr how far a run has come; a pipeline's `Watcher`."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._current = self._progress.add_task("starting", total=None)
        handler = RichHandler(console=err, show_time=False, show_path=False, markup=False)
        logging.getLogger("chateval").handlers = [handler]

        self._before: Any = None
        """What SIGTERM did before; now it interrupts as Ctrl-C does."""
        self._begun = ""
        """Checkpoint that is being answered."""
        self._n_total = self._n_kept = 0
        """Responses wanted of it, and those that are in the store."""

    def __enter__(self) -> "Screen":
        self._progress.start()
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
        if isinstance(error, KeyboardInterrupt):
            kept = f": {self._n_kept} of {self._n_total} answers of {self._begun} kept" if self._begun else ""
            raise InterruptionError(f"interrupted{kept}; the same command goes on from there") from error

    def stage(self, text: str) -> None:
        """Show what is being done now."""
        self._progress.reset(self._current, description=text, total=None)

    def begin(self, checkpoint: str, task: str, n_total: int, n_stored: int) -> None:
        """Show a bar for the responses of a task."""
        self._begun, self._n_total, self._n_kept = checkpoint, n_total, n_stored
        self._progress.reset(self._current, description=f"{checkpoint}: {task}", total=n_total, completed=n_stored)
        if not err.is_terminal:
            kept = f", {n_stored} in the store" if n_stored else ""
            err.print(f"{checkpoint}: {task}: {n_total} responses{kept}")

    def advance(self, n: int) -> None:
        """Move the bar on."""
        self._n_kept += n
        self._progress.advance(self._current, n)

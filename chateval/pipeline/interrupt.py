"""Ctrl-C while a model answers: the first lets it end what it has begun, the second stops at once."""

import logging
import signal
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType

from chateval.engine import Answer, Enough

_log = logging.getLogger(__name__)


class Patience:
    """Takes the first interruption of an engine that answers as a wish to end soon.

    It stands in for Python's own handler only: where a program handles a signal otherwise, or lets it end the process,
    that stays so.
    """

    def __init__(self) -> None:
        self.is_over = False
        """Whether somebody wants the run to end."""
        self._taken: list[int] = []

    def __enter__(self) -> "Patience":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is signal.default_int_handler:
                    signal.signal(number, self._hear)
                    self._taken.append(number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._taken:
            signal.signal(number, signal.default_int_handler)
        if self.is_over and error is None:
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.is_over:
            signal.default_int_handler(number, frame)
        self.is_over = True
        _log.warning("interrupted: ending what is under way; Ctrl-C again stops at once")

    def take(self, answers: Iterator[list[Answer]]) -> Iterator[list[Answer]]:
        """Yield what an engine yields, and after an interruption only what it has begun."""
        for some in answers:
            yield some
            if self.is_over:
                break
        else:
            return
        throw = getattr(answers, "throw", None)
        try:
            found = throw(Enough()) if throw else None
            while found is not None:
                yield found
                found = next(answers)
        except (Enough, StopIteration):
            return

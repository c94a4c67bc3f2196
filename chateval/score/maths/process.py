"""A process that reads and compares mathematics, kept between cases and killed when one takes too long."""

import atexit
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from chateval.score.process import Companion
from chateval.secret import without_secrets

START_SECONDS = 120.0
"""Longest start of the process by the clock, s: it imports sympy."""

CLOCK = 10
"""Seconds by the clock for each second of processor time, on a machine that does other things too."""


class Unjudged(Exception):  # noqa: N818 - an outcome of one case, which its scorer reports
    """Nobody can say whether the answer is right; the message says why."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the process says of one case."""

    is_equal: bool
    answer: str
    """The text that was taken as the answer."""
    reason: str = ""
    """Why it is not equal, in words; empty if it is."""


def judge(answers: Sequence[str], targets: Sequence[str], seconds: float) -> Judgement:
    """Return whether the first of `answers` that can be read equals one of `targets`.

    Works in any thread; the cases of several threads wait for one another.

    Args:
        answers: Texts that may be the answer, most explicit first.
        targets: The right answers.
        seconds: Most processor time for the judgement, s; the wait ends after `CLOCK` times as much.

    Raises:
        Unjudged: If it took longer, or the process ended otherwise, as it does at its limit of memory.
    """
    question = {"answers": list(answers), "targets": list(targets), "seconds": seconds}
    with _LOCK:
        process = _running()
        said = process.ask(question, CLOCK * seconds)
        if said is None:
            ending = process.ending
            process.stop()
            is_late = ending in (None, -signal.SIGPROF)
            raise Unjudged(f"comparing took longer than {seconds:g} s" if is_late else "comparing took too much memory")
    return Judgement(**said)


_LOCK = threading.Lock()
_workers: list[Companion] = []


def _running() -> Companion:
    """Return the process of this process, started if there is none; a fork starts its own."""
    while _workers:
        if _workers[0].is_running:
            return _workers[0]
        _workers.pop().stop()
    process = Companion("chateval.score.maths.worker", env=without_secrets())
    if process.answers(START_SECONDS) is None:
        process.stop()
        raise Unjudged("the process that compares mathematics did not start")
    _workers.append(process)
    return process


@atexit.register
def _stop() -> None:
    while _workers:
        _workers.pop().stop()

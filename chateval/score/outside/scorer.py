"""The side that asks: a scorer from outside as a function of one case, whose process is killed at its limits."""

import atexit
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chateval.codec import encode
from chateval.errors import TaskError
from chateval.records import Case, Mark, Scorer
from chateval.score.process import Companion, search_path

SECONDS = 30.0
"""Longest scoring of one case on the clock, s, where the task sets no `limit_seconds`."""
MEMORY_MIB = 4096
"""Most memory of the process, MiB, where the task sets no `limit_mib`."""
START_SECONDS = 120.0
"""Longest start, s: the module is imported, and what it imports."""
LIMITS = ("limit_seconds", "limit_mib")
"""Options of every scorer from outside, which are not handed to it."""

_MOST = 8
"""Processes kept; the one that was started first ends for another."""


class OutsideError(Exception):
    """A scorer from outside gave no mark; the message says why."""


@dataclass(frozen=True, slots=True)
class _Function:
    """What one process runs."""

    name: str
    """`package.module:function`"""
    memory_mib: int
    search_path: str
    working_dir: str


def bind_outside(name: str, options: Mapping[str, Any], *, called: str) -> Scorer:
    """Return a scorer from outside with a task's options filled in; its module is imported in another process.

    The scorer raises `ValueError` where the function does, `TimeoutError` over the limit of time, and `OutsideError`
    for all else that is no mark. The next case starts a new process where the last one ended it.

    Args:
        name: `package.module:function`.
        options: Its keyword arguments, and `LIMITS`.
        called: The name that messages use.

    Raises:
        TaskError: If it cannot be imported, is no function or does not take such options, or a limit is no number
            above 0.
    """
    seconds, memory_mib = (
        _limit(called, limit, options.get(limit, default))
        for limit, default in zip(LIMITS, (SECONDS, MEMORY_MIB), strict=True)
    )
    function = _Function(name, int(memory_mib), search_path(), str(Path.cwd()))
    own = {option: value for option, value in options.items() if option not in LIMITS}
    question = {"called": called, "options": own}
    with _LOCK:
        _running(function, question, is_new=True)

    def score(case: Case) -> Mark:
        with _LOCK:
            process = _running(function, question)
            said = process.ask({**question, "case": encode(case), "seconds": seconds}, seconds)
            if said is None:
                ending = process.ending
                process.stop()
                raise _fault(ending, seconds)
        return _mark(said, int(memory_mib))

    return score


def _limit(called: str, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise TaskError(f"scorer {called}, option {name}: must be a number above 0; found {value!r}")
    return max(float(value), 64.0) if name == "limit_mib" else float(value)


def _fault(ending: int | None, seconds: float) -> Exception:
    if ending is None or ending == -14:
        return TimeoutError(f"the scorer took longer than {seconds:g} s (limit_seconds)")
    how = f"by signal {-ending}" if ending < 0 else f"with status {ending}"
    return OutsideError(f"the scorer ended its process {how}")


def _mark(said: Mapping[str, Any], memory_mib: int) -> Mark:
    if said.get("is_out_of_memory"):
        raise OutsideError(f"MemoryError: over the limit of {memory_mib} MiB (limit_mib)")
    if "fault" in said:
        raise ValueError(said["text"]) if said["fault"] == "value" else OutsideError(said["text"])
    value = None if said["value"] is None else float(said["value"])
    return Mark(value, said["answer"], said["reason"], float(said["weight"]))


_LOCK = threading.RLock()
_processes: dict[_Function, Companion] = {}


def _running(function: _Function, question: Mapping[str, Any], *, is_new: bool = False) -> Companion:
    """Return the process of a function that has agreed to the options, started if there is none.

    Args:
        function: What it runs.
        question: What is asked of it, but for the case.
        is_new: Whether somebody binds the scorer: a module that has been edited since is then imported again.

    Raises:
        TaskError: If it cannot be started, or does not agree.
    """
    found = _processes.pop(function, None)
    if found is not None and not found.is_running:
        found.stop()
        found = None
    if found is not None and not is_new:
        _processes[function] = found
        return found
    said = None if found is None else _agreement(found, function, question)
    if found is None or said is None or said.get("is_stale"):
        if found is not None:
            found.stop()
        while len(_processes) >= _MOST:
            _processes.pop(next(iter(_processes))).stop()
        found = Companion("chateval.score.outside.worker", function.name, str(function.memory_mib))
        said = _agreement(found, function, question)
    if said is None or "fault" in said:
        ending = found.ending
        found.stop()
        late = f"took longer than {START_SECONDS:g} s" if ending is None else "ended its process"
        text = f"scorer {question['called']!r} cannot be imported: its module {late}"
        raise TaskError(text if said is None else said["text"])
    _processes[function] = found
    return found


def _agreement(process: Companion, function: _Function, question: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a process says of the options; None if it says nothing."""
    said: dict[str, Any] | None = process.ask({**question, "seconds": START_SECONDS}, START_SECONDS)
    if said is not None and said.get("is_out_of_memory"):
        over = f"over the limit of {function.memory_mib} MiB (limit_mib)"
        return {"fault": "task", "text": f"scorer {question['called']!r} cannot be imported: MemoryError: {over}"}
    return said


@atexit.register
def _stop() -> None:
    while _processes:
        _processes.popitem()[1].stop()

"""The process that runs a scorer from outside: a case a line comes in, a mark a line goes out, both as JSON.

What the scorer prints goes nowhere, what it reads is empty, and what it changes (the working folder, the environment,
other modules) it changes here only.
"""

import importlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from chateval.codec import decode
from chateval.errors import ChatevalError, TaskError
from chateval.records import Case, Mark
from chateval.score.options import check_options

ANSWER_CHARACTERS = 100_000
"""Of an answer that a scorer names, what is kept."""
REASON_CHARACTERS = 1_000
"""Of a reason, or of what an error says, what is kept."""


def main() -> None:
    """Answer questions until the input ends. Arguments: the function, the most memory in MiB."""
    name, memory_mib = sys.argv[1], int(sys.argv[2])
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_memory(memory_mib * 1024 * 1024)
    write, flush, set_timer, own = answers.write, answers.flush, signal.setitimer, os.getpid()
    for line in questions:
        question = json.loads(line)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        set_timer(signal.ITIMER_REAL, question["seconds"])  # ends this process even where nobody waits any more
        answer = json.dumps(_answer(name, question))
        set_timer(signal.ITIMER_REAL, 0)
        if os.getpid() != own:  # a fork of the scorer's that came back
            os._exit(0)
        write(answer + "\n")
        flush()


def _limit_memory(n_bytes: int) -> None:
    try:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        least = n_bytes if hard == resource.RLIM_INFINITY else min(n_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (least, least))
    except (OSError, ValueError):  # the system does not have it or does not let us
        return


def _answer(name: str, question: dict[str, Any]) -> dict[str, Any]:
    try:
        scorer = _bound(name, question["called"], question["options"])
        if "case" not in question:
            return {"is_stale": _stamp(name) != _stamps[name]}
        return _plain(scorer(decode(Case, question["case"], where="case")))
    except MemoryError:
        return {"is_out_of_memory": True}
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of the scorer end here too
        kind = "task" if isinstance(error, TaskError) else "value" if isinstance(error, ValueError) else "other"
        is_ours = isinstance(error, ChatevalError)
        return {"fault": kind, "text": _text(error) if is_ours or kind == "value" else described(error)}


_functions: dict[str, Callable[..., Any]] = {}
_stamps: dict[str, tuple[int, int]] = {}
"""Of the files that functions came from, as they were then."""


def _bound(name: str, called: str, options: dict[str, Any]) -> Callable[[Case], Any]:
    if name not in _functions:
        _functions[name] = _found(name, called)
        _stamps[name] = _stamp(name)
    check_options(f"scorer {called}", _functions[name], options)
    return partial(_functions[name], **options)


def _stamp(name: str) -> tuple[int, int]:
    path = getattr(sys.modules.get(name.partition(":")[0]), "__file__", None)
    try:
        found = os.stat(path or "")  # noqa: PTH116 - the scorer may have left a folder that is gone
    except (OSError, TypeError):
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _found(name: str, called: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise TaskError(f"scorer {called!r} cannot be imported: {_text(error)}") from error
    except BaseException as error:
        raise TaskError(f"scorer {called!r} cannot be imported: {described(error)}") from error
    if not callable(function):
        raise TaskError(f"scorer {called!r} is not a function")
    return function  # type: ignore[no-any-return]


def _plain(found: Any) -> dict[str, Any]:
    """Return the fields of a mark as JSON; what is no mark is a fault of the scorer."""
    if not isinstance(found, Mark):
        return {"fault": "other", "text": f"the scorer returned {type(found).__name__}, not a Mark"}
    value = found.value
    if value is not None:
        if isinstance(value, str | bytes):
            return {"fault": "other", "text": f"the scorer returned {value[:80]!r}, which is no number"}
        value = float(value)
    weight = float(found.weight)
    return {
        "value": None if value is None else repr(value),  # JSON has no NaN, and whoever asks has to see it
        "answer": None if found.answer is None else _cut(str(found.answer), ANSWER_CHARACTERS),
        "reason": _cut(str(found.reason), REASON_CHARACTERS),
        "weight": repr(weight),
    }


def described(error: BaseException) -> str:
    """Return the kind of an error and what it says, in few words; one that cannot be printed has its kind."""
    said = _text(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _text(error: BaseException) -> str:
    try:
        return _cut(str(error), REASON_CHARACTERS)
    except BaseException:  # noqa: BLE001 - an error of the scorer may not even be printable
        return ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


if __name__ == "__main__":
    main()

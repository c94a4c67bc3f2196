"""The process that has the functions of a task's tools: a call a line comes in, what came of it a line goes out.

The file is imported once; each call is then made in a fork, which ends at its limits and takes with it whatever else
the function changed. What functions print goes nowhere, and what they read is empty.
"""

import contextlib
import importlib.util
import inspect
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from chateval.codec import canonical

_MOST_ERROR = 500
"""Characters of what an error says."""


@dataclass(frozen=True, slots=True)
class _Limits:
    seconds: float
    clock_seconds: float
    memory_mib: int
    most_characters: int
    most_bytes: int


def main() -> None:
    """Answer until the input ends. Arguments: the file, `state` or nothing, and the limits in their order."""
    path, state, *given = sys.argv[1:]
    seconds, clock_seconds, *sizes = given
    limits = _Limits(float(seconds), float(clock_seconds), *map(int, sizes))
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.chdir("/")
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    functions, fault = _functions(path)
    for line in questions:
        question = json.loads(line)
        if fault:
            answer: Mapping[str, Any] = {"fault": fault}
        elif "name" not in question:
            answer = {"names": sorted(functions)}
        else:
            answer = _apart(functions[question["name"]], question, limits, has_state=bool(state))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _functions(path: str) -> tuple[dict[str, Callable[..., Any]], str]:
    """Return the public functions that a file defines by name, or why it cannot be imported."""
    name = "chateval_task_tools"
    try:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            return {}, "it is no Python file"
        module = ModuleType(name)
        module.__file__ = path
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of the file end here too
        return {}, _described(error)
    found = {key: value for key, value in vars(module).items() if inspect.isfunction(value)}
    return {key: value for key, value in found.items() if key[0] != "_" and value.__module__ == name}, ""


def _apart(function: Callable[..., Any], question: Mapping[str, Any], limits: _Limits, *, has_state: bool) -> Any:
    """Make a call in a fork and return what it says; a fork that says nothing in time is ended."""
    source, sink = os.pipe()
    child = os.fork()
    if not child:
        os.close(source)
        _make(function, question, limits, sink, has_state=has_state)
    os.close(sink)
    try:
        line, is_late = _line(source, limits)
    finally:
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(source)
    if line:
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(line)
    took_long = is_late or os.waitstatus_to_exitcode(status) in (-signal.SIGPROF, -signal.SIGALRM)
    return {"fault": "took too long" if took_long else "ended unexpectedly"}


def _line(source: int, limits: _Limits) -> tuple[bytes, bool]:
    """Return the first whole line that comes, empty if none does, and whether the time was up."""
    end = time.monotonic() + limits.clock_seconds
    found = bytearray()
    while len(found) <= 8 * limits.most_bytes + 1_000_000:  # JSON in ASCII takes up to six bytes for a letter
        if not select.select([source], [], [], max(0.0, end - time.monotonic()))[0]:
            return b"", True
        part = os.read(source, 1 << 20)
        if not part:
            break
        found += part
        if b"\n" in part:
            return bytes(found.partition(b"\n")[0]), False
    return b"", False


def _make(function: Callable[..., Any], question: Mapping[str, Any], limits: _Limits, sink: int, **has: bool) -> None:
    """Make the call in this process, which ends with it."""
    own, getpid, write, leave, dumps = os.getpid(), os.getpid, os.write, os._exit, json.dumps
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, limits.seconds)
        signal.setitimer(signal.ITIMER_REAL, limits.clock_seconds + 1)  # even where nobody waits any more
        _limit_memory(limits.memory_mib * 1024 * 1024)
        said = _result(function, question, limits, **has)
        line = dumps(said).encode("ascii") + b"\n"
    except BaseException:  # noqa: BLE001 - whatever it is, this process has to end here
        line = b""
    if getpid() == own:  # and not a fork of the function's that came back
        while line:
            line = line[write(sink, line) :]
    leave(0)


def _limit_memory(n_bytes: int) -> None:
    with contextlib.suppress(OSError, ValueError):  # the system does not have it or does not let us
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        least = n_bytes if hard == resource.RLIM_INFINITY else min(n_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (least, least))


def _result(
    function: Callable[..., Any], question: Mapping[str, Any], limits: _Limits, *, has_state: bool
) -> dict[str, Any]:
    state = question["state"]
    given = (state,) if has_state else ()
    try:
        inspect.signature(function).bind(*given, **question["arguments"])
    except TypeError as error:
        return {"error": str(error)}
    try:
        found = function(*given, **question["arguments"])
    except MemoryError:
        return {"fault": "took too much memory"}
    except (ValueError, LookupError) as error:
        return {"error": _text(error) or _described(error)}
    except Exception as error:  # noqa: BLE001 - what a tool raises, the model is told
        return {"error": _described(error)}
    text = _plain(found)
    kept = _plain(state) if has_state else ""
    if text is None:
        return {"fault": "returned what is no JSON"}
    if kept is None or (has_state and not isinstance(state, dict)):
        return {"fault": "left a state that is no JSON object"}
    if max(len(text.encode()), len(kept.encode())) > limits.most_bytes:
        return {"fault": "returned too much"}
    if len(text) > limits.most_characters:
        text = f"{text[: limits.most_characters]}\n[cut: {limits.most_characters:,} of {len(text):,} characters]"
    return {"text": text, "state": json.loads(kept) if kept else None}


def _plain(value: Any) -> str | None:
    """Return a value as the model is told it: text as it is, all else as JSON; None if it is no JSON."""
    try:
        spelt = value.encode("utf-8", "replace") if isinstance(value, str) else canonical(value)
    except (TypeError, ValueError, RecursionError):
        return None
    return spelt.decode("utf-8", "replace")


def _described(error: BaseException) -> str:
    said = _text(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _text(error: BaseException) -> str:
    """Return what an error says; a KeyError its key, without the quotes around it."""
    try:
        said = error.args[0] if isinstance(error, KeyError) and error.args else error
        return " ".join(str(said).split())[:_MOST_ERROR]
    except Exception:  # noqa: BLE001 - an error of the task's may not even be printable
        return ""


if __name__ == "__main__":
    main()

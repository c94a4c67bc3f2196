"""A process with chateval loaded, which forks each command that it is asked for: a start of 10 ms, not of seconds.

Run as a script: reads requests as JSON lines, answers one line each. What a command asks the fake engine and keeps in
the store goes into a log, a line each, and faults are injected where the request says.
"""

import atexit
import gc
import io
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import fault_points

from chateval.template.sandbox import Sandbox, sandbox


def serve() -> None:
    """Serve until standard input ends: `warm` runs a command here, `start` forks one, `wait` waits for its end."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, replies = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in requests:
        request = json.loads(line)
        reply: dict[str, Any] = {}
        if "warm" in request:
            _redirect(request["warm"])
            _main(request["warm"]["argv"])
            sandbox().close()
            gc.collect()
            gc.freeze()
        elif "start" in request:
            reply["pid"] = os.fork()
            if not reply["pid"]:
                _command(request["start"])
        else:
            _, status, usage = os.wait4(request["wait"], 0)
            reply = {"code": os.waitstatus_to_exitcode(status), "peak_kib": usage.ru_maxrss}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def _command(request: dict[str, Any]) -> None:
    """Be a command, from its arguments to its exit code, and end."""
    code = 70
    try:
        _redirect(request)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.alarm(60)  # what hangs is a fault, not a reason to wait
        Sandbox.start = lambda self: None  # type: ignore[method-assign] # no model here has a template to render
        log = _appender(request["log"])
        _record(log, request.get("seconds", 0.0), request.get("batch_size", 2))
        if request.get("points") is not None:
            fault_points.install(fault_points.Points(log=log, **request["points"]))
        code = _main(request["argv"])
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a command ends here with its traceback, as a process would
        traceback.print_exc()
    finally:
        os._exit(code)


def _main(argv: list[str]) -> int:
    from chateval.__main__ import main

    sys.argv = ["chateval", *argv]
    try:
        main()
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else 1
    return 0


def _redirect(request: dict[str, Any]) -> None:
    os.chdir(request["cwd"])
    os.environ.update(request["env"])
    for number, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", write_through=True)


def _appender(path: str) -> Callable[[str], None]:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    pid = os.getpid()

    def log(line: str) -> None:
        os.write(opened, f"{pid} {line}\n".encode())

    return log


def _record(log: Callable[[str], None], seconds: float, batch_size: int) -> None:
    """Let the fake engine log whom it asks what, and the store what it has kept; each batch is kept at once."""
    from chateval.engine import FakeEngine
    from chateval.pipeline import ENGINES
    from chateval.store import ResponseStore

    asked_last = [""]

    class Recorded(FakeEngine):
        def __init__(self, name: str) -> None:
            super().__init__(lambda prompt: prompt.text[-64:], batch_size=batch_size)
            self._name = name

        def _respond(self, prompt: Any) -> Any:
            asked_last[0] = self._name
            log(f"asked {self._name} {prompt.sample_id} {prompt.repeat}")
            time.sleep(seconds)
            return super()._respond(prompt)

    @contextmanager
    def recorded(spec: Any) -> Iterator[Any]:
        yield lambda subject: Recorded(subject.checkpoint.name)

    ENGINES["fake"] = recorded  # type: ignore[index]
    sys.modules["chateval.pipeline.ask"].KEPT_EVERY_SECONDS = 0.0  # type: ignore[attr-defined]
    put = ResponseStore.put

    def logged_put(self: ResponseStore, responses: Any) -> None:
        put(self, responses)
        for response in responses.values():
            log(f"kept {asked_last[0]} {response.sample_id} {response.repeat}")

    ResponseStore.put = logged_put  # type: ignore[method-assign]


if __name__ == "__main__":
    serve()

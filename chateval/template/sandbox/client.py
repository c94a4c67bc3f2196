"""The side that asks: starts the rendering process when it is first needed, and ends it with the program."""

import atexit
import hashlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from chateval.errors import TemplateError
from chateval.secret import without_secrets
from chateval.template.sandbox.chat import Chat, Rendered, RenderError

CPU_SECONDS = 2.0
"""Processor time that one rendering may take, s; a usual one takes a millisecond."""
WALL_SECONDS = 30.0
"""Time on the clock after which a rendering is given up whatever it used, s; a busy machine must not be the reason."""
SLOW_SECONDS = 0.5
SLOW_TOTAL_SECONDS = 4.0
"""Renderings of more processor time than the first, s, may take the second together."""
START_SECONDS = 60.0
MEMORY_BYTES = 512 * 1024 * 1024
"""Memory that rendering may take beyond what the process starts with."""
OUTPUT_CHARACTERS = 8 * 1024 * 1024


class Sandbox:
    """Renders chats in another process.

    A template that runs over a limit costs that process. It is not tried again, as little as one that does not compile,
    which costs nothing: all its later renderings fail with the same reason.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._given_up: dict[str, RenderError] = {}
        self._slow_seconds: dict[str, float] = {}
        self._ready = False
        self._unread = bytearray()

    def render(self, template: str, tokens: Mapping[str, str], chats: Sequence[Chat]) -> list[Rendered]:
        """Render chats with one template, in order; what fails is data.

        Args:
            template: The Jinja.
            tokens: Special tokens by the name that templates call them, such as `bos_token`.
            chats: What to render.

        Raises:
            TemplateError: If the rendering process cannot be started, or the chats are not JSON.
        """
        if not chats:
            return []
        key = hashlib.sha256(template.encode("utf-8", "surrogatepass")).hexdigest()
        try:
            request = json.dumps({"template": template, "tokens": dict(tokens), "chats": [_plain(c) for c in chats]})
        except (TypeError, ValueError) as error:
            raise TemplateError(f"messages and tools must be JSON data: {error}") from error
        with self._lock:
            found: list[Rendered] = []
            if key not in self._given_up:
                self._send(request)
                for _ in chats:
                    reply = self._receive(WALL_SECONDS)
                    if reply is None:
                        self.close()
                        self._given_up[key] = RenderError(
                            "limit", f"it still renders after {CPU_SECONDS:g} s; a chat template takes milliseconds"
                        )
                        break
                    found.append(_rendered(reply))
                    self._count_slow(key, float(reply["seconds"]))
                    fault = found[-1].error
                    if fault is not None and fault.kind in ("limit", "syntax"):
                        self._given_up[key] = fault
                    if key in self._given_up and self._given_up[key].kind != "syntax":
                        self.close()
                        break
            missing = len(chats) - len(found)
            return found + ([Rendered(None, self._given_up[key])] * missing if missing else [])

    def start(self) -> None:
        """Start the process now, without waiting for it, so that it is ready when it is needed."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            script = Path(__file__).with_name("worker.py")
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(script), str(CPU_SECONDS), str(MEMORY_BYTES), str(OUTPUT_CHARACTERS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=without_secrets(),
            )
            self._ready, self._unread = False, bytearray()

    def close(self) -> None:
        """End the process; the next rendering starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _send(self, request: str) -> None:
        self.start()
        process = self._process
        assert process is not None and process.stdin is not None  # noqa: S101 - started above
        if not self._ready and self._receive(START_SECONDS) is None:
            self.close()
            raise TemplateError("the process that renders chat templates does not start; is transformers installed?")
        self._ready = True
        try:
            process.stdin.write(request.encode("ascii") + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            self.close()
            raise TemplateError("the process that renders chat templates ended by itself; try again") from None

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        """Return the next reply, or None if the process ended or said nothing in time."""
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

    def _count_slow(self, key: str, seconds: float) -> None:
        """Give a template up whose renderings are each within the limit, and slow."""
        if seconds > SLOW_SECONDS:
            self._slow_seconds[key] = self._slow_seconds.get(key, 0.0) + seconds
            if self._slow_seconds[key] > SLOW_TOTAL_SECONDS:
                self._given_up[key] = RenderError(
                    "limit", f"its renderings take {SLOW_SECONDS:g} s and more; a chat template takes milliseconds"
                )


@cache
def sandbox() -> Sandbox:
    """Return the sandbox of this program; its process is started by the first rendering."""
    found = Sandbox()
    atexit.register(found.close)
    return found


def _plain(chat: Chat) -> dict[str, Any]:
    return {
        "messages": [dict(message) for message in chat.messages],
        "tools": None if chat.tools is None else list(chat.tools),
        "documents": None if chat.documents is None else list(chat.documents),
        "add_generation_prompt": chat.add_generation_prompt,
        "kwargs": dict(chat.kwargs),
        "now": chat.now,
        "spans": chat.spans,
    }


def _rendered(reply: Mapping[str, Any]) -> Rendered:
    if "error" in reply:
        kind, message, line = reply["error"]
        return Rendered(None, RenderError(kind, message, line))
    return Rendered(reply["text"], spans=tuple((int(start), int(end)) for start, end in reply["spans"]))

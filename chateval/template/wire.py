"""One JSON request, one JSON reply, from a server that is not trusted: limits on size and time, no redirects."""

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from chateval.errors import TemplateError, first_line
from chateval.secret import redact

MAX_REPLY_BYTES = 8 * 1024 * 1024
MAX_SAID = 4_000
"""Characters of what a server says that are looked at; far fewer are shown."""
_SHOWN_CHARACTERS = 200
_SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    asked: str
    """Method and path."""
    status: int
    json: Any
    """None where the body is no JSON."""
    is_json: bool
    message: str
    """What an error says, one line; the beginning of the body otherwise."""

    @property
    def summary(self) -> str:
        """What was asked and what came back, for the reader of an error."""
        said = f": {self.message}" if self.status != 200 and self.message else ""
        return f"{self.asked}: {self.status}{said}" if self.is_json or self.status != 200 else f"{self.asked}: no JSON"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is."""

    scheme: str
    host: str
    port: int | None
    prefix: str
    """Path before every other one, without a slash at its end."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{'' if self.port is None else f':{self.port}'}{self.prefix}"


def looks_like_address(reference: str) -> bool:
    """Return whether the user names a server and not a file."""
    return reference.lower().startswith(tuple(f"{scheme}://" for scheme in _SCHEMES))


def parse_address(url: str) -> tuple[Address, str]:
    """Return the address of a server, and the model that is named after `#`; empty if none is.

    Raises:
        TemplateError: If it is no http(s) URL, or has a user, a password or a query.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TemplateError(f"{words(redact(url, ''))}: no address: {first_line(error)}") from error
    if parts.username is not None or parts.password is not None:
        raise TemplateError("an address with a user or a password in it: set CHATEVAL_API_KEY instead")
    if parts.query:
        raise TemplateError("no address: it has a query (?...) in it; a key goes into CHATEVAL_API_KEY")
    if parts.scheme not in _SCHEMES or not parts.hostname or not url.isascii() or not url.isprintable():
        raise TemplateError(f"{words(url)}: no address; say http://HOST:PORT, and #MODEL where several are served")
    prefix = parts.path.rstrip("/").removesuffix("/v1")
    return Address(parts.scheme, parts.hostname, port, prefix), parts.fragment


class Server:
    """Asks one server, each time over a new connection, without a proxy; a redirect is an answer like any other."""

    def __init__(self, address: Address, *, key: str = "", seconds: float = 30.0) -> None:
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise TemplateError("CHATEVAL_API_KEY: it has a blank or a character beyond ASCII; it is not sent")
        self.address = address
        self._key = key
        self._seconds = seconds

    def ask(self, path: str, body: Any = None) -> Reply:
        """Return the reply to a GET, or with a body to a POST.

        Raises:
            TemplateError: If none comes in time, it is too large, it redirects, or the server wants a key.
        """
        asked = f"{'GET' if body is None else 'POST'} {path}"
        done = self._exchange(asked, path, body)
        if 300 <= done.status < 400:
            place = self._words(done.location) or "an unnamed place"
            raise TemplateError(f"{self.address}: {asked}: it sends elsewhere, to {place}; not followed")
        if done.status in (401, 403):
            raise TemplateError(f"{self.address}: {asked}: {done.status}: it wants a key (CHATEVAL_API_KEY)")
        value, is_json = _read_json(done.raw)
        said = _said(value) or done.raw[:1000].decode("utf-8", "replace")
        return Reply(asked, done.status, value, is_json, self._words(said))

    def _exchange(self, asked: str, path: str, body: Any) -> "_Exchange":
        """Return what came back; the time covers all of it, however slowly it comes."""
        done = _Exchange(self._connection())
        worker = threading.Thread(target=done.run, args=(lambda connection: self._send(connection, path, body),))
        worker.daemon = True
        worker.start()
        worker.join(self._seconds)
        is_late = worker.is_alive() or isinstance(done.error, TimeoutError)
        if worker.is_alive():
            done.hang_up()
        fault = f"no reply within {self._seconds:g} s" if is_late else ""
        if not is_late and done.error is not None:
            fault = self._words(first_line(done.error))
        elif not is_late and len(done.raw) > MAX_REPLY_BYTES:
            fault = f"the reply is longer than {MAX_REPLY_BYTES:,} bytes"
        if fault:
            raise TemplateError(f"{self.address}: {asked}: {fault}") from done.error
        return done

    def _connection(self) -> HTTPConnection:
        if self.address.scheme == "http":
            return HTTPConnection(self.address.host, self.address.port, timeout=self._seconds)
        context = ssl.create_default_context()
        return HTTPSConnection(self.address.host, self.address.port, timeout=self._seconds, context=context)

    def _send(self, connection: HTTPConnection, path: str, body: Any) -> HTTPResponse:
        headers = {"Accept": "application/json", "Connection": "close"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        if body is None:
            connection.request("GET", self.address.prefix + path, headers=headers)
        else:
            headers["Content-Type"] = "application/json"
            connection.request("POST", self.address.prefix + path, json.dumps(body).encode(), headers)
        return connection.getresponse()

    def _words(self, text: str) -> str:
        return words(redact(text[:MAX_SAID], self._key))


class _Exchange:
    """One request in a thread of its own, and what came of it."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.status, self.raw, self.location = 0, b"", ""
        self.error: Exception | None = None
        self._connection = connection
        self._socket: socket.socket | None = None

    def run(self, send: Callable[[HTTPConnection], HTTPResponse]) -> None:
        """Fill in the outcome; what goes wrong is kept for the thread that waits."""
        try:
            self._connection.connect()
            # The connection forgets its socket once a reply that ends with it has begun.
            self._socket = self._connection.sock
            with send(self._connection) as response:
                self.raw = response.read(MAX_REPLY_BYTES + 1)
                self.status, self.location = response.status, response.getheader("Location", "")
                if response.length and len(self.raw) <= MAX_REPLY_BYTES:
                    raise HTTPException("the reply ends too early")
        except (OSError, HTTPException, ValueError) as error:
            self.error = error
        finally:
            self._connection.close()

    def hang_up(self) -> None:
        """End the exchange from the other thread."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def words(text: str) -> str:
    """Return what a server says as one line for the terminal: nothing unprintable, not longer than a line or two."""
    cut = text[: 2 * _SHOWN_CHARACTERS]
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in cut).split())
    return f"{line[:_SHOWN_CHARACTERS]}…" if len(line) > _SHOWN_CHARACTERS else line


def _read_json(raw: bytes) -> tuple[Any, bool]:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse), True
    except (ValueError, RecursionError):
        return None, False


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _said(value: Any) -> str:
    """Return the words of an error: `{"error": {"message": ...}}`, `{"detail": [{"msg": ...}]}`, and plainer forms."""
    for _ in range(4):
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict):
            value = next((value[name] for name in ("error", "detail", "message", "msg") if value.get(name)), None)
    return value if isinstance(value, str) else ""

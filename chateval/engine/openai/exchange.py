"""One request to an OpenAI-compatible server and its reply: limits on size and time, failures sorted, keys hidden."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from chateval.errors import CheckpointError, first_line
from chateval.secret import hide_in, redact
from chateval.template.wire import MAX_SAID, words

MAX_REPLY_BYTES = 64 * 1024 * 1024
"""Log-probabilities of a prompt of a hundred thousand tokens take a fifth of it."""
LONGEST_WAIT_SECONDS = 120.0
"""Longest `Retry-After` that is waited, s; a server that asks for more ends the run."""
_STOPS = (401, 403, 404)
_MAY_PASS = (408, 409, 425, 429)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class RequestFailed(Exception):  # noqa: N818 - what that makes of the sample is for the caller to say
    """A request without a usable reply; the text says why, with the status."""

    def __init__(self, reason: str, *, status: int = 0, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        """0 where no reply came at all; 408 where none came in time."""
        self.wait_seconds = wait_seconds
        """What the server asks for in `Retry-After`."""


class MayPass(RequestFailed):
    """A failure that may pass."""


class Refused(CheckpointError):  # noqa: N818 - as above
    """The server refuses whatever is asked of it there."""

    def __init__(self, reason: str, *, status: int) -> None:
        super().__init__(reason)
        self.status = status


class Exchange:
    """Sends one request at a time of asking; lives in one event loop."""

    def __init__(self, address: str, *, key: str, seconds: float) -> None:
        """Prepare connections.

        Args:
            address: With its `/v1`.
            key: Sent as a bearer token; empty for none.
            seconds: Time that a reply may take, s.
        """
        self.address = address
        self._key = key
        self._seconds = seconds
        http = openai.DefaultAsyncHttpxClient(
            trust_env=urlsplit(address).hostname not in _LOOPBACK,
            follow_redirects=False,
            event_hooks={"response": [_hold_to_size]},
        )
        self._client = openai.AsyncOpenAI(
            base_url=address, api_key=key or "none", max_retries=0, timeout=seconds, http_client=http
        )
        self._headers = {"Accept-Encoding": "identity"} | ({} if key else {"Authorization": openai.Omit()})

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def send(self, path: str, body: dict[str, Any]) -> Any:
        """Return the JSON that the server replies with.

        Raises:
            MayPass: If the same request may succeed later.
            RequestFailed: If it cannot.
            Refused: If no request can: 401, 403, 404.
            CheckpointError: If it sends elsewhere, or asks to wait too long.
        """
        reply = await self._post(path, body)
        if isinstance(reply, Exception):
            raise reply  # out of reach of what the library raised, which repeats the server's words
        try:
            text = reply.content.decode("utf-8")
            found = json.loads(text, parse_constant=_refuse)
            return hide_in(found, self._key) if self._key else found
        except (ValueError, RecursionError) as error:
            said = self._words(first_line(error))
            raise MayPass(f"{reply.status_code}: the reply is not valid JSON: {said}", status=502) from None

    async def _post(self, path: str, body: dict[str, Any]) -> httpx2.Response | Exception:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._client.post(
                    path, body=body, cast_to=httpx2.Response, options={"headers": self._headers}
                )
        except openai.APIStatusError as error:
            return self._of_status(error)
        except (openai.APITimeoutError, TimeoutError):
            return MayPass(f"no reply within {self._seconds:g} s", status=408)
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            return MayPass(self._words(first_line(error.__cause__ or error)))

    def _of_status(self, error: openai.APIStatusError) -> Exception:
        status, headers = error.status_code, error.response.headers
        said = f"{status}: {self._words(said_in(error.body) or error.response.text[:1000])}".removesuffix(": ")
        if 300 <= status < 400:
            place = self._words(headers.get("location", "")) or "an unnamed place"
            return CheckpointError(f"{self.address}: {status}: it sends elsewhere, to {place}; not followed")
        if status in _STOPS:
            hint = "" if status == 404 else "; the key is that of CHATEVAL_API_KEY, else of OPENAI_API_KEY"
            return Refused(f"{self.address}: {said}{hint}", status=status)
        if status < 500 and status not in _MAY_PASS:
            return RequestFailed(said, status=status)
        wait = _seconds_of(headers.get("retry-after", ""), sent=headers.get("date", ""))
        if wait is not None and wait > LONGEST_WAIT_SECONDS:
            return CheckpointError(
                f"{self.address}: {said}; it asks to wait {wait:,.0f} s and {LONGEST_WAIT_SECONDS:g} s is the longest "
                "that is waited; say the same command later, what was answered is kept"
            )
        return MayPass(said, status=status, wait_seconds=wait)

    def _words(self, text: str) -> str:
        return words(self.redact(text[:MAX_SAID]))

    def redact(self, text: str) -> str:
        """Return what is said of a reply without the key."""
        return redact(text, self._key)


def said_in(body: Any) -> str:
    """Return the words of an error: `{"message": ...}`, `{"error": ...}`, `{"detail": [{"msg": ...}]}`."""
    for _ in range(4):
        if isinstance(body, list) and body:
            body = body[0]
        elif isinstance(body, dict):
            body = next((body[name] for name in ("error", "detail", "message", "msg") if body.get(name)), None)
    return body if isinstance(body, str) else ""


def _seconds_of(text: str, *, sent: str) -> float | None:
    """Return the seconds of a `Retry-After`, which has a number or a date; None where it has neither.

    Args:
        text: The header.
        sent: The `Date` of the reply, so that the clock of this machine does not matter.
    """
    try:
        found = float(text)
    except ValueError:
        until, now = _date(text), _date(sent)
        if until is None:
            return None
        found = until - (time() if now is None else now)
    return max(0.0, found) if not math.isnan(found) else None


def _date(text: str) -> float | None:
    """Return a date of a header in seconds since 1970; one without a zone is in UTC."""
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):  # what the standard library makes of odd ones
        return None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class _Limited(httpx2.AsyncByteStream):
    """The body of a reply, up to a size."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        n = 0
        async for chunk in self._stream:
            n += len(chunk)
            if n > MAX_REPLY_BYTES:
                raise httpx2.RemoteProtocolError(f"the reply is longer than {MAX_REPLY_BYTES:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _hold_to_size(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise httpx2.RemoteProtocolError("the reply is compressed, which was not asked for")
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - an async client has no other
    response.stream = _Limited(response.stream)

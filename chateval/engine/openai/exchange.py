"""One request to an OpenAI-compatible server and its reply: limits on size and time, failures sorted, keys hidden."""

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from chateval.errors import CheckpointError, first_line
from chateval.template.wire import words

MAX_REPLY_BYTES = 64 * 1024 * 1024
"""Log-probabilities of a prompt of a hundred thousand tokens take a fifth of it."""
LONGEST_WAIT_SECONDS = 120.0
"""Longest `Retry-After` that is waited, s; a server that asks for more ends the run."""
_STOPS = (401, 403, 404)
_MAY_PASS = (408, 409, 425, 429)
_SECRET = re.compile(r"\b(?:sk|hf|gsk|xai|pplx)[-_][\w*.-]{4,}|(?<=Bearer )\S+")
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
        try:
            async with asyncio.timeout(self._seconds):
                reply = await self._client.post(
                    path, body=body, cast_to=httpx2.Response, options={"headers": self._headers}
                )
        except openai.APIStatusError as error:
            raise self._of_status(error) from None
        except (openai.APITimeoutError, TimeoutError):
            raise MayPass(f"no reply within {self._seconds:g} s", status=408) from None
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            raise MayPass(self._words(first_line(error.__cause__ or error))) from None
        try:
            text = reply.content.decode("utf-8")
            return json.loads(text.replace(self._key, "***") if self._key else text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            said = self._words(first_line(error))
            raise MayPass(f"{reply.status_code}: the reply is not valid JSON: {said}", status=502) from None

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
        wait = _seconds_of(headers.get("retry-after", ""))
        if wait is not None and wait > LONGEST_WAIT_SECONDS:
            return CheckpointError(
                f"{self.address}: {said}; it asks to wait {wait:,.0f} s and {LONGEST_WAIT_SECONDS:g} s is the longest "
                "that is waited; say the same command later, what was answered is kept"
            )
        return MayPass(said, status=status, wait_seconds=wait)

    def _words(self, text: str) -> str:
        return words(redact(text, self._key))


def redact(text: str, key: str) -> str:
    """Return a text without the key, whole or in part, and without what looks like one."""
    if key:
        text = text.replace(key, "***")
    text = _SECRET.sub("***", text)
    if len(key) >= 12:
        text = text.replace(key[:8], "***").replace(key[-8:], "***")
    return text


def said_in(body: Any) -> str:
    """Return the words of an error: `{"message": ...}`, `{"error": ...}`, `{"detail": [{"msg": ...}]}`."""
    for _ in range(4):
        if isinstance(body, list) and body:
            body = body[0]
        elif isinstance(body, dict):
            body = next((body[name] for name in ("error", "detail", "message", "msg") if body.get(name)), None)
    return body if isinstance(body, str) else ""


def _seconds_of(text: str) -> float | None:
    """Return the seconds of a `Retry-After`, which has a number or a date; None where it has neither."""
    try:
        found = float(text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text).timestamp() - time()
        except (ValueError, OverflowError):
            return None
    return max(0.0, found) if not math.isnan(found) else None


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

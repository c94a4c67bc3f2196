"""Keys of the environment: found, hidden in what is said and written, kept from processes that do not need them."""

import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote

KEY_VARIABLES = ("CHATEVAL_API_KEY", "OPENAI_API_KEY")
"""Environment variables with the key that is sent as a bearer token; the first that is set counts."""
HIDDEN = "***"

_SECRET_NAME = re.compile(r"(?i)(?:^|_)(?:api_?key|key|token|secret|password|passwd|credentials?|authorization)(?:$|_)")
_COUNTS = re.compile(r"(?i)(?:^|_)(?:(?:max|min|num|n|stop)_.*tokens?|tokens?_id|token_ids?|tokens)(?:$|_)")
"""Names with `token` in them that are numbers and no secrets."""
_OPTION = re.compile(r"(?i)^(?:token|authorization)$|api_?key$|(?:^|_)(?:hf|access|auth)_token$|secret$|password$")
_LOOKS_SECRET = re.compile(
    r"\b(?:sk|hf|gsk|xai|pplx|ghp|gho|glpat)[-_](?=[\w*.-]{0,99}[\d*])[\w*.-]{8,200}"
    r"|(?i:(?<=bearer ))[^\s\"',;]+"
    r"|(?i:(?<=api_key=)|(?<=api-key=)|(?<=apikey=)|(?<=access_token=))[^\s&\"'#]+"
    r"|(?<=://)[^\s/@\"']{1,200}(?=@)"
)
_LEAST = 8
"""Characters of a key; what is shorter, such as the `EMPTY` that vLLM is given, is a word and no secret."""
_LEAST_OF_ENDS = 12
"""Characters of a key from which on its ends are hidden, too."""
_END = 8
"""Characters of its ends, which servers echo."""


def api_key() -> str:
    """Return the key of the environment; empty if there is none."""
    return next((found for name in KEY_VARIABLES if (found := os.environ.get(name, ""))), "")


def is_secret_name(name: str) -> bool:
    """Return whether a variable, a header or a field is called as those are that hold a key."""
    plain = name.replace("-", "_")
    return _SECRET_NAME.search(plain) is not None and _COUNTS.search(plain) is None


def holds_secret(name: str, value: Any) -> bool:
    """Return whether an option is called as a key is, or has one in its value, however deep."""
    if _OPTION.search(name.replace("-", "_")) and value:
        return True
    if isinstance(value, Mapping):
        return any(holds_secret(str(inner), one) for inner, one in value.items())
    if isinstance(value, list | tuple):
        return any(holds_secret("", one) for one in value)
    return isinstance(value, str) and redact_all(value) != value


def without_secrets(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process that runs what others wrote: variables that hold keys are left out."""
    found = os.environ if environment is None else environment
    return {name: value for name, value in found.items() if not is_secret_name(name)}


def hide(text: str, key: str) -> str:
    """Return text of a model without the whole key in any of its spellings; what else it says stays as it is."""
    for spelling in _spellings(key):
        text = text.replace(spelling, HIDDEN)
    return text


def redact(text: str, key: str) -> str:
    """Return a message without the key, whole or its ends, and without what looks like one."""
    text = _LOOKS_SECRET.sub(HIDDEN, hide(text, key))
    if len(key) >= _LEAST_OF_ENDS:
        text = text.replace(key[:_END], HIDDEN).replace(key[-_END:], HIDDEN)
    return text


def redact_all(text: str) -> str:
    """Return a message without any secret of the environment, and without what looks like one."""
    for value in _values():
        text = redact(text, value)
    return _LOOKS_SECRET.sub(HIDDEN, text)


def hide_in(value: Any, key: str) -> Any:
    """Return JSON with the whole key hidden in each of its strings."""
    if isinstance(value, str):
        return hide(value, key)
    if isinstance(value, list):
        return [hide_in(one, key) for one in value]
    if isinstance(value, dict):
        return {hide(name, key): hide_in(one, key) for name, one in value.items()}
    return value


def _values() -> Iterator[str]:
    for name, value in os.environ.items():
        if len(value) >= _LEAST and is_secret_name(name):
            yield value


@cache
def _spellings(key: str) -> tuple[str, ...]:
    """Return a key as it is, in a URL and in Base64, alone and as a user or password of basic authentication."""
    if len(key) < _LEAST:
        return ()
    raw = key.encode("utf-8", "surrogateescape")
    coded = (b64encode(before + raw).decode() for before in (b"", b":", b"::"))
    inner = (text[start : len(text) - 4] for text, start in zip(coded, (0, 2, 3), strict=True))
    spelt = (key, quote(key, safe=""), quote(key), b64encode(raw).decode(), *(text for text in inner if len(text) >= 8))
    return tuple(sorted({*spelt}, key=len, reverse=True))

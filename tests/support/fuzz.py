"""Junk for every reader: values and bytes that no writer of a good file would write, and what must come of them."""

import copy
import math
import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from chateval.errors import ChatevalError

JUNK = st.one_of(
    st.sampled_from(
        [
            None, True, False, 0, -1, 1, 10**30, -(10**400), -0.0, math.nan, math.inf, "", " ", "\0", "\x1b[31m",
            "\u202e", "\ud800", 1e308,
            "NaN", "1e999", "{{ 1 / 0 }}", "{% for %}", "../../x", "x" * 3_000, [], {}, [[]], [None],
            {"": None}, {"\x1b]0;x\x07": 1}, [1, "a", None, {}], [[[[[[[]]]]]]], {"a": {"b": {"c": []}}},
        ]
    ),
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.lists(st.integers() | st.text(max_size=5), max_size=3),
)  # fmt: skip
"""Values of the wrong type, out of range, or hostile."""


def bounded(n: int) -> Any:
    """Return the settings of a fuzz test: seeded, without a clock; `n` examples, or CHATEVAL_FUZZ times as many."""
    return settings(
        derandomize=True,
        deadline=None,
        max_examples=n * int(os.environ.get("CHATEVAL_FUZZ", "1")),
        print_blob=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside a document, itself included."""
    found = [at]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += places(inner, (*at, key))
    return found


@st.composite
def spoilt(draw: Any, document: Any) -> Any:
    """Return a document with one or two of its values replaced by junk, or left out, or with a key more."""
    found = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 2))):
        way = draw(st.sampled_from(places(found)))
        if not way:
            return copy.deepcopy(draw(JUNK)) if draw(st.integers(0, 9)) == 0 else found
        inside = found
        for key in way[:-1]:
            inside = inside[key]
        match draw(st.sampled_from(["replace", "replace", "replace", "remove", "add"])):
            case "remove":
                del inside[way[-1]]
            case "add" if isinstance(inside, dict):
                inside[draw(st.text(max_size=5))] = copy.deepcopy(draw(JUNK))
            case _:
                inside[way[-1]] = copy.deepcopy(draw(JUNK))
    return found


@st.composite
def mutated(draw: Any, data: bytes) -> bytes:
    """Return bytes with some of them changed, cut, doubled or set among junk."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(found) - 1)))
        match draw(st.sampled_from(["flip", "cut", "insert", "double", "drop"])):
            case "flip" if found:
                found[place] ^= draw(st.integers(1, 255))
            case "cut":
                del found[place:]
            case "insert":
                found[place:place] = draw(st.binary(max_size=8))
            case "double":
                found[place:place] = found[place : place + draw(st.integers(1, 200))]
            case _:
                del found[place : place + draw(st.integers(1, 50))]
    return bytes(found)


def one_line_or_fine(read: Callable[[], Any]) -> Any:
    """Return what a reader reads; what it refuses must be said in one short line, and anything else is a crash."""
    try:
        return read()
    except ChatevalError as error:
        message = str(error)
        assert message.isprintable(), repr(message[:500])
        assert 0 < len(message) < 2_000, len(message)
        return None

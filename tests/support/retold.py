"""A record with other texts: every text that is free is another, and equal texts stay equal."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints


def retold(record: Any, new: Callable[[str], str]) -> Any:
    """Return a record whose texts are `new` of what they were.

    Texts that are empty, which stand for what is absent, stay; so do those of a type that lists the texts there are.
    """
    return _value(record, type(record), new)


def texts_of(record: Any) -> list[str]:
    """Return the texts of a record that `retold` changes, each once, in the order they stand."""
    found: dict[str, None] = {}

    def note(text: str) -> str:
        found.setdefault(text)
        return text

    retold(record, note)
    return list(found)


def _value(value: Any, kind: Any, new: Callable[[str], str]) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        told = {f.name: _value(getattr(value, f.name), hints[f.name], new) for f in fields(value) if f.init}
        return type(value)(**told)
    if isinstance(value, str):
        return value if not value or _is_listed(value, kind) else new(value)
    if isinstance(value, tuple):
        inner = [one for one in get_args(kind) if one is not Ellipsis] or [str]
        return tuple(_value(one, inner[min(place, len(inner) - 1)], new) for place, one in enumerate(value))
    if isinstance(value, Mapping):
        return {new(key) if isinstance(key, str) else key: _value(one, str, new) for key, one in value.items()}
    return value


def _is_listed(value: str, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    return any(_is_listed(value, one) for one in get_args(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)

"""JSON Schemas that refer to themselves on one and the same value, which says nothing and never ends."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

_SAME_VALUE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
"""Keywords whose schemas are about the very value that the schema is about."""


def loop_in(schema: Any) -> str:
    """Return the reference of a schema that leads back to itself without a step into the value; empty without one.

    Only references within the document are followed. A tree whose branches are trees has no such loop.

    Args:
        schema: A JSON Schema as plain data, not nested too deeply to be walked.
    """
    ended: set[int] = set()
    for start in _schemas(schema):
        found = _loop_from(start, schema, ended)
        if found:
            return found
    return ""


def _loop_from(start: Any, root: Any, ended: set[int]) -> str:
    """Walk in depth without recursion; a schema that is met again on the way down closes a loop."""
    above: set[int] = set()
    steps = [(start, _same_value(start, root))]
    above.add(id(start))
    while steps:
        schema, below = steps[-1]
        reference, inner = next(below, ("", None))
        if inner is None:
            steps.pop()
            above.discard(id(schema))
            ended.add(id(schema))
        elif id(inner) in above:
            return reference
        elif id(inner) not in ended:
            above.add(id(inner))
            steps.append((inner, _same_value(inner, root)))
    return ""


def _same_value(schema: Any, root: Any) -> Iterator[tuple[str, Any]]:
    """Yield (reference, schema) for each schema that the same value is held against."""
    if not isinstance(schema, Mapping):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str):
        target = _target(reference, root)
        if target is not None:
            yield reference, target
    for keyword in _SAME_VALUE:
        inner = schema.get(keyword)
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, Mapping):
                yield str(reference or "#"), one


def _target(reference: str, root: Any) -> Any:
    """Return what `#` or `#/path` names in the document; None for other references."""
    if not reference.startswith("#") or (reference != "#" and not reference.startswith("#/")):
        return None
    found = root
    for step in reference.split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found if isinstance(found, Mapping) else None


def _schemas(value: Any) -> Iterator[Any]:
    """Yield every object in a document that has a reference."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            if isinstance(one.get("$ref"), str):
                yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)

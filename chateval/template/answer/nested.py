"""An argument that is written as nested tags, such as `<tags><item>a</item></tags>` with a mark before each tag."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chateval.template.answer.records import UnreadableError
from chateval.template.answer.values import DEEPEST, typed_value


@dataclass(slots=True)
class _Open:
    """A tag that is not closed yet."""

    name: str
    schema: Any
    start: int
    """Where its text starts."""
    inner: list[tuple[str, Any]] = field(default_factory=list)


def nested_value(text: str, mark: str, schema: Any) -> Any:
    """Return the value of an argument's text: a list where all its tags are `item`, else an object.

    Args:
        text: The argument without its own tags.
        mark: Text in front of each tag, which tells it from the tags of HTML.
        schema: JSON Schema of the argument; it gives the types of the innermost texts.

    Raises:
        UnreadableError: If the tags do not match, or go too deep.
    """
    stack = [_Open("", schema, 0)]
    for tag in re.finditer(re.escape(mark) + r"<(/?)([^<>/\n]{1,256}+)>", text):
        if not tag[1]:
            if len(stack) > DEEPEST:
                raise UnreadableError("nested too deeply")
            stack.append(_Open(tag[2], _inner_schema(stack[-1].schema, tag[2]), tag.end()))
            continue
        closed = stack.pop()
        if not stack or closed.name != tag[2]:
            raise UnreadableError(f"the tag {tag[2]!r} is closed before it is opened")
        stack[-1].inner.append((closed.name, _value(closed, text[closed.start : tag.start()])))
    if len(stack) > 1:
        raise UnreadableError(f"the tag {stack[-1].name!r} is not closed")
    return _value(stack[0], text)


def _value(closed: _Open, text: str) -> Any:
    if not closed.inner:
        return typed_value(text, closed.schema)
    if all(name == "item" for name, _ in closed.inner):
        return [value for _, value in closed.inner]
    return dict(closed.inner)


def _inner_schema(schema: Any, name: str) -> Any:
    if not isinstance(schema, Mapping):
        return None
    if name == "item" and "items" in schema:
        return schema["items"]
    properties = schema.get("properties")
    return properties.get(name) if isinstance(properties, Mapping) else None

"""The Jinja of a specimen as a syntax tree: every template of it is walked, and nodes lead back to their lines."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jinja2 import nodes

from chateval.errors import TemplateError, first_line
from chateval.template.check.check import Flaw, NotEvaluated
from chateval.template.check.jinja import line_offset, parse_template
from chateval.template.source import TemplateSource
from chateval.template.specimen import Specimen

Look = Callable[[nodes.Template], Iterator[tuple[nodes.Node, str]]]
"""Finds nodes that should not be there, each with why; the message is completed by the name of the place."""

MAX_LINE = 10_000
_MAX_DEPTH = 32
"""Nested additions that `constant_text` follows; longer ones are not taken as constant."""


def scan(specimen: Specimen, look: Look) -> Iterator[Flaw]:
    """Yield a flaw for each node that `look` finds in any of the specimen's templates, one per line and message.

    Raises:
        NotEvaluated: If nothing was found and one of the templates does not parse.
    """
    fault = ""
    found = False
    for source in distinct(specimen.sources):
        try:
            tree = parse_template(source.text)
        except TemplateError as error:
            fault = fault or f"{source.origin}: {first_line(error)}"
            continue
        seen: set[tuple[int, str]] = set()
        for node, message in look(tree):
            if (node.lineno, message) not in seen:
                seen.add((node.lineno, message))
                found = True
                yield flaw_at(source, node.lineno, message)
    if fault and not found:
        raise NotEvaluated(fault)


def distinct(sources: Sequence[TemplateSource]) -> list[TemplateSource]:
    """Return the sources without those whose text another one before has."""
    by_text: dict[str, TemplateSource] = {}
    for source in sources:
        by_text.setdefault(source.text, source)
    return list(by_text.values())


def flaw_at(source: TemplateSource, line: int, message: str) -> Flaw:
    """Return a flaw that shows one line of a template, counted from 1."""
    offset, length = line_span(source.text, line)
    return Flaw(f"line {line}: {message}", text=source.text, offset=offset, length=length, origin=source.origin)


def line_span(text: str, line: int) -> tuple[int, int]:
    """Return (offset, length) of a line without its indent, in characters."""
    start = line_offset(text, line)
    shown = text[start : start + MAX_LINE].splitlines()[:1]
    stripped = shown[0].lstrip() if shown else ""
    return start + (len(shown[0]) - len(stripped) if shown else 0), len(stripped.rstrip())


def constant_text(node: Any, depth: int = 0) -> str | None:
    """Return the string that an expression always is: a literal, or literals put together; None otherwise."""
    if isinstance(node, nodes.Const):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, nodes.TemplateData):
        return node.data
    if depth > _MAX_DEPTH:
        return None
    parts = (
        node.nodes
        if isinstance(node, nodes.Concat)
        else [node.left, node.right]
        if isinstance(node, nodes.Add)
        else None
    )
    if parts is None:
        return None
    texts = [constant_text(part, depth + 1) for part in parts]
    return None if None in texts else "".join(text for text in texts if text is not None)

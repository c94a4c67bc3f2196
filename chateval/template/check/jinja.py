"""The Jinja of a chat template as a syntax tree, and the names it expects from outside. Nothing is rendered here."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.parser import Parser

from chateval.errors import TemplateError, first_line

JINJA_NAMES = frozenset(
    {"range", "dict", "lipsum", "cycler", "joiner", "namespace", "self", "super", "loop", "caller", "varargs", "kwargs"}
)
"""Names that Jinja itself provides, everywhere or inside loops, macros and blocks."""
_NEWLINE = re.compile(r"\r\n|\r|\n")


class Generation(Extension):
    """The `{% generation %}` block of transformers; in the tree its body stands in a `nodes.Scope`."""

    tags = {"generation"}  # noqa: RUF012 - the interface of jinja2

    def parse(self, parser: Parser) -> nodes.Node:
        """Read one block."""
        line = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=line)


def parse_template(text: str) -> nodes.Template:
    """Return the syntax tree; walk it with `walk`, since it can be deeper than Python's stack.

    Raises:
        TemplateError: If it is no Jinja, or nested too deeply to be read; the message begins with the line.
    """
    found = _parse(text)
    if isinstance(found, str):
        raise TemplateError(found)
    return found


@lru_cache(maxsize=8)
def _parse(text: str) -> nodes.Template | str:
    """Return the tree, or why there is none; a long template is read once for all checks."""
    environment = Environment(  # noqa: S701 - nothing is rendered with it
        extensions=["jinja2.ext.loopcontrols", Generation], trim_blocks=True, lstrip_blocks=True
    )
    try:
        return environment.parse(text)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {first_line(error)}"
    except RecursionError:
        return "line 1: the template is nested too deeply to be read"


def walk(node: nodes.Node, *, skip: tuple[type[nodes.Node], ...] = ()) -> Iterator[nodes.Node]:
    """Yield a node and all below it in the order of the text, without recursion; nodes of `skip` are left out."""
    stack = [node]
    while stack:
        found = stack.pop()
        if isinstance(found, skip):
            continue
        yield found
        stack += reversed(list(found.iter_child_nodes()))


def line_offset(text: str, line: int) -> int:
    """Return where a line, counted from 1 as Jinja does, begins; the end of the text if there is no such line."""
    if line <= 1:
        return 0
    for number, end in enumerate(_NEWLINE.finditer(text), start=2):
        if number == line:
            return end.end()
    return len(text)


def name_offset(text: str, name: str, line: int) -> int:
    """Return where a name first stands at or after the beginning of a line; the beginning if it does not."""
    start = line_offset(text, line)
    found = re.compile(rf"\b{re.escape(name)}\b").search(text, start)
    return found.start() if found else start


def undeclared(tree: nodes.Template) -> dict[str, int]:
    """Return the names that are read and nowhere assigned, with the first line of each; Jinja's own are left out.

    Scopes are not told apart: a name that is assigned anywhere counts as assigned everywhere.
    """
    known = assigned(tree) | JINJA_NAMES
    found: dict[str, int] = {}
    for node in walk(tree):
        if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in known:
            found.setdefault(node.name, node.lineno)
    return found


def assigned(tree: nodes.Template) -> frozenset[str]:
    """Return all names that the template assigns: by set, loops, macros and their arguments, and imports."""
    found: set[str] = set()
    for node in walk(tree):
        match node:
            case nodes.Name(ctx="store" | "param", name=name) | nodes.Macro(name=name) | nodes.Import(target=name):
                found.add(name)
            case nodes.FromImport(names=names):
                found |= {name if isinstance(name, str) else name[1] for name in names}
    return frozenset(found)


def tested(tree: nodes.Template) -> frozenset[str]:
    """Return the names whose absence the template reckons with.

    They are asked for with `is defined` or another test, have a `default`, or are a term of a condition as they stand
    (`if name`, `not name`, `name == 1`): an absent value is simply false there.
    """
    found: set[str] = set()
    for node in walk(tree):
        terms: list[nodes.Node | None]
        match node:
            case nodes.Test(node=subject) | nodes.Filter(name="default" | "d", node=subject):
                terms = [subject]
            case nodes.If(test=term) | nodes.CondExpr(test=term):
                terms = [term]
            case nodes.And() | nodes.Or() | nodes.Not() | nodes.Compare() | nodes.Operand():
                terms = list(node.iter_child_nodes())
            case _:
                continue
        found |= {term.name for term in terms if isinstance(term, nodes.Name)}
    return frozenset(found)


def defaults(tree: nodes.Template) -> dict[str, str]:
    """Return the names with a value of their own for callers that give none; as JSON where it is a literal, else empty.

    Read are `name | default(1)`, `name if name is defined else 1`, and
    `{% if name is not defined %}{% set name = 1 %}{% endif %}` outside loops and macros, where the template sets the
    name nowhere else.
    """
    found: dict[str, str] = {}
    for node in walk(tree):
        match node:
            case nodes.Filter(name="default" | "d", node=nodes.Name(name=name), args=[nodes.Const(value=value), *_]):
                found.setdefault(name, _json(value))
            case nodes.CondExpr(
                test=nodes.Test(node=nodes.Name(name=name), name="defined"), expr2=nodes.Const(value=value)
            ):
                found.setdefault(name, _json(value))
    n_set = Counter(_set_in(tree))
    for node in walk(tree, skip=(nodes.For, nodes.Macro)):
        if not isinstance(node, nodes.If) or not (name := _missing(node.test)):
            continue
        if n_set[name] and _set_in(node).count(name) == n_set[name]:
            found.setdefault(name, _assignment(node.body, name))
    return found


def _missing(test: nodes.Node) -> str:
    """Return the name that a condition finds absent: `name is not defined`, `name is undefined`."""
    match test:
        case nodes.Not(node=nodes.Test(node=nodes.Name(name=name), name="defined")):
            return str(name)
        case nodes.Test(node=nodes.Name(name=name), name="undefined"):
            return str(name)
    return ""


def _set_in(tree: nodes.Node) -> list[str]:
    return [node.name for node in walk(tree) if isinstance(node, nodes.Name) and node.ctx == "store"]


def _assignment(body: list[nodes.Node], name: str) -> str:
    for node in body:
        match node:
            case nodes.Assign(target=nodes.Name(name=target), node=nodes.Const(value=value)) if target == name:
                return _json(value)
    return ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)

"""A template -> whether it is plain: what it writes and the time it takes grow only as the row does."""

import jinja2
from jinja2 import nodes

MAX_PLAIN = 100_000
"""Characters of a template that may be plain."""
MAX_SEPARATOR = 100
"""Characters of what `join` puts between."""

_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Neg,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
    nodes.Compare,
    nodes.Operand,
    nodes.CondExpr,
    nodes.If,
    nodes.Dict,
    nodes.Pair,
    nodes.List,
    nodes.Tuple,
)
_FILTERS = frozenset(
    (
        "tojson", "list", "join", "trim", "lower", "upper", "string", "int", "float", "length", "count",
        "first", "last", "default", "d", "title", "capitalize", "sum", "reverse", "unique", "safe",
    )
)  # fmt: skip
_TESTS = frozenset(
    (
        "defined", "undefined", "none", "string", "number", "mapping", "sequence", "boolean", "in", "eq", "ne",
        "equalto", "true", "false",
    )
)  # fmt: skip
_METHODS = frozenset(
    (
        "strip", "lstrip", "rstrip", "split", "index", "get", "capitalize", "lower", "upper", "title",
        "startswith", "endswith", "items", "keys", "values",
    )
)  # fmt: skip


def is_plain(tree: nodes.Template) -> bool:
    """Return whether a template has no loop, macro, assignment or product, and no call but of harmless methods."""
    return all(_is_plain(node) for node in tree.find_all(nodes.Node))


def _is_plain(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Name):
        return node.ctx == "load"
    if isinstance(node, nodes.Filter):
        return node.name in _FILTERS and (node.name != "join" or _joins_with_little(node))
    if isinstance(node, nodes.Test):
        return node.name in _TESTS
    if isinstance(node, nodes.Call):
        return isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS
    return isinstance(node, _NODES)


def _joins_with_little(node: nodes.Filter) -> bool:
    return not node.kwargs and all(
        isinstance(one, nodes.Const) and isinstance(one.value, str) and len(one.value) <= MAX_SEPARATOR
        for one in node.args
    )


def parse(environment: jinja2.Environment, source: str) -> nodes.Template | None:
    """Return the tree of a template; None where it is too long to be plain. Nothing of it is evaluated."""
    return environment.parse(source) if len(source) <= MAX_PLAIN else None

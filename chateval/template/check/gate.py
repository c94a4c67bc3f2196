"""Branches of a template that depend on the words of a message: how a prompt is poisoned without touching weights."""

import re
from collections.abc import Iterator
from typing import Any

from jinja2 import nodes

from chateval.template.check.jinja import walk
from chateval.template.check.tree import constant_text

FIELDS = frozenset({"content", "text", "reasoning_content", "thinking"})
"""Keys of a message, or of a part of one, that hold what somebody said."""
SWITCHES = frozenset(
    {
        "/think",
        "/no_think",
        "/nothink",
        "/system_override",
        "detailed thinking on",
        "detailed thinking off",
        "reasoning effort",
        "reasoning strength",
    }
)
"""Words that vendors' own templates look for, in small letters: SmolLM3, Qwen3, GLM-4.5, Nemotron, Ling, Muse."""
_PARTS_TEXT = (
    "text image video audio file image_url video_url audio_url input_image input_audio input_text type parts "
    "blocks value"
)
PARTS = frozenset(_PARTS_TEXT.split())
"""Keys of a structured content and types of its parts, which templates tell apart by `in`."""
_MARKER = re.compile(r"[<\[{|｜]\S{0,60}|\[[A-Z_ ]{1,60}\]")
"""A literal that looks like a control string; templates cut thinking and tool blocks out of answers by those."""
_METHODS_TEXT = "startswith endswith find rfind index rindex count split rsplit partition rpartition replace"
_METHODS = frozenset(_METHODS_TEXT.split())
_TESTS = frozenset({"eq", "equalto", "ne", "in", "==", "!="})
_NUMBERS = frozenset({"length", "count", "wordcount", "int", "float"})
_SPELLED = frozenset({"string", "tojson", "pprint", "join", "list"})
_MAX_NODES = 200
"""Of an expression; those that people write have a few dozen."""
_MAX_PASSES = 8
"""Assignments that take from assignments: chains beyond this many, in the wrong order, are not followed."""


def content_gates(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    """Yield the expressions that look for certain words in what a message says, each with the words.

    Comparisons whose only consequence is `raise_exception` are let pass, as are control strings, the types of content
    parts, and switches that vendors document.
    """
    tainted = _tainted_names(tree)
    harmless = {id(node) for test in _refusals(tree) for node in walk(test)}
    for node in walk(tree):
        if id(node) in harmless:
            continue
        if _looks_up(node, tainted):
            yield node, "what a message says is looked up in a table, and decides about the prompt"
        words = [word for word in _sought(node, tainted) if _is_word(word)]
        if words:
            shown = words[0] if len(words[0]) <= 40 else f"{words[0][:39]}…"
            yield node, f"what is written depends on whether a message says {shown!r}"


def _sought(node: nodes.Node, tainted: frozenset[str]) -> list[str]:
    """Return the literals that an expression compares content with."""
    match node:
        case nodes.Compare():
            operands = [node.expr, *(operand.expr for operand in node.ops)]
            return _literals(operands) if any(_is_content(one, tainted) for one in operands) else []
        case nodes.Call(node=nodes.Getattr(node=target, attr=str(name))) if name in _METHODS:
            return _literals(node.args[:1]) if _is_content(target, tainted) else []
        case nodes.Test(name=str(name)) if name in _TESTS:
            operands = [node.node, *node.args]
            return _literals(operands) if any(_is_content(one, tainted) for one in operands) else []
        case nodes.Filter(name="replace"):
            return _literals(node.args[:1]) if _is_content(node.node, tainted) else []
        case nodes.Filter(name="selectattr" | "rejectattr", args=[nodes.Const(value=str(key)), *rest]):
            return _literals(rest[1:]) if key in FIELDS else []
        case nodes.Filter(name="select" | "reject"):
            return _literals(node.args[1:]) if _is_content(node.node, tainted) else []
    return []


def _looks_up(node: nodes.Node, tainted: frozenset[str]) -> bool:
    match node:
        case nodes.Getitem(arg=arg) if not isinstance(arg, nodes.Slice):
            return _is_content(arg, tainted)
        case nodes.Call(node=nodes.Getattr(node=nodes.Dict(), attr="get"), args=[key, *_]):
            return _is_content(key, tainted)
    return False


def _literals(operands: list[Any]) -> list[str]:
    inner = [part for one in operands if isinstance(one, nodes.List | nodes.Tuple) for part in one.items]
    return [text for one in [*operands, *inner] if (text := constant_text(one)) is not None]


def _is_word(text: str) -> bool:
    text = text.strip()
    if text in PARTS or text.lower() in SWITCHES or _MARKER.fullmatch(text):
        return False
    return any(character.isalnum() for character in text)


def _is_content(root: Any, tainted: frozenset[str]) -> bool:
    """Return whether an expression is what somebody said, or is made of it; one too long to say counts as such."""
    stack: list[Any] = [root]
    for _ in range(_MAX_NODES):
        if not stack:
            return False
        node = stack.pop()
        match node:
            case nodes.Name(name=str(name)):
                if name in tainted:
                    return True
            case nodes.Getattr(attr=str(name)):
                if name in FIELDS or (isinstance(node.node, nodes.Name) and f"{node.node.name}.{name}" in tainted):
                    return True
            case nodes.Getitem(arg=nodes.Const(value=str(name))):
                if name in FIELDS:
                    return True
            case nodes.Filter(name="map"):
                if any(constant_text(pair.value) in FIELDS for pair in node.kwargs if pair.key == "attribute"):
                    return True
            case nodes.Filter(name=str(name), node=nodes.Name(name="messages" | "message")) if name in _SPELLED:
                return True
            case _:
                stack.extend(_made_of(node))
    return True


def _made_of(node: Any) -> list[Any]:
    match node:
        case nodes.Getitem() | nodes.Filter():
            return [] if isinstance(node, nodes.Filter) and node.name in _NUMBERS else [node.node]
        case nodes.Call(node=nodes.Getattr(node=target)):
            return [target, *node.args] if constant_text(target) is not None else [target]
        case nodes.Call():
            return list(node.args)
        case nodes.Concat():
            return list(node.nodes)
        case nodes.Add() | nodes.Or() | nodes.And():
            return [node.left, node.right]
        case nodes.CondExpr():
            return [node.expr1, node.expr2]
    return []


def _tainted_names(tree: nodes.Template) -> frozenset[str]:
    """Return the names, and `namespace.attribute` pairs, that hold content somewhere in the template."""
    flows = list(_flows(tree))
    tainted: frozenset[str] = frozenset()
    for _ in range(_MAX_PASSES):
        found = tainted | {name for name, value in flows if _is_content(value, tainted)}
        if found == tainted:
            break
        tainted = found
    return tainted


def _flows(tree: nodes.Template) -> Iterator[tuple[str, Any]]:
    """Yield (name, expression) for every way by which a name takes a value."""
    macros = {node.name: [arg.name for arg in node.args] for node in walk(tree) if isinstance(node, nodes.Macro)}
    for node in walk(tree):
        match node:
            case nodes.Assign(target=target, node=value):
                yield from ((name, value) for name in _targets(target))
            case nodes.For(target=target, iter=value):
                yield from ((name, value) for name in _targets(target))
            case nodes.AssignBlock(target=target, body=body):
                values = [
                    part for inner in body for one in walk(inner) if isinstance(one, nodes.Output) for part in one.nodes
                ]
                yield from ((name, value) for name in _targets(target) for value in values)
            case nodes.With(targets=targets, values=values):
                yield from (
                    (name, value) for target, value in zip(targets, values, strict=True) for name in _targets(target)
                )
            case nodes.Call(node=nodes.Name(name=str(name))) if name in macros:
                yield from zip(macros[name], node.args, strict=False)
                yield from ((pair.key, pair.value) for pair in node.kwargs)


def _targets(target: Any) -> list[str]:
    match target:
        case nodes.Name(name=str(name)):
            return [name]
        case nodes.NSRef(name=str(name), attr=str(attr)):
            return [f"{name}.{attr}"]
        case nodes.Tuple():
            return [name for item in target.items for name in _targets(item)]
    return []


def _refusals(tree: nodes.Template) -> Iterator[nodes.Node]:
    """Yield the tests of `if` blocks that do nothing but refuse the chat."""
    for node in walk(tree):
        if isinstance(node, nodes.If) and not node.elif_ and not node.else_ and all(map(_only_raises, node.body)):
            yield node.test


def _only_raises(node: nodes.Node) -> bool:
    if not isinstance(node, nodes.Output):
        return False
    return all(
        not part.data.strip()
        if isinstance(part, nodes.TemplateData)
        else isinstance(part, nodes.Call) and isinstance(part.node, nodes.Name) and part.node.name == "raise_exception"
        for part in node.nodes
    )

"""CT7xx: what another engine renders differently from transformers: telling constructs, and a server that is asked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from jinja2 import nodes

from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.jinja import assigned, walk
from chateval.template.check.tree import scan
from chateval.template.diff import ProbeDiff, diff_templates
from chateval.template.probes import probe
from chateval.template.runtime import as_served
from chateval.template.specimen import Specimen

_MUTATIONS_TEXT = "append extend insert remove reverse sort clear pop popitem setdefault update add discard"
MUTATIONS = frozenset(_MUTATIONS_TEXT.split())
"""Methods that change a list, dict or set; the Jinja sandbox of transformers refuses them (jinja2 3.1,
`ImmutableSandboxedEnvironment`), llama.cpp runs some of them."""
_PYTHON_ONLY_TEXT = (
    "find rfind index rindex count format format_map join splitlines partition rpartition rsplit removeprefix "
    "removesuffix isdigit isalpha isalnum isnumeric isdecimal isspace isupper islower istitle isascii "
    "isidentifier isprintable zfill center ljust rjust swapcase casefold expandtabs translate encode fromkeys"
)
PYTHON_ONLY = frozenset(_PYTHON_ONLY_TEXT.split())
"""Methods of Python's str and dict that transformers.js does not have, as of huggingface/huggingface.js
packages/jinja/src/runtime.ts at 02a1b8099dca01e3ec15f446b5357ce83bc9f85e: there are upper, lower, strip, title,
capitalize, rstrip, lstrip, startswith, endswith, split, replace; get, items, keys, values."""
_STRUCTURES = frozenset({"tools", "documents", "messages"})
"""Names whose value is a list of objects, unless the template assigns them itself."""
_SHOWN = 40
"""Characters of a difference between two prompts that are shown."""
_RUNTIME_FIXES: Mapping[str, str] = {
    "bos": "let either the template or the server's tokenizer write the BOS, not both and not neither",
    "date": "write a fixed date, or give it as a switch of the template on both sides",
    "ids": "serve the checkpoint's own tokenizer files, its added tokens included",
}
"""By kind, where the check's own fix is not the nearest."""
_REPR = re.compile(r"\{'(?:type|function|name|description|parameters|arguments|city)': ")
"""How Python, and nothing else, spells an object of the probes."""


def depends_on_engine(specimen: Specimen) -> Iterator[Flaw]:
    """CT701: other engines render the template differently, or not at all."""
    printed = list(_prints_python(specimen))
    yield from printed
    try:
        yield from scan(specimen, _constructs)
    except NotEvaluated:
        if not printed:
            raise


def _prints_python(specimen: Specimen) -> Iterator[Flaw]:
    for one, rendered in specimen.probed:
        hit = _REPR.search(rendered.text) if rendered.text is not None and one.tools else None
        if hit:
            assert rendered.text is not None  # noqa: S101 - it was searched
            yield Flaw(
                "tools or calls are printed as Python spells them, with single quotes",
                probe=one.name,
                text=rendered.text,
                offset=hit.start(),
                length=len(hit[0]),
                found=hit[0],
                fix="write objects with the filter tojson",
            )
            return


def _constructs(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    own = assigned(tree)
    for node in walk(tree):
        message = _construct(node, own)
        if message:
            yield node, message
        if isinstance(node, nodes.Output | nodes.Concat):
            yield from ((part, found) for part in node.nodes if (found := _printed(part, own)))


def _construct(node: nodes.Node, own: frozenset[str]) -> str:
    match node:
        case nodes.Call(node=nodes.Getattr(attr=str(name))) if name in MUTATIONS:
            return f"{name}() changes a list or object in place: transformers refuses it, llama.cpp runs it"
        case nodes.Call(node=nodes.Getattr(node=target, attr=str(name))) if name in PYTHON_ONLY:
            is_own = isinstance(target, nodes.Name) and target.name in own and name in own
            return "" if is_own else f"{name}() is a method of Python's that transformers.js does not have"
        case nodes.Filter(name="pprint"):
            return "pprint prints as Python spells values; other engines do not have it or print JSON"
        case nodes.Filter(name="string", node=value) if _is_structure(value, own):
            return "the filter string spells an object as Python does; other engines write JSON"
    return ""


def _printed(part: Any, own: frozenset[str]) -> str:
    """Return what is wrong with printing this expression; empty if nothing is."""
    if _is_bool(part):
        return "a true or false is printed: `True` by Python, `true` by transformers.js"
    if isinstance(part, nodes.Const) and part.value is None:
        return "none is printed: `None` by Python, `null` or nothing by other engines"
    if _is_structure(part, own):
        return "an object is printed: as Python spells it by transformers, as JSON by other engines"
    return ""


def _is_bool(node: Any) -> bool:
    match node:
        case nodes.Const(value=bool()) | nodes.Compare() | nodes.Not() | nodes.Test():
            return True
        case nodes.CondExpr(expr1=first, expr2=second):
            return _is_literal_bool(first) or _is_literal_bool(second)
    return False


def _is_literal_bool(node: Any) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, bool)


def _is_structure(node: Any, own: frozenset[str]) -> bool:
    match node:
        case nodes.Name(name=str(name)):
            return name in _STRUCTURES - own
        case nodes.Dict() | nodes.List():
            return True
    return False


def differs_by_runtime(specimen: Specimen) -> Iterator[Flaw]:
    """CT702: a given runtime builds another prompt."""
    if specimen.runtime is None:
        raise NotEvaluated("no runtime was given (--runtime)")
    found = diff_templates(specimen, specimen.runtime)
    shown = [entry for entry in found.probes if entry.status != "both raise"]
    if not shown:
        raise NotEvaluated(f"neither the template nor {specimen.runtime.name} renders any of the probes")
    groups: dict[str, list[ProbeDiff]] = {}
    for entry in shown:
        if entry.status != "same":
            groups.setdefault(_difference(specimen, entry), []).append(entry)
    for difference, entries in groups.items():
        share = f"{len(entries)} of {len(shown)} probes"
        yield _runtime_flaw(entries[0], f"{specimen.runtime.name} {difference} ({share})")


def _difference(specimen: Specimen, entry: ProbeDiff) -> str:
    """Return what a runtime does that the template does not, as the end of a sentence."""
    if entry.status == "ids differ":
        return "makes other ids of the same text"
    if entry.kind != "refusal":
        return f"builds another prompt, first in: {entry.kind}"
    own = specimen.render(as_served(probe(entry.probe).chat(specimen.settings.kwargs)))
    return "renders what the template refuses" if own.text is None else "refuses what the template renders"


def _runtime_flaw(entry: ProbeDiff, message: str) -> Flaw:
    flaw = Flaw(message, probe=entry.probe, text=entry.b)
    if entry.kind == "refusal":
        return replace(flaw, severity="warning", expected=entry.a[:_SHOWN], found=entry.b[:_SHOWN])
    flaw = replace(flaw, fix=_RUNTIME_FIXES.get(entry.kind or "ids", ""))
    if entry.tokens is not None:
        flaw = replace(flaw, expected_ids=entry.tokens.a_ids, found_ids=entry.tokens.b_ids)
    if entry.offset is None:
        return flaw
    at = slice(entry.offset, entry.offset + _SHOWN)
    length = int(entry.offset < len(entry.b))
    return replace(flaw, offset=entry.offset, length=length, expected=entry.a[at], found=entry.b[at])


CHECKS: tuple[Check, ...] = (
    Check(
        "CT701",
        "Other engines render the template differently",
        "warning",
        "use a construct that all engines share: namespace, filters, and tojson for objects",
        depends_on_engine,
    ),
    Check(
        "CT702",
        "A given runtime builds another prompt",
        "error",
        "serve the checkpoint's own template (--chat-template), or send ids to the completion endpoint",
        differs_by_runtime,
    ),
)

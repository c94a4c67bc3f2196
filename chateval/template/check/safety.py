"""CT6xx: what a template may do that has nothing to do with writing a prompt."""

import re
import unicodedata
from collections.abc import Iterator

from jinja2 import nodes

from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.gate import content_gates
from chateval.template.check.jinja import assigned, walk
from chateval.template.check.tree import constant_text, distinct, scan
from chateval.template.sandbox import Chat
from chateval.template.specimen import Specimen

_INTERNALS_TEXT = (
    "mro subclasses func_globals func_code func_closure gi_frame gi_code cr_frame cr_code ag_frame ag_code "
    "tb_frame tb_next f_globals f_locals f_builtins f_back co_code builtins popen"
)
INTERNALS = frozenset(_INTERNALS_TEXT.split())
"""Attributes of Python objects that lead out of a template; all that begin with an underscore do too."""
OBJECTS = frozenset({"lipsum", "cycler", "joiner", "url_for", "get_flashed_messages", "request", "config", "self"})
"""Globals of Jinja and Flask that exploits start from; a chat template has no use for their attributes."""
_BY_ATTRIBUTE = frozenset({"map", "selectattr", "rejectattr", "groupby", "sort", "unique", "sum", "min", "max"})
_LOADERS = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
}
_FETCHERS = frozenset({"open", "urlopen", "fetch", "get_url", "load_url", "requests", "read_file", "load_file"})
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"
"""Part of how other scripts and emoji are written, after a character that is not ASCII."""
MAX_LITERALS = 16


def reaches_internals(specimen: Specimen) -> Iterator[Flaw]:
    """CT601: the template reaches for Python's internals."""
    yield from scan(specimen, _internals)


def _internals(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    own = assigned(tree)
    for node in walk(tree):
        name = _reached(node, own)
        if name:
            yield node, f"it reaches for {name}, by which a template gets at the program that renders it"


def _reached(node: nodes.Node, own: frozenset[str]) -> str:
    match node:
        case nodes.Getattr(attr=str(attr)) if _is_internal(attr):
            return f"the attribute {attr}"
        case nodes.Getattr(node=nodes.Name(name=str(name)), attr=str(attr)) if name in OBJECTS - own:
            return f"{name}.{attr}"
        case nodes.Getitem(arg=arg) if (constant_text(arg) or "").startswith("__"):
            return f"the item {constant_text(arg)}"
        case nodes.Filter(name="attr", args=[arg, *_]):
            text = constant_text(arg)
            return "an attribute by a computed name" if text is None else _named_attribute(text)
        case nodes.Filter(name=str(name)) if name in _BY_ATTRIBUTE:
            texts = [constant_text(arg) for arg in [*node.args, *(pair.value for pair in node.kwargs)]]
            return next((found for text in texts if text and (found := _named_attribute(text))), "")
        case nodes.Call(node=nodes.Getattr(node=target, attr="format" | "format_map")):
            return "an attribute inside a format string" if "__" in (constant_text(target) or "") else ""
        case nodes.Keyword(key=str(key)) if key.startswith("__"):
            return f"the name {key}"
    return ""


def _is_internal(name: str) -> bool:
    return name.startswith("_") or name in INTERNALS


def _named_attribute(path: str) -> str:
    return next((f"the attribute {part}" for part in path.split(".") if _is_internal(part)), "")


def depends_on_words(specimen: Specimen) -> Iterator[Flaw]:
    """CT602: the prompt changes when a message has certain words."""
    yield from scan(specimen, content_gates)


def has_hidden_characters(specimen: Specimen) -> Iterator[Flaw]:
    """CT603: characters that nobody sees stand in the Jinja."""
    for source in distinct(specimen.sources):
        found: dict[str, list[int]] = {}
        for hit in _HIDDEN.finditer(source.text):
            if not _joins(source.text, hit.start()):
                found.setdefault(hit[0], []).append(hit.start())
        for character, places in found.items():
            name = f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()
            line = source.text.count("\n", 0, places[0]) + 1
            yield Flaw(
                f"line {line}: {name} cannot be seen in an editor ({len(places)} in the template)",
                text=source.text,
                offset=places[0],
                length=1,
                origin=source.origin,
                found=name,
            )


def _joins(text: str, offset: int) -> bool:
    return text[offset] in _JOINERS and offset > 0 and not text[offset - 1].isascii()


def obeys_markers_of_users(specimen: Specimen) -> Iterator[Flaw]:
    """CT604: control strings that a user types become control tokens."""
    plain = specimen.text("answered")
    if plain is None:
        raise NotEvaluated("the template does not render a plain chat")
    assert specimen.tokenizer is not None  # noqa: S101 - stated in `needs`
    added = {token: int(number) for token, number in specimen.tokenizer.get_added_vocab().items() if token.strip()}
    literals = [token for token in added if token in plain][:MAX_LITERALS]
    if not literals:
        raise NotEvaluated("the template writes no token of the tokenizer's added vocabulary")
    texts = [found.text for found in specimen.render_all([_asked("one two"), *map(_typed, literals)])]
    if texts[0] is None:
        raise NotEvaluated("the template does not render a plain question")
    usual = specimen.ids(texts[0])
    taken = [
        (literal, text)
        for literal, text in zip(literals, texts[1:], strict=True)
        if text is not None and specimen.ids(text).count(added[literal]) > usual.count(added[literal])
    ]
    if taken:
        literal, text = taken[0]
        yield Flaw(
            f"what a user types as {', '.join(name for name, _ in taken)} reaches the model as a control token",
            text=text,
            offset=max(text.find(_typed_text(literal)), 0) + len("one "),
            length=len(literal),
            found_ids=(added[literal],),
        )


def _typed(literal: str) -> Chat:
    return _asked(_typed_text(literal))


def _typed_text(literal: str) -> str:
    return f"one {literal} two"


def _asked(content: str) -> Chat:
    return Chat([{"role": "user", "content": content}])


def loads_from_elsewhere(specimen: Specimen) -> Iterator[Flaw]:
    """CT605: the template is not whole by itself."""
    yield from scan(specimen, _loads)


def _loads(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str]]:
    own = assigned(tree)
    for node in walk(tree):
        for kind, word in _LOADERS.items():
            if isinstance(node, kind):
                yield node, f"`{word}` needs another file, which no engine that runs chat templates has"
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _FETCHERS - own:
            yield node, f"it calls {node.node.name}(), a function that reads from outside"


CHECKS: tuple[Check, ...] = (
    Check(
        "CT601",
        "The template reaches for Python's internals",
        "error",
        "do not load this checkpoint; take the template from its publisher",
        reaches_internals,
    ),
    Check(
        "CT602",
        "The prompt changes when a message has certain words",
        "error",
        "remove the branch, or find out from the publisher what it is for",
        depends_on_words,
    ),
    Check(
        "CT603",
        "Invisible characters stand in the template",
        "error",
        "delete the characters, or write them as \\u escapes if the model was trained with them",
        has_hidden_characters,
    ),
    Check(
        "CT604",
        "Control strings typed by a user become control tokens",
        "info",
        "strip or escape control strings in user text before rendering, above all where tools are called",
        obeys_markers_of_users,
        needs=("template", "tokenizer"),
        is_note=True,
    ),
    Check(
        "CT605",
        "The template loads something from elsewhere",
        "error",
        "write the included part into the template itself",
        loads_from_elsewhere,
    ),
)

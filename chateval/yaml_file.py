"""A YAML file to plain data with the line of every value, and to a model: what is at fault is told with path:line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from chateval.codec import dotted, read_text
from chateval.errors import ChatevalError, DataError

M = TypeVar("M", bound=BaseModel)

_SURROGATE = re.compile("[\ud800-\udfff]")

MAX_YAML_BYTES = 1_000_000
"""Nobody writes a larger one by hand; aliases could blow it up."""

MAX_YAML_NODES = 20_000
"""Keys and values of a YAML file; reading so many takes a second."""

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII)
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", re.ASCII)

Place = tuple[str | int, ...]
"""Keys and indices that lead to a value, as in pydantic's `loc`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file with the line of every key and list element; line 0 is that of data without a file."""

    path: Path
    data: Any
    lines: Mapping[Place, int]

    def where(self, place: Place) -> str:
        """Return path:line of the value at `place`, or of the nearest value around it."""
        for end in range(len(place), -1, -1):
            if place[:end] in self.lines:
                line = self.lines[place[:end]]
                return f"{self.path}:{line}" if line else str(self.path)
        return str(self.path)


class _PlainLoader(yaml.SafeLoader):
    """Reads plain data once, and refuses the rest where it stands."""

    def __init__(self, text: str, path: Path) -> None:
        super().__init__(text)
        self._path = path
        self._n_nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        where = f"{self._path}:{event.start_mark.line + 1}"
        self._n_nodes += 1
        if self._n_nodes > MAX_YAML_NODES:
            raise DataError(f"{where}: more than {MAX_YAML_NODES:,} values; rows of data go into a file of their own")
        if isinstance(event, yaml.AliasEvent):
            raise DataError(f"{where}: aliases (*{event.anchor}) are not read; write it out")
        if event.tag is not None:
            raise DataError(f"{where}: tags ({event.tag}) are not read; write plain data")
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode) and _SURROGATE.search(node.value):
            try:  # JSON spells one letter as the two halves of a pair
                node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError as error:
                raise DataError(f"{where}: half a surrogate pair stands alone, which is no text") from error
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            fault = _surprise(node.tag.rpartition(":")[2], node.value)
            if fault:
                raise DataError(f"{where}: {node.value[:40]} is {fault}; put it in quotes, or write it otherwise")
        return node


def _surprise(kind: str, spelt: str) -> str:
    """Return what YAML takes a scalar for, where no writer means that; empty where it is as it seems."""
    if kind == "timestamp":
        return "a date to YAML"
    if kind == "int" and (len(spelt) > 40 or not _WHOLE.fullmatch(spelt)):
        return "a number in another notation to YAML"
    if kind == "float" and not _NO_NUMBER.fullmatch(spelt):
        if len(spelt) > 40 or not _DECIMAL.fullmatch(spelt):
            return "a number in another notation to YAML"
        return "" if isfinite(float(spelt)) else "too large for a number"
    return ""


def read_yaml(path: Path) -> Document:
    """Read a YAML file of plain data; a key that stands twice, an alias or a tag is refused.

    Raises:
        DataError: If the file is not such YAML; the message starts with path:line.
    """
    text = read_text(path)
    if len(text) > MAX_YAML_BYTES:
        raise DataError(f"{path}: {len(text):,} characters; at most {MAX_YAML_BYTES:,} are read")
    try:
        loader = _PlainLoader(text, path)
        try:
            node = loader.get_single_node()
            lines: dict[Place, int] = {(): 1}
            if node is not None:
                _number(node, (), lines, path)
            data = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DataError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise DataError(f"{path}:{line}: not valid YAML: character {error.character:#04x} is not allowed") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid YAML: {error}") from error
    return Document(path, data, lines)


def parse_scalar(text: str) -> Any:
    """Return what YAML takes a text for: a number, true or false, null, else the text itself."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return value if isinstance(value, (bool, int, float, str, type(None))) else text


def _number(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            line = key.start_mark.line + 1
            if inner in lines:
                raise DataError(f"{path}:{line}: key {key.value!r} stands twice (first on line {lines[inner]})")
            lines[inner] = line
            _number(value, inner, lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*place, index)] = value.start_mark.line + 1
            _number(value, (*place, index), lines, path)


def validate(model: type[M], document: Document, *, error: type[ChatevalError]) -> M:
    """Return the document as a model; every fault becomes one line with place, found and allowed.

    Raises:
        ChatevalError: The class given as `error`, with the first fault as its message.
    """
    try:
        return model.model_validate(document.data if document.data is not None else {})
    except ValidationError as problem:
        faults = [(fault, _place(fault, document)) for fault in problem.errors()]
        first = faults[0][1]
        # A union has a fault for each of its members: the one that came furthest is the one that was meant.
        inside = [(fault, place) for fault, place in faults if place[: len(first)] == first]
        fault, place = max(inside, key=lambda found: len(found[1]))
        if fault["type"] == "missing":
            # A key that is missing and one that is unknown beside it are most likely one that is misspelt.
            beside = [f for f in faults if f[0]["type"] == "extra_forbidden" and f[1][:-1] == place[:-1]]
            fault, place = beside[0] if beside else (fault, place)
        raise error(f"{document.where(place)}: {_describe(fault, place, model)}") from problem


def _place(fault: Any, document: Document) -> Place:
    """Return `loc` without the names of union members and functions that pydantic puts into it."""
    *around, last = fault["loc"] or ("",)
    place: Place = ()
    for part in (*around, last):
        for inner in ((*place, part), (*place, str(part))):
            if inner in document.lines:
                place = inner
                break
    return (*place, last) if fault["type"] == "missing" else place


def _describe(fault: Any, place: Place, model: type[BaseModel]) -> str:
    name = dotted(place) or "file"
    match fault["type"]:
        case "extra_forbidden":
            allowed = _allowed_keys(model, place[:-1])
            return f"unknown key {place[-1]!r}" + (f"; allowed: {', '.join(allowed)}" if allowed else "")
        case "missing":
            return f"{name}: missing"
        case "value_error":
            return f"{name}: {fault['ctx']['error']}"
        case kind:
            found = repr(fault["input"])
            shown = found if len(found) <= 80 else found[:77] + "..."
            message = fault["msg"][0].lower() + fault["msg"][1:]
            if kind == "model_type":
                message = f"must be a mapping with keys of {', '.join(_allowed_keys(model, place))}"
            return f"{name}: {message}; found {shown}"


def _allowed_keys(model: type[BaseModel], place: Place) -> list[str]:
    """Walk the model along `place` and list the keys of the innermost model found."""
    current: type[BaseModel] = model
    is_entry = False
    for part in place:
        if isinstance(part, int) or is_entry or part not in current.model_fields:
            is_entry = False
            continue
        annotation = current.model_fields[part].annotation
        inner = [kind for kind in _kinds(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not inner:
            return []
        if len(inner) > 1:  # of several shapes, what any of them has
            return list(dict.fromkeys(name for kind in inner for name in kind.model_fields))
        current = inner[0]
        is_entry = getattr(annotation, "__origin__", None) is dict
    return [field.alias or name for name, field in current.model_fields.items()]


def _kinds(annotation: Any) -> list[Any]:
    arguments = getattr(annotation, "__args__", ())
    return [annotation] if not arguments else [kind for argument in arguments for kind in _kinds(argument)]

"""Bytes to data and back, strictly: YAML with line numbers, JSON lines, records. Says path:line for every fault."""

import hashlib
import json
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from chateval.errors import ChatevalError, DataError
from chateval.reading import as_text, read_bytes, read_raw_lines

T = TypeVar("T")
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


def canonical(value: Any) -> bytes:
    """Return the one JSON spelling of `value`: sorted keys, no spaces, UTF-8, no NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    """Return the sha256 of the canonical JSON of `value`, 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def encode(record: Any) -> str:
    """Return a record as one line of JSON, without the newline; a lone surrogate becomes U+FFFD, NaN is refused."""
    text = _ENCODER.encode(record)
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _plain(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _field_names(cast("Hashable", type(record)))}


@cache
def _field_names(kind: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cast("type[Any]", kind)))


# What is not JSON by itself is asked for its fields one level at a time; asdict would copy every list within.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def decode(kind: type[T], line: str | bytes, *, where: str) -> T:
    """Parse one line of JSON into a record; unknown keys, wrong types and what `parse_json` refuses are refused.

    Raises:
        DataError: If the line is not such a record; the message starts with `where`.
    """
    parse_json(line, where=where)
    return decode_own(kind, line, where=where)


def decode_own(kind: type[T], line: str | bytes, *, where: str) -> T:
    """Parse a line that `encode` wrote, as a checksum shows: keys that stand twice are not looked for again.

    Raises:
        DataError: If the line is not such a record; the message starts with `where`.
    """
    try:
        record: T = _adapter(cast("Hashable", kind)).validate_json(line, strict=True, extra="forbid")
    except ValidationError as error:
        faults = "; ".join(f"{_dotted(fault['loc']) or 'line'}: {fault['msg']}" for fault in error.errors()[:3])
        raise DataError(f"{where}: {faults}") from error
    return record


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("type[Any]", kind))


def parse_json(text: str | bytes, *, where: str) -> Any:
    """Parse JSON as RFC 8259 has it: a key that stands twice, NaN and Infinity are refused.

    Raises:
        DataError: If the text is not JSON; the message starts with `where`.
    """
    try:
        spelt = text if isinstance(text, str) else text.decode("utf-8")
        return (_PARSE if HUGE.search(spelt) is None else _PARSE_HUGE)(spelt)
    except RecursionError as error:
        raise DataError(f"{where}: nested too deeply for a sample") from error
    except ValueError as error:
        raise DataError(f"{where}: not valid JSON: {error}") from error


def _finite(spelt: str) -> float:
    found = float(spelt)
    if not isfinite(found):
        raise ValueError(f"{spelt:.40} is too large for a number")
    return found


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key[:200]!r} stands twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


HUGE = re.compile(r"[eE]\+?[0-9]{3}|[0-9]{300}", re.ASCII)
"""Numbers that may be infinite as floats; a look for them costs less than a look at each number."""

_PARSE = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant).decode
_PARSE_HUGE = json.JSONDecoder(
    object_pairs_hook=_unique_keys, parse_constant=_refuse_constant, parse_float=_finite
).decode


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file; a byte order mark is dropped.

    Raises:
        DataError: If the file cannot be read or is not UTF-8; the message has the line of the first bad byte.
    """
    return as_text(read_bytes(path), where=str(path), line=1)


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (path:line, line) for each line of a UTF-8 file that is not empty, one in memory at a time.

    A file that ends in `.gz` is unpacked on the way.

    Raises:
        DataError: If the file cannot be read or is not UTF-8; the message has the line of the first bad byte.
    """
    for number, (where, line) in enumerate(read_raw_lines(path)):
        text = as_text(line, where=where, is_start=number == 0)
        if text:
            yield where, text


def read_json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path:line, object) for each line that is not blank.

    Raises:
        DataError: If a line is not a JSON object.
    """
    for where, line in read_lines(path):
        if not line.strip():
            continue
        row = parse_json(line, where=where)
        if not isinstance(row, dict):
            raise DataError(f"{where}: a line must be a JSON object, found {type(row).__name__}")
        yield where, row


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
    name = _dotted(place) or "file"
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


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text

"""The Jinja of a task: rows to messages, targets and choices. Undefined names are errors."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chateval.errors import DataError, TaskError
from chateval.messages import check_messages, check_tools
from chateval.records import Message
from chateval.task.fields import ExpressionSpec, FieldSpec, field_of
from chateval.task.jinja import Fault, compile_source
from chateval.task.spec import MessageSpec


def compile_text(source: str, *, where: str, is_ours: bool = False) -> Callable[[Mapping[str, Any], str], str]:
    """Compile one template of a task.

    Args:
        source: Jinja over the fields of a row.
        where: path:line and field of the template, for error messages.
        is_ours: Whether the task ships with the package, so that its templates need no limits.

    Returns:
        A function of (row, where the row stands) that returns the text.

    Raises:
        TaskError: If the template is not valid Jinja. The function raises DataError for a name the row does not have,
            and where a limit of time, memory or size is met.
    """
    try:
        template = compile_source(source, is_ours=is_ours)
    except Fault as fault:
        why = "cannot be compiled" if fault.kind == "limit" else "not valid Jinja"
        raise TaskError(f"{where}: {why}: {fault}") from fault

    if not any(opener in source for opener in ("{{", "{%", "{#")):
        constant = template({})
        return lambda row, row_where: constant

    def render(row: Mapping[str, Any], row_where: str) -> str:
        try:
            return template(row)
        except Fault as fault:
            what = f"{row_where}: {where.split(': ')[-1]}"
            if fault.kind == "undefined":
                raise DataError(f"{what}: {fault}; the row has: {', '.join(sorted(row))}") from fault
            raise DataError(f"{what} cannot be rendered: {fault}") from fault

    return render


def compile_messages(
    specs: Sequence[MessageSpec], *, where: str, is_ours: bool = False
) -> Callable[[Mapping[str, Any], str], tuple[Message, ...]]:
    """Compile the messages of a task; the function they become returns valid messages or raises DataError."""
    parts = [
        (spec, _compile_content(spec.content, where=f"{where}: messages[{index}].content", is_ours=is_ours))
        for index, spec in enumerate(specs)
    ]

    def render(row: Mapping[str, Any], row_where: str) -> tuple[Message, ...]:
        messages: list[Message] = []
        for spec, content in parts:
            if content is not None:
                messages.append({"role": spec.role, "content": content(row, row_where)})
            else:
                name = str(spec.field)
                messages.extend(check_messages(field_of(row, name, row_where), name, where=row_where))
        return tuple(messages)

    return render


def _compile_content(value: Any, *, where: str, is_ours: bool) -> Callable[[Mapping[str, Any], str], Any] | None:
    """Compile the content of a message: a template, or parts, whose texts are templates all but their types."""
    if value is None:
        return None
    if isinstance(value, str):
        return compile_text(value, where=where, is_ours=is_ours)
    if isinstance(value, list):
        inner = [_compile_content(one, where=f"{where}[{n}]", is_ours=is_ours) for n, one in enumerate(value)]
        return lambda row, row_where: [one and one(row, row_where) for one in inner]
    if isinstance(value, dict):
        fields = {
            key: _compile_content(one, where=f"{where}.{key}", is_ours=is_ours)
            for key, one in value.items()
            if key != "type"
        }
        fixed = {"type": value["type"]} if "type" in value else {}
        return lambda row, row_where: fixed | {key: one and one(row, row_where) for key, one in fields.items()}
    return lambda row, row_where: value


Texts = Callable[[Mapping[str, Any], str], tuple[str, ...]]
"""(row, where the row stands) -> a list of texts."""


def compile_texts(
    spec: FieldSpec | ExpressionSpec | list[str] | None, name: str, *, where: str, is_ours: bool = False
) -> Texts:
    """Compile a list of texts: a field of the row, an expression over the row, or one template each.

    Args:
        spec: As it stands in the task; the function of an absent one returns nothing.
        name: The key of the task, for error messages.
        where: path:line of it.
        is_ours: As in `compile_text`.
    """
    if spec is None:
        return lambda row, row_where: ()
    if isinstance(spec, list):
        texts = [
            compile_text(source, where=f"{where}: {name}[{index}]", is_ours=is_ours)
            for index, source in enumerate(spec)
        ]
        return lambda row, row_where: tuple(text(row, row_where) for text in texts)
    if isinstance(spec, ExpressionSpec):
        evaluate = _compile_expression(spec.expression, where=f"{where}: {name}.expression", is_ours=is_ours)
        return lambda row, row_where: _texts(evaluate(row, row_where), f"{row_where}: {name}.expression")
    return lambda row, row_where: _texts(field_of(row, spec.field, row_where), f"{row_where}: field {spec.field!r}")


def _compile_expression(source: str, *, where: str, is_ours: bool) -> Callable[[Mapping[str, Any], str], Any]:
    """Compile an expression by way of the JSON of its value: the sandbox hands out no objects."""
    text = compile_text(f"{{{{ ({source}) | list | tojson }}}}", where=where, is_ours=is_ours)
    return lambda row, row_where: json.loads(text(row, row_where))


def _texts(found: Any, where: str) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise DataError(f"{where} must be a list of texts")
    return tuple(found)


def compile_choices(
    spec: FieldSpec | ExpressionSpec | list[str] | None,
    *,
    where: str,
    may_repeat: bool,
    may_be_one: bool = False,
    is_ours: bool = False,
) -> Texts:
    """Compile the choices of a task, two or more that are not empty.

    Args:
        spec: As it stands in the task; the function of an absent one returns nothing.
        where: path:line of it.
        may_repeat: Whether two may be equal, as in data that others wrote.
        may_be_one: Whether one is enough: its log-probability is measured and nothing is chosen.
        is_ours: As in `compile_text`.
    """
    if spec is None:
        return lambda row, row_where: ()
    texts = compile_texts(spec, "choices", where=where, is_ours=is_ours)
    place = f"field {spec.field!r}" if isinstance(spec, FieldSpec) else "choices"

    def render(row: Mapping[str, Any], row_where: str) -> tuple[str, ...]:
        found = texts(row, row_where)
        if len(found) < (1 if may_be_one else 2) or "" in found:
            raise DataError(f"{row_where}: {place} must be a list of two or more texts that are not empty")
        if not may_repeat and len(set(found)) < len(found):
            raise DataError(f"{row_where}: {place} has the same choice twice")
        return found

    return render


def compile_tools(
    spec: FieldSpec | list[dict[str, Any]] | None, *, where: str
) -> Callable[[Mapping[str, Any], str], tuple[Mapping[str, Any], ...]]:
    """Compile the tools of a task: a field of the row, or the same for all.

    Raises:
        DataError: If a tool has no name; so does the function, for a field.
    """
    if isinstance(spec, FieldSpec):
        return lambda row, row_where: check_tools(field_of(row, spec.field, row_where), where=row_where)
    tools = check_tools(spec, where=where)
    return lambda row, row_where: tools

"""Jinja -> a function of a row: plain templates here, the others in a process with limits."""

from collections.abc import Callable, Mapping
from typing import Any

import jinja2

from chateval.task.jinja.plain import is_plain, parse
from chateval.task.jinja.process import PROCESS
from chateval.task.jinja.worker import describe, environment

Row = Mapping[str, Any]


class Fault(Exception):  # noqa: N818 - an outcome, which the caller gives its place
    """Why a template cannot be compiled or rendered."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        """`syntax`, `undefined`, `limit` (time, memory or size) or `other`."""


def compile_source(source: str, *, dialect: str = "task", is_ours: bool = False) -> Callable[[Row], str]:
    """Compile a template; of one that is not ours nothing is evaluated here unless it is plain.

    Args:
        source: The Jinja.
        dialect: `task`, or `lm_eval` for the files of lm-evaluation-harness.
        is_ours: Whether it ships with the package, and so needs no limits.

    Returns:
        A function of a row that returns the text and raises Fault.

    Raises:
        Fault: If the template is not valid Jinja.
    """
    try:
        tree = parse(environment(dialect), source)
        if is_ours or (tree is not None and is_plain(tree)):
            template = environment(dialect).from_string(source)
            return lambda row: _guarded(template.render, row)
    except RecursionError as error:
        raise Fault("syntax", "nested too deeply") from error
    except (jinja2.TemplateError, SyntaxError, ValueError, MemoryError) as error:
        # of Jinja, or of Python, which is what Jinja makes of a template
        _, message = describe(error)
        raise Fault("syntax", message) from error
    _text(dialect, source, None)
    return lambda row: _text(dialect, source, row)


def _guarded(render: Callable[[Row], str], row: Row) -> str:
    try:
        return render(row)
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        LookupError,
        ArithmeticError,
        RecursionError,
        MemoryError,
    ) as error:
        raise Fault(*describe(error)) from error


def _text(dialect: str, source: str, row: Row | None) -> str:
    try:
        reply = PROCESS.ask(dialect, source, row)
    except (TypeError, ValueError) as error:
        raise Fault("other", f"the row is not plain data: {error}") from error
    if "fault" in reply:
        raise Fault(*reply["fault"])
    return str(reply["text"])

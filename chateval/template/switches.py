"""Which names a chat template reads, so that a switch that none reads is found before anything is asked."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import nodes

from chateval.errors import TemplateError
from chateval.template.check.jinja import parse_template, tested, undeclared, walk
from chateval.template.check.names import CONTEXT, STANDARD_TOKENS


def refuse_unread(options: Mapping[str, Any], templates: Iterable[str], *, name: str) -> None:
    """Raise TemplateError for a switch that no template of a checkpoint reads: most often a slip of the pen.

    Args:
        options: What the user set.
        templates: Jinja of the checkpoint, none for plain text. One that cannot be parsed is another's to refuse.
        name: Of the checkpoint.
    """
    read: set[str] = set()
    switches: set[str] = set()
    for text in templates:
        try:
            tree = parse_template(text)
        except TemplateError:
            return
        read |= {node.name for node in walk(tree) if isinstance(node, nodes.Name) and node.ctx == "load"}
        switches |= (undeclared(tree).keys() & tested(tree)) - CONTEXT - STANDARD_TOKENS
    for option in options:
        if option not in read:
            near = difflib.get_close_matches(option, sorted(read), n=1, cutoff=0.8)
            hint = f"; did you mean {near[0]}?" if near else ""
            known = ", ".join(sorted(switches)) or "none"
            raise TemplateError(
                f"{name}: its chat template never reads {option}, so that setting it changes nothing{hint} (switches "
                f"that it reads: {known})"
            )

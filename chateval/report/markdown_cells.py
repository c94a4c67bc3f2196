"""Text of others in Markdown: cells and rows of tables that stay text."""

import re

from chateval.report.words import visible


def cell(text: str) -> str:
    """Return text that a Markdown table keeps as text: no markup, no mention, no line break.

    A backslash keeps neither `@name` nor `#1` from becoming a link; a comment behind the sign does.
    """
    flat = visible(text).replace("\n", " ")
    escaped = re.sub(r"([\\`*_{}\[\]<>|~#])", r"\\\1", flat)
    return re.sub(r"[#@]", r"\g<0><!-- -->", escaped)


def row(*cells: str) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"

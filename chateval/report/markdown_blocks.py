"""Text of others in Markdown: fences and HTML blocks that nothing gets out of, and a flip as both show it."""

import html
import re

from chateval.records import Flip
from chateval.report.words import value_words, visible


def in_html(text: str) -> str:
    """Return text that stays text inside of an HTML block, where Markdown's backslashes escape nothing."""
    flat = html.escape(visible(text).replace("\n", " "), quote=False)
    return re.sub(r"[#@]", r"\g<0><!-- -->", flat)


def fence(text: str) -> str:
    """Put text into a fence that is longer than any run of backticks in it."""
    shown = visible(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    bar = "`" * max(3, longest + 1)
    return f"{bar}text\n{shown}\n{bar}"


def barred(*parts: str) -> str:
    """Return parts whose further lines start with a bar: none acts as a CI command or poses as the next part."""
    return "\n".join(part.replace("\n", "\n  | ") for part in parts)


def flip_text(flip: Flip) -> str:
    """Return what was asked and wanted, and both answers with their values."""
    return barred(
        f"asked:  {flip.question}",
        f"target: {flip.target}",
        _side(flip.baseline, flip.baseline_value, flip.baseline_reason, flip.baseline_text),
        _side(flip.candidate, flip.candidate_value, flip.candidate_reason, flip.candidate_text),
    )


def _side(name: str, value: float, reason: str, text: str | None) -> str:
    said = f"{name} ({value_words(value, text)}{'; ' + reason if reason else ''})"
    return said if text is None else f"{said}: {text}"

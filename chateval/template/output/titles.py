"""What each code stands for: CT codes by the registry of checks, GR codes by the table here."""

from collections.abc import Mapping
from dataclasses import dataclass

from chateval.findings import Severity

GR_TITLES: Mapping[str, str] = {
    "GR001": "the beginning-of-sequence token is missing",
    "GR002": "the beginning-of-sequence token is repeated",
    "GR010": "a turn does not begin as the family writes it",
    "GR020": "a turn is not closed before the next one begins",
    "GR021": "the last turn is not closed",
    "GR030": "a control string of another family",
    "GR031": "a control string of the family stands inside a message",
    "GR040": "whitespace at the beginning of a message that the family does not write",
    "GR041": "whitespace at the end of a message that the family does not write",
    "GR050": "the roles come in an order that the family does not know",
    "GR060": "the text is of another family than claimed",
}


@dataclass(frozen=True, slots=True)
class Title:
    """What a code stands for."""

    title: str
    severity: Severity
    fix: str = ""
    """One line; empty for GR codes, whose findings say it themselves."""
    page: str = ""
    """The page about it, from the root of the project; empty if it has none of its own."""


def find_title(code: str) -> Title:
    """Return what a code stands for; a code of nobody stands for itself."""
    from chateval.template.check import CHECKS

    if code in CHECKS:
        check = CHECKS[code]
        return Title(check.title, check.severity, check.fix, page=f"docs/checks/{code}.md")
    if code in GR_TITLES:
        return Title(GR_TITLES[code], "warning" if code in ("GR040", "GR041") else "error")
    return Title(code, "warning")

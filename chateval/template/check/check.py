"""One check: its code, what a finding of it means, and the function that looks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from chateval.findings import Severity
from chateval.template.specimen import Specimen

Need = Literal["template", "tokenizer", "folder", "weights", "base", "evidence", "dialect"]


class NotEvaluated(Exception):  # noqa: N818 - it is an outcome, not an error
    """A check cannot say anything about this specimen; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Check:
    """An entry of the registry."""

    code: str
    title: str
    """The defect in a few words, as a claim about the checkpoint."""
    severity: Severity
    """Of its findings, where they do not say otherwise."""
    fix: str
    """One line: what to change, where the finding does not know better."""
    run: "Callable[[Specimen], Iterator[Flaw]]"
    needs: tuple[Need, ...] = ("template",)
    """What must be there; without it the check is not evaluated."""
    is_note: bool = False
    """A property that is worth knowing and no defect: kept apart from the findings."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a check yields; the runner makes a finding of it, with the check's code, severity and fix."""

    message: str
    """What is wrong, one line."""
    severity: Severity | None = None
    """Only where it is another than the check's own."""
    probe: str = ""
    """Name of the probe whose rendering shows it."""
    text: str = ""
    """The text in which the place is: a rendering, the Jinja, or a line of a file."""
    offset: int | None = None
    length: int = 0
    expected: str = ""
    found: str = ""
    expected_ids: tuple[int, ...] = ()
    found_ids: tuple[int, ...] = ()
    origin: str = ""
    """File and key, where it is not the template itself."""
    fix: str = ""
    """Only where it is another than the check's own."""

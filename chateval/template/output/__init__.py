"""What a template check found, in each of its outputs: for a terminal, as JSON, as SARIF, as GitHub annotations."""

from collections.abc import Callable, Mapping

from chateval.findings import TemplateReport
from chateval.template.output.difference import diff_to_json, print_diff
from chateval.template.output.excerpt import visible
from chateval.template.output.github import to_github
from chateval.template.output.json_file import to_json
from chateval.template.output.sarif import to_sarif
from chateval.template.output.text import print_findings, print_report
from chateval.template.output.titles import GR_TITLES

OUTPUTS: Mapping[str, Callable[[TemplateReport], str]] = {
    "json": to_json,
    "sarif": to_sarif,
    "github": to_github,
}
"""Format -> what writes it; text goes to a console instead, by `print_report`."""

__all__ = [
    "GR_TITLES",
    "OUTPUTS",
    "diff_to_json",
    "print_diff",
    "print_findings",
    "print_report",
    "to_github",
    "to_json",
    "to_sarif",
    "visible",
]

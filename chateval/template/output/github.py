"""A template report as workflow commands of GitHub Actions, which shows them beside the files."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from chateval.findings import Finding, TemplateReport
from chateval.template.output.excerpt import visible
from chateval.template.output.words import coverage, evidence_lines, file_of

_COMMAND = {"error": "error", "warning": "warning", "info": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def to_github(report: TemplateReport) -> str:
    """Return one command a line: the verdict, then the findings.

    Text of others cannot begin a command: no line but these begins, and what could end a property is escaped.

    Source:
        https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    return "".join(f"{line}\n" for line in _commands(report))


def _commands(report: TemplateReport) -> Iterator[str]:
    evaluated, of = coverage(report)
    summary = [f"{visible(report.subject)}: {visible(report.reason)}", f"{evaluated} of {of} checks were evaluated"]
    summary += [f"{visible(code)} is silenced: {visible(reason)}" for code, reason in report.suppressed.items()]
    yield command("notice", {"title": f"chat template {report.verdict}"}, summary)
    for finding in report.findings:
        properties = {"file": _path(report, finding), "title": visible(finding.code)}
        lines = [visible(finding.message), *evidence_lines(finding)]
        yield command(_COMMAND[finding.severity], properties, lines)


def command(name: str, properties: dict[str, str], lines: list[str]) -> str:
    """Return a workflow command in one line, without the newline; empty properties are left out."""
    written = ",".join(f"{key}={value.translate(_PROPERTY)}" for key, value in properties.items() if value)
    return f"::{name} {written}::{chr(10).join(lines).translate(_DATA)}"


def _path(report: TemplateReport, finding: Finding) -> str:
    """Return the file as seen from where the check was started: below the subject, or the subject itself."""
    file = file_of(finding.origin)
    subject = PurePosixPath(report.subject)
    return visible(str(subject if not file or subject.name == file else subject / file))

"""A template report as SARIF 2.1.0, for code scanning."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from chateval.findings import Finding, Severity, TemplateReport
from chateval.template.output.excerpt import line_and_column, visible
from chateval.template.output.json_file import dump
from chateval.template.output.titles import find_title
from chateval.template.output.words import coverage, evidence_lines, file_of

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FOLDER = "CHECKPOINT"
"""Name of the folder that paths are relative to."""
NO_FILE = "chat_template.jinja"
"""Where a finding without a file is put: where a template belongs. GitHub refuses a log with a result that has none."""
_LEVEL: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def to_sarif(report: TemplateReport) -> str:
    """Return the report as one run of SARIF.

    Notes are `informational` and have, as the standard wants it, no level. Silenced codes are results with a
    suppression. A position is given where the finding is in the template itself and that is a file of its own.

    Source:
        https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
    """
    results = list(_results(report))
    codes = sorted({result["ruleId"] for result in results} | set(report.passed) | {one.code for one in report.skipped})
    for result in results:
        result["ruleIndex"] = codes.index(result["ruleId"])
    driver = {"name": "chateval", "version": version("chateval"), "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _skipped(report)}],
        "originalUriBaseIds": {FOLDER: {"description": {"text": f"The checkpoint {visible(report.subject)}"}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": _summary(report),
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _results(report: TemplateReport) -> Iterator[dict[str, Any]]:
    for finding in report.findings:
        yield _result(report, finding) | {"level": _LEVEL[finding.severity], "kind": "fail"}
    for note in report.notes:
        yield _result(report, note) | {"level": "none", "kind": "informational"}
    reported = {finding.code for finding in (*report.findings, *report.notes)}
    nothing = {*reported, *report.passed, *(one.code for one in report.skipped)}
    for code in report.suppressed:
        if code not in nothing:
            title = find_title(code)
            silenced = Finding(code, title.severity, title.title, origin=report.template_origin)
            yield _result(report, silenced) | {"level": _LEVEL[title.severity], "kind": "fail"}


def _result(report: TemplateReport, finding: Finding) -> dict[str, Any]:
    lines = [visible(finding.message) or find_title(finding.code).title, *evidence_lines(finding)]
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "message": {"text": "\n".join(lines).replace("](", "] (")},  # which would be a link
        "locations": [_location(report, finding)],
    }
    if finding.code in report.suppressed:
        reason = visible(report.suppressed[finding.code])
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _location(report: TemplateReport, finding: Finding) -> dict[str, Any]:
    origin = finding.origin or report.template_origin
    physical: dict[str, Any] = {"artifactLocation": _artifact(report, file_of(origin))}
    if _is_in_template_file(report, finding):
        physical["region"] = _region(finding)
    location: dict[str, Any] = {"physicalLocation": physical}
    if origin:
        location["logicalLocations"] = [{"fullyQualifiedName": visible(origin)}]
    return location


def _artifact(report: TemplateReport, file: str) -> dict[str, str]:
    """Return where a file is: as seen from the working folder, which is the repository's in CI, if that is known."""
    subject = PurePath(report.subject)
    if subject.is_absolute() or ".." in subject.parts:
        return {"uri": _uri(file), "uriBaseId": FOLDER}
    return {"uri": _uri(str(subject) if file == subject.name else f"{subject}/{file.lstrip('/') or NO_FILE}")}


def _uri(file: str) -> str:
    return quote(file.encode("utf-8", "replace"), safe="/").lstrip("/") or NO_FILE


def _is_in_template_file(report: TemplateReport, finding: Finding) -> bool:
    """Whether lines of the finding's text are lines of the file: keys of a JSON file hold them escaped on one."""
    if finding.offset is None or finding.probe or finding.origin != report.template_origin or ": " in finding.origin:
        return False
    return hashlib.sha256(finding.text.encode("utf-8", "surrogatepass")).hexdigest() == report.template_digest


def _region(finding: Finding) -> dict[str, int]:
    start = min(max(finding.offset or 0, 0), len(finding.text))
    end = min(start + max(finding.length, 0), len(finding.text))
    line, column = line_and_column(finding.text, start)
    last_line, last_column = line_and_column(finding.text, end)
    return {"startLine": line, "startColumn": column, "endLine": last_line, "endColumn": last_column}


def _rule(code: str) -> dict[str, Any]:
    """Describe a code. A page of the project has no absolute address, which `helpUri` must be: `help` names it."""
    title = find_title(code)
    rule: dict[str, Any] = {
        "id": code,
        "shortDescription": {"text": title.title},
        "defaultConfiguration": {"level": _LEVEL[title.severity]},
    }
    words = [title.fix, f"See {title.page}, or `chateval template explain {code}`." if title.page else ""]
    if any(words):
        rule["help"] = {"text": "\n".join(word for word in words if word)}
    return rule


def _skipped(report: TemplateReport) -> list[dict[str, Any]]:
    return [
        {
            "level": "note",
            "message": {"text": f"{one.code} could not be evaluated: {visible(one.reason)}"},
            "associatedRule": {"id": one.code},
        }
        for one in report.skipped
    ]


def _summary(report: TemplateReport) -> dict[str, Any]:
    evaluated, of = coverage(report)
    return {
        "verdict": report.verdict,
        "reason": visible(report.reason),
        "family": visible(report.family) if report.family else None,
        "templateOrigin": visible(report.template_origin),
        "templateDigest": report.template_digest,
        "coverage": {"evaluated": evaluated, "of": of},
    }

"""All checks on one specimen: findings, notes, what passed, what could not be evaluated, and the verdict."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from chateval.errors import ChatevalError, first_line
from chateval.findings import Fidelity, Finding, Skipped, TemplateReport, TemplateVerdict
from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.registry import CHECKS
from chateval.template.fidelity import measure_fidelity
from chateval.template.specimen import Specimen

LIBRARIES = ("transformers", "tokenizers", "jinja2")
MAX_FLAWS = 5
"""Findings of one code that are shown; a sixth would say the same."""
REFERENCE_CHECKS = ("CT302", "CT303", "CT304")
_ORDER = {"error": 0, "warning": 1, "info": 2}


def check_specimen(
    specimen: Specimen, *, select: Sequence[str] = (), ignore: Mapping[str, str] | None = None
) -> TemplateReport:
    """Run the checks on a template.

    Args:
        specimen: What to look at.
        select: Codes or beginnings of codes (`CT1`); empty is all.
        ignore: Codes not to report, with the reason, which the report repeats.
    """
    ignore = ignore or {}
    findings: list[Finding] = []
    notes: list[Finding] = []
    passed: list[str] = []
    skipped: list[Skipped] = []
    for code, check in CHECKS.items():
        if select and not code.startswith(tuple(select)):
            continue
        try:
            found = list(_run(check, specimen))
        except NotEvaluated as lack:
            skipped.append(Skipped(code, str(lack)))
            continue
        if not found:
            passed.append(code)
        # A note becomes a finding where what the user said of the training makes it one.
        notes += [finding for finding in found if check.is_note and finding.severity != "error"]
        if code not in ignore:
            findings += [finding for finding in found if not check.is_note or finding.severity == "error"]
    findings.sort(key=lambda finding: (_ORDER[finding.severity], finding.code))
    fidelity = measure_fidelity(specimen)
    verdict, reason = _judge(findings, passed, fidelity, is_whole=not select)
    source = specimen.source
    return TemplateReport(
        subject=specimen.subject,
        verdict=verdict,
        reason=reason,
        family=specimen.dialect.name if source and specimen.dialect else None,
        template_origin=source.origin if source else "",
        template_digest=hashlib.sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest() if source else "",
        findings=tuple(findings),
        notes=tuple(notes),
        passed=tuple(passed),
        skipped=tuple(skipped),
        fidelity=fidelity,
        suppressed={code: why for code, why in ignore.items() if code in CHECKS},
        versions={name: number for name in LIBRARIES if (number := _version(name))},
    )


def _run(check: Check, specimen: Specimen) -> Iterator[Finding]:
    missing = [need for need in check.needs if not _has(specimen, need)]
    if missing:
        raise NotEvaluated(f"needs {', '.join(_NEEDS[need] for need in missing)}")
    try:
        flaws = list(check.run(specimen))
    except ChatevalError as error:
        raise NotEvaluated(first_line(error)) from error
    for flaw in flaws[:MAX_FLAWS]:
        yield _finding(check, flaw, specimen)


def _finding(check: Check, flaw: Flaw, specimen: Specimen) -> Finding:
    source = specimen.source
    return Finding(
        code=check.code,
        severity=flaw.severity or check.severity,
        message=flaw.message,
        origin=flaw.origin or (source.origin if source else ""),
        probe=flaw.probe,
        text=flaw.text,
        offset=flaw.offset,
        length=flaw.length,
        expected=flaw.expected,
        found=flaw.found,
        expected_ids=flaw.expected_ids,
        found_ids=flaw.found_ids,
        fix=flaw.fix or check.fix,
    )


_NEEDS = {
    "template": "a chat template",
    "tokenizer": "a tokenizer",
    "folder": "a checkpoint folder",
    "weights": "weights (safetensors) beside the tokenizer",
    "base": "a base to compare with (--base)",
    "evidence": "what the trainer recorded (--evidence)",
    "dialect": "a known family (--family)",
}


def _has(specimen: Specimen, need: str) -> bool:
    match need:
        case "template":
            return specimen.source is not None
        case "weights":
            return specimen.n_embeddings is not None
        case "dialect":
            return specimen.source is not None and specimen.dialect is not None
        case _:
            return getattr(specimen, need) is not None


def _judge(
    findings: Sequence[Finding], passed: Sequence[str], fidelity: Fidelity | None, *, is_whole: bool
) -> tuple[TemplateVerdict, str]:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        return "BROKEN", f"{codes}: {errors[0].message}"
    if not is_whole:
        return "UNVERIFIED", "only some of the checks were asked for"
    if not any(code in passed for code in REFERENCE_CHECKS):
        return "UNVERIFIED", "no reference to hold it against: the family is not known and no base was given"
    if "CT803" in passed and "CT802" in passed:
        return "PROVEN", "every recorded row has the same ids and mask as in training"
    reference = fidelity.reference if fidelity else "its family"
    return "CONFORMS", f"no error, and it writes what {reference} says; there is no record of the training"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

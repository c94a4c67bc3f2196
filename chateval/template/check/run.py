"""All checks on one specimen: findings, notes, what passed, what could not be evaluated, and the verdict."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from chateval.errors import ChatevalError, ConfigError, first_line
from chateval.findings import Fidelity, Finding, Skipped, TemplateReport, TemplateVerdict
from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.registry import CHECKS, find_check
from chateval.template.fidelity import measure_fidelity
from chateval.template.specimen import Specimen

OWN_CHAT = "of the check itself"
"""Stands for the probe where a check rendered a chat of its own."""
LIBRARIES = ("transformers", "tokenizers", "jinja2")
MAX_FLAWS = 3
"""Findings of one code that are shown in full; the others are counted."""
LEAST_SHARE = 0.9
"""Of the probes that must come out as the reference writes them before a template conforms to it."""
EVIDENCE = "evidence"
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

    Raises:
        ConfigError: If there is no such code, or a reason is empty.
    """
    ignore = ignore or {}
    _refuse_unknown(select, ignore)
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
    verdict, reason = _judge(specimen, findings, passed, fidelity)
    if select and verdict in ("CONFORMS", "PROVEN"):
        verdict, reason = "UNVERIFIED", "only some of the checks were asked for"
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
        suppressed=dict(ignore),
        versions={name: number for name in LIBRARIES if (number := _version(name))},
    )


def _refuse_unknown(select: Sequence[str], ignore: Mapping[str, str]) -> None:
    for start in select:
        if not any(code.startswith(start) for code in CHECKS):
            raise ConfigError(f"no check begins with {start!r}; `chateval template explain` lists them")
    for code, why in ignore.items():
        find_check(code)
        if not why.strip():
            raise ConfigError(f"{code} is ignored without a reason; say why, the report repeats it")


def _run(check: Check, specimen: Specimen) -> Iterator[Finding]:
    missing = [need for need in check.needs if not _has(specimen, need)]
    if missing:
        raise NotEvaluated(f"needs {', '.join(_NEEDS[need] for need in missing)}")
    try:
        flaws = list(check.run(specimen))
    except ChatevalError as error:
        raise NotEvaluated(first_line(error)) from error
    more = len(flaws) - MAX_FLAWS
    for flaw in flaws[:MAX_FLAWS]:
        yield _finding(check, flaw, specimen)
    if more > 0:
        last = flaws[MAX_FLAWS]
        yield _finding(check, Flaw(f"and {more} more like these", severity=last.severity), specimen)


def _is_source(text: str, specimen: Specimen) -> bool:
    return any(text in source.text for source in specimen.sources)


def _finding(check: Check, flaw: Flaw, specimen: Specimen) -> Finding:
    source = specimen.source
    return Finding(
        code=check.code,
        severity=flaw.severity or check.severity,
        message=flaw.message,
        origin=flaw.origin or (source.origin if source else ""),
        probe=flaw.probe or ("" if not flaw.text or _is_source(flaw.text, specimen) else OWN_CHAT),
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
    specimen: Specimen, findings: Sequence[Finding], passed: Sequence[str], fidelity: Fidelity | None
) -> tuple[TemplateVerdict, str]:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        codes = ", ".join(dict.fromkeys(finding.code for finding in errors))
        return "BROKEN", f"{codes}: {errors[0].message}"
    if fidelity is None or not fidelity.total.n:
        return "UNVERIFIED", f"there is nothing to hold it against: {_why_unknown(specimen)}"
    total = fidelity.total
    share = f"{total.n_right} of {total.n} probes come out as {fidelity.reference} writes them"
    if fidelity.reference != EVIDENCE and not any(code in passed for code in REFERENCE_CHECKS):
        return "UNVERIFIED", f"{share}, but {_why_unknown(specimen)}"
    if total.n_right < LEAST_SHARE * total.n:
        return "UNVERIFIED", f"only {share}"
    if fidelity.reference == EVIDENCE:
        share = f"{total.n_right} of {total.n} recorded rows have the ids of the training"
    lack = _why_unproven(specimen, passed)
    return ("CONFORMS", f"no error; {share}; {lack}") if lack else ("PROVEN", f"no error; {share}, and its loss mask")


def _why_unknown(specimen: Specimen) -> str:
    if specimen.dialect is not None:
        return f"not every check of {specimen.dialect.name} could be evaluated"
    if not specimen.matches:
        return "its layout is of no known family (--family-file adds one)"
    return f"its layout is of no known family for certain; the nearest is {specimen.matches[0].dialect.name} (--family)"


def _why_unproven(specimen: Specimen, passed: Sequence[str]) -> str:
    """Return what keeps a template that conforms from being proven; empty if nothing does."""
    if specimen.evidence is None:
        return "there is no record of the training"
    if not {"CT802", "CT803"} <= set(passed):
        return "the record of the training does not prove it (--verbose says why, at CT802 and CT803)"
    if any(row.mask is None for row in specimen.evidence.rows):
        return "the record holds no loss mask, so that it is not what a trainer fed to the model"
    return ""


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

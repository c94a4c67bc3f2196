"""How coverage, fidelity, places and token ids are put into words, the same in every output."""

from collections.abc import Iterator, Sequence

from chateval.findings import Fidelity, Finding, Proportion, TemplateReport
from chateval.template.output.excerpt import CUT, cut_out, cut_pair, line_and_column, visible

MAX_IDS = 12
"""Token ids of one side that are shown."""


def coverage(report: TemplateReport) -> tuple[int, int]:
    """Return how many checks could be evaluated, and how many there are; a skipped one is never evaluated."""
    skipped = {one.code for one in report.skipped}
    found = {finding.code for finding in (*report.findings, *report.notes)}
    evaluated = {*found, *report.passed, *report.suppressed} - skipped
    return len(evaluated), len(evaluated | skipped)


def fidelity_words(fidelity: Fidelity) -> str:
    """Return the measure with its interval, such as `0.93 (41/44; tools not evaluated) [0.82, 0.98] against ...`."""
    rest = "".join(f"; {visible(stratum)} not evaluated" for stratum in fidelity.not_evaluated)
    total = fidelity.total
    share = "not measured" if not total.n else f"{total.n_right / total.n:.2f}"
    interval = "" if total.low is None or total.high is None else f" [{total.low:.2f}, {total.high:.2f}]"
    against = f"against {visible(fidelity.reference)}, probes {visible(fidelity.probes)}"
    return f"{share} ({_count(total)}{rest}){interval} {against}"


def strata_words(fidelity: Fidelity) -> str:
    """Return the matches of each stratum, such as `plain 6/6, system 5/7`."""
    return ", ".join(f"{visible(stratum)} {_count(found)}" for stratum, found in fidelity.strata.items())


def place_words(finding: Finding) -> str:
    """Return file, key, probe and position, as far as they are known."""
    parts = [visible(finding.origin)] if finding.origin else []
    if finding.probe:
        parts.append(f"probe {visible(finding.probe)}")
    if finding.text and finding.offset is not None:
        line, column = line_and_column(finding.text, min(max(finding.offset, 0), len(finding.text)))
        parts.append(f"line {line}, column {column}{' of the rendering' if finding.probe else ''}")
    return ", ".join(parts)


def id_words(ids: Sequence[int], other: Sequence[int]) -> str:
    """Return the ids around the first one that differs from the other side's, which stands in brackets."""
    pairs = zip(ids, other, strict=False)
    at = next((index for index, (one, two) in enumerate(pairs) if one != two), min(len(ids), len(other)))
    first = max(0, at - MAX_IDS // 2)
    shown = ids[first : first + MAX_IDS]
    words = " ".join(f"[{one}]" if index == at else str(one) for index, one in enumerate(shown, start=first))
    return f"{CUT + ' ' if first else ''}{words}{' ' + CUT if first + MAX_IDS < len(ids) else ''}"


def evidence_lines(finding: Finding) -> Iterator[str]:
    """Yield what stands behind a finding, a line each, for outputs whose letters differ in width."""
    place = place_words(finding)
    if place:
        yield f"in: {place}"
    if finding.text and finding.offset is not None:
        yield f"text: {cut_out(finding.text, finding.offset, finding.length).marked}"
    expected, found = cut_pair(finding.expected, finding.found)
    for label, words in (("expected", expected), ("found", found)):
        if words:
            yield f"{label}: {words}"
    if finding.expected_ids or finding.found_ids:
        yield f"expected ids: {id_words(finding.expected_ids, finding.found_ids)}"
        yield f"found ids: {id_words(finding.found_ids, finding.expected_ids)}"
    if finding.fix:
        yield f"fix: {visible(finding.fix)}"


def file_of(origin: str) -> str:
    """Return the file part of an origin, `tokenizer_config.json` of `tokenizer_config.json: chat_template`."""
    return origin.partition(": ")[0].strip()


def _count(found: Proportion) -> str:
    return f"{found.n_right}/{found.n}"

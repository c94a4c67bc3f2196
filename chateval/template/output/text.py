"""A template report on a terminal, by rich. Text of others is shown as text, never as markup."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chateval.findings import Finding, TemplateReport
from chateval.template.output.excerpt import COLUMNS, cut_out, cut_pair, visible
from chateval.template.output.words import coverage, fidelity_words, id_words, place_words, strata_words

_VERDICT_STYLE = {"BROKEN": "bold red", "UNVERIFIED": "bold yellow", "CONFORMS": "bold green", "PROVEN": "bold green"}
_SEVERITY_STYLE = {"error": "bold red", "warning": "yellow", "info": "cyan"}
_LABEL_COLUMNS = 13
"""Cells that indent and label of a line take."""


def print_report(report: TemplateReport, console: Console, *, verbose: bool = False) -> None:
    """Print verdict, fidelity, findings with their evidence, notes and coverage.

    Args:
        report: What was found.
        console: Where to.
        verbose: Notes with their evidence, every check that was not evaluated, and the versions.
    """
    for part in _parts(report, console.width - _LABEL_COLUMNS, verbose=verbose):
        console.print(part)


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Print findings with their evidence, such as those of a pasted text."""
    if not findings:
        console.print(Text("Nothing found."))
    for finding in findings:
        for part in _finding(finding, console.width - _LABEL_COLUMNS):
            console.print(part)


def _parts(report: TemplateReport, columns: int, *, verbose: bool) -> Iterator[RenderableType]:
    yield Text.assemble((report.verdict, _VERDICT_STYLE[report.verdict]), f"  {visible(report.subject)}")
    yield _rows(_head(report, verbose=verbose))
    yield Text()
    for finding in report.findings:
        yield from _finding(finding, columns)
    if report.notes:
        yield Text("Notes", style="bold")
    for note in report.notes:
        if verbose:
            yield from _finding(note, columns)
        else:
            yield Text(f"  {visible(note.code)}  {visible(note.message)}")
    if report.suppressed:
        yield Text("Silenced", style="bold")
    for code, reason in report.suppressed.items():
        yield Text(f"  {visible(code)}  {visible(reason)}")
    yield from _coverage(report, verbose=verbose)
    for finding in (*report.findings, *report.notes)[:1]:
        yield Text(f"`chateval template explain {visible(finding.code)}` says what is behind a code.", style="dim")


def _head(report: TemplateReport, *, verbose: bool) -> Iterator[tuple[str, Text]]:
    yield "", Text(visible(report.reason))
    yield "family", Text(visible(report.family) if report.family else "undetermined")
    digest = f" (sha256 {visible(report.template_digest)[:12]})" if report.template_digest else ""
    yield "template", Text(visible(report.template_origin) + digest if report.template_origin else "none")
    if report.fidelity is None:
        yield "fidelity", Text("not measured: there is no reference", style="dim")
    else:
        yield "fidelity", Text(fidelity_words(report.fidelity))
        if report.fidelity.strata:
            yield "", Text(strata_words(report.fidelity))
    if verbose and report.versions:
        words = ", ".join(f"{visible(name)} {visible(found)}" for name, found in sorted(report.versions.items()))
        yield "versions", Text(words)


def _finding(finding: Finding, columns: int) -> Iterator[RenderableType]:
    yield Text.assemble(
        (visible(finding.code), "bold"),
        " ",
        (finding.severity, _SEVERITY_STYLE[finding.severity]),
        f"  {visible(finding.message)}",
    )
    yield _rows(_evidence(finding, min(columns, COLUMNS)))
    yield Text()


def _evidence(finding: Finding, columns: int) -> Iterator[tuple[str, Text]]:
    place = place_words(finding)
    if place:
        yield "in", Text(place)
    if finding.text:
        excerpt = cut_out(finding.text, finding.offset or 0, finding.length, columns=columns)
        if finding.offset is None:
            yield "text", _line(excerpt.line)
        else:
            caret = (excerpt.caret, _SEVERITY_STYLE[finding.severity])
            yield "text", Text.assemble(_line(excerpt.line), "\n", caret, no_wrap=True, overflow="crop")
    expected, found = cut_pair(finding.expected, finding.found, columns=columns)
    if expected:
        yield "expected", _line(expected)
    if found:
        yield "found", _line(found)
    for label, ids, other in (
        ("right ids", finding.expected_ids, finding.found_ids),
        ("found ids", finding.found_ids, finding.expected_ids),
    ):
        if ids:
            yield label, Text(id_words(ids, other))
    if finding.fix:
        yield "fix", Text(visible(finding.fix))


def _coverage(report: TemplateReport, *, verbose: bool) -> Iterator[Text]:
    evaluated, of = coverage(report)
    yield Text(f"Evaluated {evaluated} of {of} checks: {len(report.passed)} found nothing; {_tally(report)}.")
    if not report.skipped:
        return
    yield Text(f"{len(report.skipped)} could not be evaluated{':' if verbose else '; --verbose lists them'}")
    for one in report.skipped if verbose else ():
        yield Text(f"  {visible(one.code)}  {visible(one.reason)}")


def _tally(report: TemplateReport) -> str:
    counts = Counter(finding.severity for finding in report.findings)
    found = (("error", counts["error"]), ("warning", counts["warning"]), ("note", len(report.notes)))
    return ", ".join((*(f"{n} {word}{'' if n == 1 else 's'}" for word, n in found), f"{counts['info']} info"))


def _rows(rows: Iterable[tuple[str, Text]]) -> Padding:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, min_width=10, style="dim")
    grid.add_column(overflow="fold")
    for label, words in rows:
        grid.add_row(Text(label), words)
    return Padding(grid, (0, 0, 0, 2), expand=False)


def _line(words: str) -> Text:
    return Text(words, no_wrap=True, overflow="crop")

"""Ladders in Markdown."""

from collections.abc import Iterator

from chateval.records import Report
from chateval.report.ladder import LadderLine, ladder_lines, ladder_words
from chateval.report.markdown_cells import cell, row
from chateval.report.words import MARKS


def ladders(report: Report) -> Iterator[str]:
    """Yield the lines of a section with a row for each ladder and a column for each rung; nothing without a ladder."""
    told = ladder_words(report)
    if not told:
        return
    names = [rung.checkpoint for rung in report.ladders[0].rungs]
    yield from ("", "## Ladder", "", cell(told), "")
    yield row("task", "scorer", "", *map(cell, names))
    yield row(*("---" for _ in range(3 + len(names))))
    for line in ladder_lines(report):
        yield row(cell(line.task), cell(line.scorer), line.spark(), *_cells(line))
    if units := list(dict.fromkeys(f"{one.scorer}: {one.unit}" for one in ladder_lines(report) if one.unit)):
        yield from ("", *(f"- {cell(unit)}" for unit in units))


def _cells(line: LadderLine) -> Iterator[str]:
    for rung in line.rungs:
        step = f"<br>{MARKS[rung.standing]} {cell(rung.step)}" if rung.step else ""
        yield f"{cell(rung.mean)}{step}"

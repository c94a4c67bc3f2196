"""Ladders in a terminal."""

from collections.abc import Iterator

from rich.text import Text

from chateval.records import Report
from chateval.report.ladder import RungLine, ladder_lines, ladder_words
from chateval.report.terminal_rows import STYLE, Page, flat, said


def ladders(report: Report, page: Page) -> Iterator[Text]:
    """Yield each ladder with its bars, and a line for each rung."""
    told = ladder_words(report)
    if not told:
        return
    yield Text("")
    yield from page.wrapped(flat(told), indent=0, tone="title")
    for line in ladder_lines(report):
        title = f"{line.spark(is_ascii=page.is_ascii)}  {line.task} / {line.scorer}"
        yield from page.wrapped(flat(title), indent=1, tone="title")
        for rung in line.rungs:
            yield from _rung(rung, page)


def _rung(rung: RungLine, page: Page) -> Iterator[Text]:
    line = Text(f"  {page.label(rung.name)}  {rung.mean}")
    if rung.step:
        word, tone = said(rung.standing, page)
        line.append("  ").append(rung.step).append("  ").append(word, STYLE[tone])
    for index, part in enumerate(line.wrap(page.console, page.width - 4)):
        yield part if index == 0 else Text.assemble("    ", part)

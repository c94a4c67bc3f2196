"""Dialogues, verdicts, judges and helpers on a terminal."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from chateval.records import Comparison, Report
from chateval.report.chat_words import (
    dialogue_words,
    helpers_words,
    is_told,
    judges_words,
    reason_words,
    thinking_words,
)
from chateval.report.tables import dialogue_lines, reason_lines
from chateval.report.terminal_rows import Page, flat, said
from chateval.report.words import standing


def opinions(kinds: Mapping[tuple[str, ...], Sequence[Comparison]], page: Page) -> Iterator[Text]:
    """Yield what judges say of a candidate, in counts of their own."""
    for judges, comparisons in kinds.items():
        counts = Counter(map(standing, comparisons))
        parts = [f"{said(word, page)[0]} {n}" for word, n in counts.items()]
        yield from page.wrapped(f"{flat(judges_words(judges))}: {'  '.join(parts)}", indent=4)


def dialogues(report: Report, page: Page) -> Iterator[Text]:
    """Yield how the dialogues of each checkpoint ended."""
    if not report.dialogues:
        return
    yield from _title("Dialogues: how they ended", page)
    for task, cells in dialogue_lines(report):
        yield from page.wrapped(flat(task), indent=1, tone="title")
        for checkpoint, found in zip(report.checkpoints, cells, strict=True):
            yield from _named(page, checkpoint.name, dialogue_words(found))


def thinking(report: Report, page: Page) -> Iterator[Text]:
    """Yield how long each checkpoint thought."""
    told = [(checkpoint.name, thinking_words(checkpoint)) for checkpoint in report.checkpoints]
    if any(words for _, words in told):
        yield from _title("Thinking", page)
        for name, words in told:
            yield from _named(page, name, words or "none")


def reasons(report: Report, page: Page) -> Iterator[Text]:
    """Yield the verdicts of the scorers whose verdicts say what most wrong answers are."""
    shown = [line for line in reason_lines(report) if is_told(line)]
    if not shown:
        return
    yield from _title("Why: answers by the scorer's verdict", page)
    for line in shown:
        yield from page.wrapped(flat(f"{line.task} / {line.scorer}"), indent=1, tone="title")
        for place, checkpoint in enumerate(report.checkpoints):
            if words := reason_words(line, place):
                yield from _named(page, checkpoint.name, words)


def helpers(report: Report, page: Page) -> Iterator[Text]:
    """Yield the models that helped."""
    if report.helpers:
        yield Text("")
        yield from page.wrapped(f"Helpers, not under test: {flat(helpers_words(report))}", indent=0)


def _title(text: str, page: Page) -> list[Text]:
    return [Text(""), *page.wrapped(text, indent=0, tone="title")]


def _named(page: Page, name: str, words: str) -> Iterator[Text]:
    line = Text(f"  {page.label(name)}  {flat(words)}")
    for index, part in enumerate(line.wrap(page.console, page.width - 4)):
        part.rstrip()
        yield part if index == 0 else Text.assemble("    ", part)

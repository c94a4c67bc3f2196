"""What changed, what is not compared, why samples flipped and where: their lines in a terminal."""

from collections.abc import Iterator

from rich.text import Text

from chateval.records import Report
from chateval.report.contrast import (
    cause_lines,
    causes_words,
    change_lines,
    noise_lines,
    noteworthy_slices,
    refusal_lines,
    rounding_line,
)
from chateval.report.terminal_rows import Page, flat

_KIND = 11
"""Columns of the kind of a change."""
SHOWN_CHANGES = 20
SHOWN_CAUSES = 16
SHOWN_SLICES = 6


def changes(report: Report, page: Page) -> Iterator[Text]:
    """Yield what is otherwise with the candidates, what can move most first."""
    lines = change_lines(report)
    if not lines:
        return
    n_candidates = len(report.checkpoints) - 1
    yield from page.wrapped(f"What changed against {page.name(report.baseline)}:", indent=0, tone="title")
    for line in lines[:SHOWN_CHANGES]:
        who = f" ({', '.join(line.candidates)})" if len(line.candidates) < n_candidates else ""
        yield from page.wrapped(flat(f"{line.words}{who}"), indent=_KIND + 2, first=f"  {line.kind}")
    if len(lines) > SHOWN_CHANGES:
        yield from page.wrapped(f"and {len(lines) - SHOWN_CHANGES} more", indent=2)
    yield Text("")


def refusals(report: Report, page: Page) -> Iterator[Text]:
    """Yield what is not compared, and why."""
    lines = refusal_lines(report)
    if not lines:
        return
    yield Text("")
    yield from page.wrapped(f"Not compared with {page.name(report.baseline)}:", indent=0, tone="title")
    for line in lines:
        yield from page.wrapped(flat(f"{', '.join(line.measures)} ({', '.join(line.candidates)})"), indent=2)
        yield from page.wrapped(flat(line.reason), indent=4)


def noise(report: Report, page: Page) -> Iterator[Text]:
    """Yield how far the baseline differs from itself where that was measured, else whether it may."""
    if line := rounding_line(report):
        yield Text("")
        yield from page.wrapped(flat(line), indent=0)
    if not report.noise:
        return
    yield from _title(
        f"Noise of {page.name(report.baseline)}, answered again in other batches and with other seeds", page
    )
    for line in noise_lines(report):
        yield from page.wrapped(flat(line), indent=2)


def origins(report: Report, page: Page) -> Iterator[Text]:
    """Yield where differences come from: causes, weights and templates, parts of the samples."""
    yield from _causes(report, page)
    yield from _crossings(report, page)
    yield from _slices(report, page)


def _causes(report: Report, page: Page) -> Iterator[Text]:
    lines = cause_lines(report)
    if not lines:
        return
    yield from _title("Why samples flipped: the candidate's fault where lost, the baseline's where won", page)
    for line in lines[:SHOWN_CAUSES]:
        n = sum(count for _, count in line.causes)
        place = f"{line.candidate}  {line.task} / {line.scorer}: {causes_words(line.causes)}"
        yield from page.wrapped(flat(place), indent=8, first=f"  {'+' if line.won else '-'}{n}")
    if len(lines) > SHOWN_CAUSES:
        yield from page.wrapped(f"and {len(lines) - SHOWN_CAUSES} lines more", indent=2)


def _crossings(report: Report, page: Page) -> Iterator[Text]:
    if not report.crossings:
        return
    yield from _title("Weights or template: what each of the two did", page)
    for found in report.crossings:
        rest = found.both - found.weights - found.template
        yield from page.wrapped(flat(f"{found.candidate}  {found.task} / {found.scorer}"), indent=2)
        told = f"weights {found.weights:+.3f}, template {found.template:+.3f}, interaction {rest:+.3f}"
        yield from page.wrapped(f"{told}; together {found.both:+.3f}, n={found.n_pairs}", indent=4)


def _slices(report: Report, page: Page) -> Iterator[Text]:
    lines = noteworthy_slices(report)
    if not lines:
        return
    yield from _title("Where a difference is farthest from that of the whole task; described, not tested", page)
    for part, whole in lines[:SHOWN_SLICES]:
        yield from page.wrapped(
            flat(f"{part.candidate}  {part.task} / {part.scorer}, {part.by} {part.label}"), indent=2
        )
        delta = f"{part.delta:+.3f} [{part.low:+.3f}, {part.high:+.3f}] of {whole.delta:+.3f}"
        yield from page.wrapped(f"{delta}; {part.wins} won, {part.losses} lost, n={part.n_pairs}", indent=4)


def _title(text: str, page: Page) -> list[Text]:
    return [Text(""), *page.wrapped(text, indent=0, tone="title")]

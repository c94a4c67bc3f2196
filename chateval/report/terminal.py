"""The report on a terminal: the verdict first, in lines that fit. Text of models and data is shown as text only."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from rich.console import Console, RenderableType
from rich.text import Text

from chateval.findings import TemplateReport
from chateval.records import Report, Verdict
from chateval.records.gate import Outcome
from chateval.report import terminal_chat as chat
from chateval.report import terminal_contrast as contrast
from chateval.report.chat_words import OF_JUDGES, judges_words, sampling_words
from chateval.report.tables import AuditCell, Block, audit_lines, blocks, figure_lines, flip_groups
from chateval.report.terminal_ladder import ladders
from chateval.report.terminal_rows import STYLE, Page, Tone, flat, measured, page_of, said
from chateval.report.words import (
    by_judges,
    early_words,
    engine_words,
    figure_words,
    perhaps_words,
    seed_words,
    slice_words,
    standing,
    unit_words,
)

_OUTCOME: dict[Outcome, tuple[str, str, Tone]] = {
    "pass": ("✓", "+", "good"),
    "fail": ("✗", "x", "bad"),
    "inconclusive": ("?", "?", "unsure"),
}
"""Outcome of a rule -> its sign, the sign in ASCII, its tone."""
_TEMPLATE: dict[str, Tone] = {"BROKEN": "bad", "UNVERIFIED": "unsure", "CONFORMS": "good", "PROVEN": "good"}
_SEVERITIES = ("error", "warning", "info")

SHOWN_FLIPS = 20
"""Lines of the table of flips; the rest are counted."""
WHERE = "In report.html and report.json"


def show(report: Report, console: Console, *, where: str = WHERE) -> None:
    """Print the verdict, the scores, the templates, the flips in numbers and the gate, as wide as the console.

    Args:
        report: What is shown.
        console: Where it is printed.
        where: Where the rest of it is, or how it is had, such as `With --out FOLDER`.
    """
    page = page_of(console, report)
    for part in _parts(report, page, where):
        if isinstance(part, Text):
            part.rstrip()
        console.print(part, soft_wrap=isinstance(part, Text))


def _parts(report: Report, page: Page, where: str) -> Iterator[RenderableType]:
    if told := engine_words(report):
        yield from page.wrapped(flat(told), indent=0, tone="bad")
    yield from contrast.changes(report, page)
    yield from _summary(report, page)
    yield from contrast.refusals(report, page)
    yield from _scores(report, page)
    yield from contrast.noise(report, page)
    yield from contrast.origins(report, page)
    yield from _figures(report, page)
    yield from ladders(report, page)
    yield from chat.dialogues(report, page)
    yield from chat.thinking(report, page)
    yield from chat.reasons(report, page)
    yield from chat.helpers(report, page)
    yield from _templates(report, page)
    yield from _audits(report, page)
    yield from _flips(report, page)
    yield from _gate(report, page)
    yield from _elsewhere(report, page, where)


def _title(text: str, page: Page) -> list[Text]:
    return [Text(""), *page.wrapped(text, indent=0, tone="title")]


def _summary(report: Report, page: Page) -> Iterator[Text]:
    """Yield a line for each candidate, and what it is worse on by name."""
    candidates = [c for c in report.checkpoints if c.name != report.baseline]
    by = "by confidence sequences" if report.is_anytime else "by the adjusted p"
    yield from page.wrapped(f"Against {page.name(report.baseline)}, {by}:", indent=0, tone="title")
    if not candidates:
        yield from page.wrapped("nothing to compare: there is no other checkpoint", indent=2)
    for checkpoint in candidates:
        kinds = by_judges(report, checkpoint.name)
        found = kinds.pop(())
        counts = Counter(map(standing, found))
        line = Text(f"  {page.label(checkpoint.name)}")
        for word in ("better", "worse", "perhaps better", "perhaps worse", "within noise", "unclear", "not compared"):
            if counts[word] or word in ("better", "worse"):
                text, tone = said(word, page)
                line.append("  ").append(f"{text} {counts[word]}", style=STYLE[tone] if counts[word] else "")
        if checkpoint.template is not None and checkpoint.template.verdict == "BROKEN":
            line.append("  ").append("template BROKEN", style=STYLE["bad"])
        if checkpoint.inert:
            line.append("  ").append(f"adapter adds nothing: {checkpoint.inert}", style=STYLE["bad"])
        yield from _hanging(line, page)
        for word in ("worse", "perhaps worse"):
            names = [f"{c.task}/{c.scorer}" for c in found if standing(c) == word]
            if names:
                text, tone = said(word, page)
                yield from page.wrapped(f"{text}: {flat(', '.join(names))}", indent=4, tone=tone)
        yield from chat.opinions(kinds, page)
    if any(standing(c).startswith("perhaps") for c in report.comparisons):
        yield from page.wrapped(f'"?" is {perhaps_words(report)}', indent=2, tone="quiet")
    if report.verdicts:
        yield _gate_line(report.verdicts, page)
    if early := early_words(report):
        yield from page.wrapped(early, indent=2)


def _hanging(line: Text, page: Page) -> Iterator[Text]:
    for index, part in enumerate(line.wrap(page.console, page.width - 4)):
        yield part if index == 0 else Text.assemble("    ", part)


def _gate_line(verdicts: Iterable[Verdict], page: Page) -> Text:
    counts = Counter(verdict.outcome for verdict in verdicts if not verdict.is_warning)
    n_warnings = sum(verdict.is_warning for verdict in verdicts)
    line = Text("  gate:")
    for outcome, (sign, plain, tone) in _OUTCOME.items():
        if counts[outcome]:
            line.append(" ").append(f"{plain if page.is_ascii else sign} {outcome} {counts[outcome]}", STYLE[tone])
    return line.append(f" warnings {n_warnings}") if n_warnings else line


def _scores(report: Report, page: Page) -> Iterator[Text]:
    brackets = "95 % confidence sequences" if report.is_anytime else "95 %"
    for block in blocks(report):
        kind = f"Scores {flat(judges_words(block.judges))}" if block.judges else "Scores"
        yield from _title(
            f"{kind}; differences are against {page.name(report.baseline)}, brackets are {brackets}", page
        )
        yield from _block(report, block, page)
        if block.judges:
            yield from page.wrapped(OF_JUDGES, indent=1, tone="quiet")
    if served := seed_words(report):
        yield from page.wrapped(flat(served), indent=0, tone="quiet")


def _block(report: Report, block: Block, page: Page) -> Iterator[Text]:
    for line in block.lines:
        if line.is_headline:
            drawn = sampling_words(line.task)
            part = slice_words(line.task, is_anytime=report.is_anytime) + (f"; {drawn}" if drawn else "")
            yield from page.wrapped(f"{flat(line.task.name)} ({part})", indent=0)
        yield from page.wrapped(flat(line.scorer), indent=1, tone="title")
        absent = []
        for checkpoint, (estimate, comparison) in zip(report.checkpoints, line.cells, strict=True):
            if estimate is None:
                absent.append(page.name(checkpoint.name))
            else:
                yield from measured(page, checkpoint.name, estimate, comparison, n_samples=line.task.n_samples)
        if absent:
            yield from page.wrapped(f"not run: {', '.join(absent)}", indent=2, tone="quiet")


def _figures(report: Report, page: Page) -> Iterator[Text]:
    if not report.figures:
        return
    yield from _title("Measures over all answers of a task", page)
    for line in figure_lines(report):
        unit = unit_words(line.unit, is_less_better=line.is_less_better)
        title = f"{line.task.name} / {line.measure}{f' ({unit})' if unit else ''}"
        yield from page.wrapped(flat(title), indent=1, tone="title")
        for checkpoint, figure in zip(report.checkpoints, line.cells, strict=True):
            yield from _hanging(Text(f"  {page.label(checkpoint.name)}  {figure_words(figure)}"), page)


def _templates(report: Report, page: Page) -> Iterator[Text]:
    """Yield a line for each checkpoint; findings are folded to their codes, only a broken one says why."""
    yield from _title("Chat templates", page)
    for checkpoint in report.checkpoints:
        found = checkpoint.template
        line = Text(f"  {page.label(checkpoint.name)}  ")
        if found is None:
            yield line.append("not checked")
            continue
        line.append(f"{found.verdict:10}", STYLE[_TEMPLATE[found.verdict]])
        line.append(f"  {', '.join([flat(found.family or 'family unknown'), _probe_words(found), *_codes(found)])}")
        yield from _hanging(line, page)
        if found.verdict in ("BROKEN", "UNVERIFIED"):
            yield from page.wrapped(page.cut(flat(found.reason), 3 * (page.width - 4)), indent=4)


def _probe_words(found: TemplateReport) -> str:
    if found.fidelity is None:
        return "fidelity not measured"
    total = found.fidelity.total
    return f"{total.n_right}/{total.n} probes"


def _codes(found: TemplateReport) -> list[str]:
    counts = Counter((_SEVERITIES.index(finding.severity), flat(finding.code)) for finding in found.findings)
    shown = [f"{_SEVERITIES[rank]} {code}{f' x{n}' if n > 1 else ''}" for (rank, code), n in sorted(counts.items())]
    return [*shown, *(f"{flat(code)} silenced" for code in found.suppressed)]


def _audits(report: Report, page: Page) -> Iterator[Text]:
    """Yield the claims that fail somewhere; those that hold everywhere are named only."""
    if not report.audits:
        return
    yield from _title("Prompts and answers, over all tasks", page)
    held, absent = [], []
    for scorer, cells in audit_lines(report):
        measured_cells = [estimate for estimate, _ in cells if estimate is not None and estimate.n]
        if not measured_cells:
            absent.append(scorer)
        elif all(estimate.mean == 1 and not estimate.n_unscored for estimate in measured_cells):
            held.append(scorer)
        else:
            yield from page.wrapped(flat(scorer), indent=1, tone="title")
            yield from _audit_rows(report, cells, page)
    if held:
        yield from page.wrapped(f"hold wherever they apply: {flat(', '.join(held))}", indent=1)
    if absent:
        yield from page.wrapped(f"does not apply: {flat(', '.join(absent))}", indent=1)


def _audit_rows(report: Report, cells: Iterable[AuditCell], page: Page) -> Iterator[Text]:
    for checkpoint, (estimate, comparison) in zip(report.checkpoints, cells, strict=True):
        if estimate is None or not estimate.n:
            yield from _hanging(Text(f"  {page.label(checkpoint.name)}  does not apply"), page)
        else:
            is_shown = comparison is not None and comparison.delta is not None
            # what a claim does not apply to has no pair, and is no sample that was lost
            shown = replace(comparison, n_dropped=0) if comparison is not None and is_shown else None
            yield from measured(page, checkpoint.name, estimate, shown)


def _flips(report: Report, page: Page) -> Iterator[Text]:
    """Yield the flips in numbers; nothing where each has a cause, and was counted by it."""
    if all(flip.cause for flip in report.flips):
        return
    counts: dict[tuple[str, str], Counter[bool]] = {}
    for group in flip_groups(report):
        counts.setdefault((f"{group.task} / {group.scorer}", group.candidate), Counter())[group.won] = len(group.flips)
    yield from _title("Flips: samples that are no longer right, and right only now", page)
    for (measure, candidate), found in list(counts.items())[:SHOWN_FLIPS]:
        counted = f"-{found[False]:<4} +{found[True]:<4}"
        yield Text(f"  {counted} {page.cut(f'{page.label(candidate)}  {flat(measure)}', page.width - 15)}")
    if len(counts) > SHOWN_FLIPS:
        yield Text(f"  and {len(counts) - SHOWN_FLIPS} lines more")


def _gate(report: Report, page: Page) -> Iterator[Text]:
    if not report.verdicts:
        return
    yield from _title("Gate", page)
    for verdict in report.verdicts:
        sign, plain, tone = _OUTCOME[verdict.outcome]
        word = f"{plain if page.is_ascii else sign} {verdict.outcome}{' (warning)' if verdict.is_warning else ''}"
        line = Text.assemble("  ", (word, STYLE[tone]), f"  {flat(verdict.checkpoint)}  {flat(verdict.rule)}")
        yield from _hanging(line, page)
        yield from page.wrapped(flat(verdict.reason), indent=6)


def _elsewhere(report: Report, page: Page, where: str) -> Iterator[Text]:
    """Say what was left out here and where it is."""
    parts = []
    if n := len(report.flips):
        parts.append(f"both answers of {n} flip{'s' if n > 1 else ''}")
    if n_findings := sum(len(c.template.findings) for c in report.checkpoints if c.template):
        parts.append(f"the {n_findings} template finding{'s' if n_findings > 1 else ''} in words")
    if n := len(report.faults):
        parts.append(f"{n} example{'s' if n > 1 else ''} of prompts and answers at fault")
    if any(page.name(c.name) != flat(c.name) for c in report.checkpoints):
        parts.append("names in full")
    if parts:
        codes = " `chateval template explain CODE` says what a code means." if n_findings else ""
        yield Text("")
        yield from page.wrapped(f"{flat(where)}: {', '.join(parts)}.{codes}", indent=0, tone="quiet")

"""What changed, what is not compared, why samples flipped and where: their sections in Markdown."""

from chateval.records import Report
from chateval.report.contrast import (
    SLICES,
    cause_lines,
    causes_words,
    change_lines,
    noise_lines,
    noteworthy_slices,
    refusal_lines,
    rounding_line,
)
from chateval.report.markdown_cells import cell, row


def changes(report: Report) -> list[str]:
    """Return the section on what is otherwise with the candidates; nothing where nothing is."""
    lines = change_lines(report)
    if not lines:
        return []
    n_candidates = len(report.checkpoints) - 1
    found = ["", f"## What changed against {cell(report.baseline)}", ""]
    for line in lines:
        who = "" if len(line.candidates) == n_candidates > 1 else f" ({', '.join(map(cell, line.candidates))})"
        found.append(f"- **{line.kind}**: {cell(line.words)}{who if n_candidates > 1 else ''}")
    return found


def refusals(report: Report) -> list[str]:
    """Return the section on what is not compared, and why."""
    lines = refusal_lines(report)
    if not lines:
        return []
    rows = [row("not compared", "checkpoint", "why"), row("---", "---", "---")]
    rows += [
        row(", ".join(map(cell, line.measures)), ", ".join(map(cell, line.candidates)), cell(line.reason))
        for line in lines
    ]
    return ["", f"## Not compared with {cell(report.baseline)}", "", *rows]


def noise(report: Report) -> list[str]:
    """Return how far the baseline differs from itself where that was measured, else whether it may."""
    if line := rounding_line(report):
        return ["", f"{cell(line)}."]
    if not report.noise:
        return []
    lines = [f"- {cell(line)}" for line in noise_lines(report)]
    return ["", f"## Noise of {cell(report.baseline)}", "", *lines]


def origins(report: Report) -> list[str]:
    """Return the sections on where differences come from: causes, weights and templates, parts of the samples."""
    return [*_causes(report), *_crossings(report), *_slices(report)]


def _place(task: str, scorer: str) -> str:
    return f"{cell(task)} / {cell(scorer)}"


def _causes(report: Report) -> list[str]:
    lines = cause_lines(report)
    if not lines:
        return []
    rows = [row("task / scorer", "checkpoint", "samples", "why"), row("---", "---", "---", "---")]
    for line in lines:
        n = sum(count for _, count in line.causes)
        counted = f"{n} right only now; the baseline's" if line.won else f"{n} no longer right; its"
        why = f"{counted}: {causes_words(line.causes)}"
        rows.append(
            row(f"{cell(line.task)} / {cell(line.scorer)}", cell(line.candidate), f"{'+' if line.won else '-'}{n}", why)
        )
    return ["", "## Why samples flipped", "", *rows]


def _crossings(report: Report) -> list[str]:
    if not report.crossings:
        return []
    columns = ("task / scorer", "checkpoint", "weights", "template", "interaction", "together", "n")
    rows = [row(*columns), row(*("---" for _ in columns))]
    for found in report.crossings:
        rest = found.both - found.weights - found.template
        deltas = (f"{delta:+.3f}" for delta in (found.weights, found.template, rest, found.both))
        rows.append(row(_place(found.task, found.scorer), cell(found.candidate), *deltas, str(found.n_pairs)))
    return ["", "## Weights or template", "", *rows]


def _slices(report: Report) -> list[str]:
    lines = noteworthy_slices(report)
    if not lines:
        return []
    columns = ("task / scorer", "checkpoint", "samples", "difference", "of the whole", "won, lost", "n")
    rows = [row(*columns), row(*("---" for _ in columns))]
    for part, whole in lines:
        rows.append(
            row(
                _place(part.task, part.scorer),
                cell(part.candidate),
                f"{part.by}: {cell(part.label)}",
                f"{part.delta:+.3f} [{part.low:+.3f}, {part.high:+.3f}]",
                f"{whole.delta:+.3f}",
                f"{part.wins}, {part.losses}",
                str(part.n_pairs),
            )
        )
    return ["", "## Where differences lie", "", SLICES, "", *rows]

"""Dialogues, verdicts of scorers and helpers in Markdown."""

from chateval.records import Report
from chateval.report.chat_words import dialogue_words, helper_words, thinking_words
from chateval.report.markdown_cells import cell, row
from chateval.report.tables import dialogue_lines, reason_lines


def dialogues(report: Report) -> list[str]:
    """Return how the dialogues of each checkpoint ended."""
    if not report.dialogues:
        return []
    rows = [row("task", *_names(report)), _rule(1 + len(report.checkpoints))]
    for task, cells in dialogue_lines(report):
        rows.append(row(cell(task), *(cell(dialogue_words(found)) for found in cells)))
    return ["", "## Dialogues", "", *rows]


def thinking(report: Report) -> list[str]:
    """Return how long each checkpoint thought."""
    told = [(one.name, thinking_words(one)) for one in report.checkpoints]
    if not any(words for _, words in told):
        return []
    return ["", "## Thinking", "", *(f"- {cell(name)}: {cell(words) or 'none'}" for name, words in told)]


def reasons(report: Report) -> list[str]:
    """Return a table for each scorer that gives verdicts: how often, side by side."""
    parts = ["", "## Why: answers by the scorer's verdict"]
    for line in reason_lines(report):
        parts += ["", f"**{cell(line.task)} / {cell(line.scorer)}**", ""]
        parts += [row("verdict", *_names(report)), _rule(1 + len(report.checkpoints))]
        for place, verdict in enumerate(line.verdicts):
            parts.append(row(cell(verdict), *(str(found[place]) if found else "not run" for found in line.counts)))
    return parts if len(parts) > 2 else []


def helpers(report: Report) -> list[str]:
    """Return the models that judged or played users."""
    if not report.helpers:
        return []
    return ["", "## Helpers", "", "Not under test.", "", *(f"- {cell(helper_words(one))}" for one in report.helpers)]


def _names(report: Report) -> list[str]:
    return [cell(checkpoint.name) for checkpoint in report.checkpoints]


def _rule(n: int) -> str:
    return row(*("---" for _ in range(n)))

"""The report as Markdown, for a pull request or a step summary. Text of models stands in fences only."""

from chateval.records import Comparison, Estimate, Report
from chateval.report import markdown_chat as chat
from chateval.report import markdown_contrast as contrast
from chateval.report.chat_words import OF_JUDGES, judges_words
from chateval.report.markdown_blocks import barred, fence, flip_text, in_html
from chateval.report.markdown_cells import cell as _cell
from chateval.report.markdown_cells import row as _row
from chateval.report.markdown_ladder import ladders
from chateval.report.tables import Block, FlipGroup, audit_lines, blocks, figure_lines, flip_groups
from chateval.report.words import (
    MARKS,
    changed_words,
    count_words,
    decoding_words,
    delta_words,
    early_words,
    engine_words,
    fidelity_words,
    figure_words,
    finding_words,
    known_words,
    mean_words,
    method,
    p_words,
    record_words,
    silenced_words,
    slice_words,
    standing,
    strata_words,
    summary,
    unit_words,
)

SHOWN_FLIPS = 5
"""Flips shown of each group; the rest are in report.html and report.json."""


def to_markdown(report: Report, *, where: str = "are in report.html") -> str:
    """Return the report as Markdown.

    Args:
        report: What is shown.
        where: Behind the number of flips that are not shown: where they are, or how they are had.
    """
    title = f"# {' / '.join(_cell(c.name) for c in report.checkpoints)}"
    changes = [*contrast.changes(report), ""] if report.changes else []
    engine = [f"**{_cell(told)}**", ""] if (told := engine_words(report)) else []
    parts = [*engine, title, *changes, *(f"- {_cell(s)}" for s in summary(report))]
    if early := early_words(report):
        parts.append(f"- {early}")
    parts += contrast.refusals(report)
    if report.verdicts:
        parts += ["", "## Gate", "", *_verdicts(report)]
    parts += ["", "## Scores", "", *_scores(report), "", method(report)]
    parts += [*contrast.noise(report), *contrast.origins(report)]
    if report.figures:
        parts += ["", "## Measures", "", *_figures(report)]
    parts += ladders(report)
    parts += [*chat.dialogues(report), *chat.thinking(report), *chat.reasons(report)]
    parts += ["", "## Template correctness", "", *_templates(report)]
    if report.audits:
        parts += ["", f"Prompts and answers over all tasks; differences are against {_cell(report.baseline)}:", ""]
        parts += _audits(report)
    parts += _faults(report)
    parts += ["", "## Checkpoints", "", *_checkpoints(report)]
    parts += chat.helpers(report)
    parts += ["", "## Tasks", "", *_tasks(report)]
    if report.flips:
        parts += ["", "## Flips", ""]
        for group in flip_groups(report):
            parts += _flips(group, where)
    return "\n".join(parts) + "\n"


def _scores(report: Report) -> list[str]:
    """Return the table of what was computed, and below it one for each set of judges."""
    found: list[str] = []
    for block in blocks(report) or [Block((), ())]:
        if block.judges:
            found += ["", f"### Scores {_cell(judges_words(block.judges))}", "", OF_JUDGES, ""]
        found += _block(report, block)
    return found


def _block(report: Report, block: Block) -> list[str]:
    names = [_cell(checkpoint.name) for checkpoint in report.checkpoints]
    found = [_row("task", "scorer", *names), _row("---", "---", *("---" for _ in names))]
    for line in block.lines:
        cells = []
        for estimate, comparison in line.cells:
            text = f"{mean_words(estimate)} {count_words(estimate)}".rstrip()
            if comparison is not None:
                p = "" if report.is_anytime else f" {p_words(comparison.p_adjusted)}"
                delta = f"{MARKS[standing(comparison)]} {delta_words(comparison)}{p}"
                text += f"<br>{delta}<br>{record_words(comparison)}"
            cells.append(text.replace("p<", "p&lt;"))
        found.append(_row(f"**{_cell(line.task.name)}**" if line.is_headline else "", _scorer(line.scorer), *cells))
    return found


def _figures(report: Report) -> list[str]:
    names = [_cell(checkpoint.name) for checkpoint in report.checkpoints]
    found = [_row("task", "measure", "unit", *names), _row("---", "---", "---", *("---" for _ in names))]
    for line in figure_lines(report):
        unit = unit_words(line.unit, is_less_better=line.is_less_better)
        found.append(_row(_cell(line.task.name), _cell(line.measure), _cell(unit), *map(figure_words, line.cells)))
    return found


def _templates(report: Report) -> list[str]:
    rows = [
        _row("checkpoint", "verdict", "family", "template", "fidelity", "strata", "findings"),
        _row("---", "---", "---", "---", "---", "---", "---"),
    ]
    for checkpoint in report.checkpoints:
        found = checkpoint.template
        if found is None:
            rows.append(_row(_cell(checkpoint.name), "not checked", "", "", "", "", ""))
            continue
        findings = "<br>".join(map(_cell, [*map(finding_words, found.findings), *silenced_words(found)])) or "none"
        rows.append(
            _row(
                _cell(checkpoint.name),
                f"**{found.verdict}**: {_cell(found.reason)}",
                _cell(found.family or "unknown"),
                f"{_cell(found.template_origin)} `{_cell(found.template_digest[:12])}`",
                _cell(fidelity_words(found.fidelity)),
                _cell(strata_words(found.fidelity)),
                findings,
            )
        )
    return rows


def _scorer(name: str) -> str:
    """Return the name of a scorer; one that is a plain word needs no escapes."""
    return name if name.isascii() and name.isidentifier() else _cell(name)


def _audits(report: Report) -> list[str]:
    names = [_cell(checkpoint.name) for checkpoint in report.checkpoints]
    found = [_row("claim", *names), _row("---", *("---" for _ in names))]
    for scorer, cells in audit_lines(report):
        found.append(_row(_scorer(scorer), *(_audit_cell(one, changed) for one, changed in cells)))
    return found


def _audit_cell(found: Estimate | None, changed: Comparison | None) -> str:
    if found is None or not found.n:
        return "does not apply"
    delta = changed_words(changed)
    return f"{mean_words(found)} {count_words(found)}" + (f"<br>{delta}" if delta else "")


def _faults(report: Report) -> list[str]:
    parts: list[str] = []
    for fault in report.faults:
        text = barred(f"prompt ends: {fault.prompt_end}", f"answer:      {fault.raw_text}")
        title = f"{fault.scorer}, {fault.checkpoint}, {fault.task}, sample {fault.sample_id}: {fault.reason}"
        parts += ["", f"<details><summary>{in_html(title)}</summary>", "", fence(text), "", "</details>"]
    return parts


def _verdicts(report: Report) -> list[str]:
    rows = [_row("verdict", "checkpoint", "rule", "reason"), _row("---", "---", "---", "---")]
    for verdict in report.verdicts:
        outcome = f"{verdict.outcome} (warning)" if verdict.is_warning else f"**{verdict.outcome}**"
        rows.append(_row(outcome, _cell(verdict.checkpoint), _cell(verdict.rule), _cell(verdict.reason)))
    return rows


def _checkpoints(report: Report) -> list[str]:
    rows = [
        _row(
            "checkpoint",
            "kind",
            "dtype",
            "weights",
            "adapter",
            "template",
            "answers",
            "errors",
            "empty",
            "answers cut",
            "prompts cut",
            "tokens",
        ),
        _row(*("---" for _ in range(12))),
    ]
    for found in report.checkpoints:
        rows.append(
            _row(
                _cell(found.name) + (" (baseline)" if found.name == report.baseline else ""),
                _cell(found.kind),
                _cell(found.dtype),
                _cell(found.weights_digest[:12]),
                _cell((found.adapter_digest or "")[:12]),
                f"{_cell(found.template_source)} {_cell(found.template_digest[:12])}",
                str(found.n_responses),
                known_words(found.n_errors),
                known_words(found.n_empty),
                known_words(found.n_length),
                str(found.n_cut),
                f"{found.n_prompt_tokens:,} in, {found.n_output_tokens:,} out",
            )
        )
    return rows


def _tasks(report: Report) -> list[str]:
    columns = ("task", "version", "samples", "answers", "what is asked")
    rows = [_row(*columns), _row(*("---" for _ in columns))]
    for task in report.tasks:
        asked = _cell(task.description)
        part = slice_words(task, is_anytime=report.is_anytime)
        rows.append(_row(_cell(task.name), str(task.version), part, decoding_words(task), asked))
    return rows


def _flips(group: FlipGroup, where: str) -> list[str]:
    verb = "right only with" if group.won else "no longer right with"
    title = f"### {_cell(group.task)} / {_scorer(group.scorer)}: {len(group.flips)} {verb} {_cell(group.candidate)}"
    parts = [title, ""]
    for flip in group.flips[:SHOWN_FLIPS]:
        parts += [f"Sample {_cell(flip.sample_id)}", "", fence(flip_text(flip)), ""]
    if len(group.flips) > SHOWN_FLIPS:
        parts += [f"{len(group.flips) - SHOWN_FLIPS} more {where}.", ""]
    return parts

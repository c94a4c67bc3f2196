"""The report as Markdown, for a pull request or a step summary. Text of models stands in fences only."""

from chateval.records import Comparison, Estimate, Report
from chateval.report import markdown_contrast as contrast
from chateval.report.markdown_blocks import barred, fence, flip_text, in_html
from chateval.report.markdown_cells import cell as _cell
from chateval.report.markdown_cells import row as _row
from chateval.report.tables import FlipGroup, audit_lines, figure_lines, flip_groups, lines
from chateval.report.words import (
    changed_words,
    count_words,
    decoding_words,
    delta_words,
    direction,
    fidelity_words,
    figure_words,
    finding_words,
    mean_words,
    method,
    p_words,
    record_words,
    silenced_words,
    slice_words,
    strata_words,
    summary,
)

SHOWN_FLIPS = 5
"""Flips shown of each group; the rest are in report.html and report.json."""

_SIGN = {"better": "▲", "worse": "▼", "unclear": ""}


def to_markdown(report: Report) -> str:
    """Return the report as Markdown."""
    title = f"# {' / '.join(_cell(c.name) for c in report.checkpoints)}"
    changes = [*contrast.changes(report), ""] if report.changes else []
    parts = [title, *changes, *(f"- {_cell(s)}" for s in summary(report)), *contrast.refusals(report)]
    if report.verdicts:
        parts += ["", "## Gate", "", *_verdicts(report)]
    parts += ["", "## Scores", "", *_scores(report), "", method(report), *contrast.origins(report)]
    if report.figures:
        parts += ["", "## Measures", "", *_figures(report)]
    parts += ["", "## Template correctness", "", *_templates(report)]
    parts += ["", f"Prompts and answers over all tasks; differences are against {_cell(report.baseline)}:", ""]
    parts += [*_audits(report), *_faults(report)]
    parts += ["", "## Checkpoints", "", *_checkpoints(report)]
    parts += ["", "## Tasks", "", *_tasks(report)]
    if report.flips:
        parts += ["", "## Flips", ""]
        for group in flip_groups(report):
            parts += _flips(group)
    return "\n".join(parts) + "\n"


def _scores(report: Report) -> list[str]:
    names = [_cell(checkpoint.name) for checkpoint in report.checkpoints]
    found = [_row("task", "scorer", *names), _row("---", "---", *("---" for _ in names))]
    for line in lines(report):
        cells = []
        for estimate, comparison in line.cells:
            text = f"{mean_words(estimate)} {count_words(estimate)}"
            if comparison is not None:
                delta = f"{_SIGN[direction(comparison)]} {delta_words(comparison)} {p_words(comparison.p_adjusted)}"
                text += f"<br>{delta}<br>{record_words(comparison)}"
            cells.append(text.replace("p<", "p&lt;"))
        found.append(_row(f"**{_cell(line.task.name)}**" if line.is_headline else "", line.scorer, *cells))
    return found


def _figures(report: Report) -> list[str]:
    names = [_cell(checkpoint.name) for checkpoint in report.checkpoints]
    found = [_row("task", "measure", "unit", *names), _row("---", "---", "---", *("---" for _ in names))]
    for line in figure_lines(report):
        unit = f"{line.unit}{'; less is better' if line.is_less_better else ''}"
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
                f"{_cell(found.template_origin)} `{found.template_digest[:12]}`",
                _cell(fidelity_words(found.fidelity)),
                _cell(strata_words(found.fidelity)),
                findings,
            )
        )
    return rows


def _audits(report: Report) -> list[str]:
    names = [_cell(checkpoint.name) for checkpoint in report.checkpoints]
    found = [_row("claim", *names), _row("---", *("---" for _ in names))]
    for scorer, cells in audit_lines(report):
        found.append(_row(scorer, *(_audit_cell(one, changed) for one, changed in cells)))
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
            "answers cut",
            "prompts cut",
            "tokens",
        ),
        _row(*("---" for _ in range(11))),
    ]
    for found in report.checkpoints:
        rows.append(
            _row(
                _cell(found.name) + (" (baseline)" if found.name == report.baseline else ""),
                found.kind,
                found.dtype,
                found.weights_digest[:12],
                (found.adapter_digest or "")[:12],
                f"{_cell(found.template_source)} {found.template_digest[:12]}",
                str(found.n_responses),
                str(found.n_errors),
                str(found.n_length),
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
        rows.append(_row(_cell(task.name), str(task.version), slice_words(task), decoding_words(task), asked))
    return rows


def _flips(group: FlipGroup) -> list[str]:
    verb = "right only with" if group.won else "no longer right with"
    title = f"### {_cell(group.task)} / {group.scorer}: {len(group.flips)} {verb} {_cell(group.candidate)}"
    parts = [title, ""]
    for flip in group.flips[:SHOWN_FLIPS]:
        parts += [f"Sample {flip.sample_id}", "", fence(flip_text(flip)), ""]
    if len(group.flips) > SHOWN_FLIPS:
        parts += [f"{len(group.flips) - SHOWN_FLIPS} more are in report.html.", ""]
    return parts

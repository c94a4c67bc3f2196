"""A report as the one comment of a pull request that is written anew with each push."""

import re

from chateval.records import Report, Verdict
from chateval.report.markdown_blocks import fence, flip_text, in_html
from chateval.report.markdown_cells import cell, row
from chateval.report.tables import FlipGroup, flip_groups
from chateval.report.why import outcome_of, why
from chateval.report.words import delta_words, direction, engine_words, summary

MAX_CHARACTERS = 60_000
"""GitHub takes 65,536 characters in a comment."""
SHOWN_VERDICTS = 50
SHOWN_FLIPS = 3
"""Losses shown of each group."""
_SIGN = {"regression": "❌", "inconclusive": "⚠️", "pass": "✅", "no gate": "ℹ️"}


def marker(name: str) -> str:
    """Return the hidden line by which a comment is found again.

    Args:
        name: Of the gate, where a repository has several.
    """
    return f"<!-- chateval:{re.sub('[^A-Za-z0-9._]+', '-', name).strip('-') or 'gate'} -->"


def to_comment(report: Report, *, name: str = "gate", link: str = "") -> str:
    """Return the comment: what the gate says and why, what changed, and a few flips, folded.

    Args:
        report: With verdicts.
        name: Of the gate.
        link: Address of the whole report, such as the workflow's run.

    Returns:
        Markdown of at most `MAX_CHARACTERS`, the marker first; what does not fit is left out, and that is said.
    """
    outcome = outcome_of(report)
    head = [marker(name), f"### {_SIGN[outcome]} chateval: {outcome}", ""]
    head += [f"**{cell(told)}**", ""] if (told := engine_words(report)) else []
    head += [f"- {cell(line)}" for line in summary(report)]
    parts = ["\n".join(head), _verdicts(report), _changes(report), _refusals(report), _losses(report)]
    parts += [_flips(group) for group in flip_groups(report) if not group.won]
    end = f"\n\n[The whole report]({link})" if link else "\n\nThe whole report is among the artifacts of this run."
    return _within(parts, end, MAX_CHARACTERS)


def _within(parts: list[str], end: str, limit: int) -> str:
    """Join what fits; a part is in it whole or not at all."""
    text, n_left_out = "", 0
    note = "\n\n{} parts are left out: a comment has a limit."
    for part in parts:
        if not part:
            continue
        joined = f"{text}\n\n{part}" if text else part
        if len(joined) + len(end) + len(note) + 8 > limit:
            n_left_out += 1
        else:
            text = joined
    return text + (note.format(n_left_out) if n_left_out else "") + end + "\n"


def _verdicts(report: Report) -> str:
    if not report.verdicts:
        return ""
    shown = [verdict for verdict in report.verdicts if verdict.outcome != "pass"][:SHOWN_VERDICTS]
    passed = [verdict for verdict in report.verdicts if verdict.outcome == "pass"]
    n_hidden = len(report.verdicts) - len(passed) - len(shown)
    parts = [_table(report, shown)] if shown else []
    if n_hidden:
        parts.append(f"{n_hidden} more that do not pass are in the report.")
    if passed:
        parts.append(_folded(f"{len(passed)} rules pass", _table(report, passed[:SHOWN_VERDICTS])))
    return "\n\n".join(parts)


def _table(report: Report, verdicts: list[Verdict]) -> str:
    rows = [row("verdict", "checkpoint", "rule", "reason"), row("---", "---", "---", "---")]
    for verdict in verdicts:
        outcome = f"{verdict.outcome} (warning)" if verdict.is_warning else f"**{verdict.outcome}**"
        reason = "<br>".join(_short(line) for line in (verdict.reason, *why(report, verdict)))
        rows.append(row(outcome, _short(verdict.checkpoint), _short(verdict.rule), reason))
    return "\n".join(rows)


def _short(text: str, most: int = 300) -> str:
    return cell(text if len(text) <= most else f"{text[:most]} ...")


def _changes(report: Report) -> str:
    lines = [f"- {_short(change.candidate)}: {change.kind}: {_short(change.words)}" for change in report.changes[:20]]
    return "\n".join(["**What changed**", "", *lines]) if lines else ""


def _refusals(report: Report) -> str:
    lines = [
        f"- {_short(one.candidate)}: {_short(one.task)}/{_short(one.scorer)}: {_short(one.reason)}"
        for one in report.refusals[:20]
    ]
    return "\n".join(["**Not compared**", "", *lines]) if lines else ""


def _losses(report: Report) -> str:
    """Return the comparisons that are worse or better, as a table."""
    found = [one for one in report.comparisons if direction(one) != "unclear"]
    if not found:
        return ""
    rows = [row("", "candidate", "task / scorer", "delta"), row("---", "---", "---", "---")]
    rows += [
        row(direction(one), _short(one.candidate), f"{_short(one.task)} / {_short(one.scorer)}", delta_words(one))
        for one in found[:SHOWN_VERDICTS]
    ]
    return _folded(f"{len(found)} clear differences", "\n".join(rows))


def _flips(group: FlipGroup) -> str:
    title = f"{group.task} / {group.scorer}: {len(group.flips)} no longer right with {group.candidate}"
    shown = [fence(flip_text(flip)[:2_000]) for flip in group.flips[:SHOWN_FLIPS]]
    return _folded(title, "\n\n".join(shown))


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{in_html(title)}</summary>\n\n{body}\n\n</details>"

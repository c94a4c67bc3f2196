"""Verdicts for GitHub Actions: annotations on the pull request, and the summary of the step."""

from chateval.records import Report, Verdict
from chateval.report.comment import to_comment
from chateval.report.markdown import to_markdown
from chateval.report.why import why_failed
from chateval.report.words import visible
from chateval.template.output.github import command

SUMMARY_BYTES = 900_000
"""A step summary of more than 1 MiB is refused whole."""


def to_annotations(report: Report) -> str:
    """Return a workflow command for each verdict that is no pass, one a line.

    Text of models, data or names cannot begin a command: newlines and what ends a property are escaped.
    """
    return "".join(f"{_annotation(report, verdict)}\n" for verdict in report.verdicts if verdict.outcome != "pass")


def _annotation(report: Report, verdict: Verdict) -> str:
    kind = "warning" if verdict.is_warning else "error"
    title = f"chateval {verdict.outcome}: {verdict.checkpoint}: {verdict.rule}"
    lines = [verdict.reason, *why_failed(report, verdict)]
    return command(kind, {"title": visible(title)}, [visible(line) for line in lines])


def to_summary(report: Report) -> str:
    """Return what is appended to `$GITHUB_STEP_SUMMARY`: the whole report, or its short form if that is too large."""
    text = to_markdown(report)
    return text if len(text.encode("utf-8", "replace")) <= SUMMARY_BYTES else to_comment(report)

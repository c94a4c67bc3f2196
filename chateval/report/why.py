"""Why a verdict is what it is: what was lost, to which cause, and what is otherwise with the candidate."""

from collections import Counter

from chateval.records import Flip, Report, Verdict
from chateval.report.tables import judges_by

SHOWN_CHANGES = 5
"""Changes of a candidate that are named; all are in the report."""


def why(report: Report, verdict: Verdict) -> list[str]:
    """Return who judged, and what was lost where a verdict is no pass, with the causes counted."""
    judges = judges_by(report).get((verdict.task, verdict.scorer), ())
    opinion = [f"an opinion of {', '.join(judges)}, a model that judged"] if judges else []
    lost = lost_flips(report, verdict) if verdict.outcome != "pass" else []
    if not lost:
        return opinion
    causes = Counter(flip.cause for flip in lost if flip.cause)
    told = f" ({', '.join(f'{n} {cause}' for cause, n in causes.most_common())})" if causes else ""
    noun = "sample" if len(lost) == 1 else "samples"
    return [*opinion, f"no longer right: {len(lost)} {noun}{told}, such as {lost[0].sample_id}"]


def why_failed(report: Report, verdict: Verdict) -> list[str]:
    """Return the same, and for a fail what is otherwise with the candidate: for a verdict that is read alone."""
    changed = changes_of(report, verdict.checkpoint) if verdict.outcome == "fail" else []
    return [*why(report, verdict), *changed]


def lost_flips(report: Report, verdict: Verdict) -> list[Flip]:
    """Return the samples that the baseline has right and the candidate of a verdict has not."""
    address = (verdict.checkpoint, verdict.task, verdict.scorer)
    return [flip for flip in report.flips if not flip.won and (flip.candidate, flip.task, flip.scorer) == address]


def changes_of(report: Report, checkpoint: str) -> list[str]:
    """Return what is otherwise with a candidate than with the baseline, a line each."""
    changes = [change for change in report.changes if change.candidate == checkpoint]
    lines = [f"changed: {change.kind}: {change.words}" for change in changes[:SHOWN_CHANGES]]
    n_more = len(changes) - len(lines)
    return [*lines, f"changed: {n_more} more, see the report"] if n_more else lines


def outcome_of(report: Report) -> str:
    """Return what the verdicts come to together: `regression`, `inconclusive` or `pass`; `no gate` without any."""
    if not report.verdicts:
        return "no gate"
    outcomes = {verdict.outcome for verdict in report.verdicts if not verdict.is_warning}
    if "fail" in outcomes:
        return "regression"
    return "inconclusive" if "inconclusive" in outcomes else "pass"

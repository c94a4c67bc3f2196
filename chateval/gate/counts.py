"""Rules about a whole checkpoint: tokens, speed, answers that are missing or cut, prompts that are not well formed."""

from collections.abc import Sequence

from chateval.gate.scores import Decision
from chateval.records import CheckpointSummary, Effort, Report, Rule

PROMPT_SCORERS = ("single_bos", "prompt_closed", "system_kept", "prompt_conforms")
_ALWAYS = ("single_bos",)
"""Audits that apply to every prompt, so that an absent one is a fault."""
NO_ANSWERS = Decision("inconclusive", "no answers were counted")


def judge_cost(rule: Rule, checkpoint: str, report: Report) -> Decision:
    """Hold the output tokens per answer against `max_cost`."""
    found, limit = _summary(checkpoint, report), rule.max_cost or 0.0
    cost = _cost(found)
    if found is None or cost is None:
        return NO_ANSWERS
    seen = f"{cost:.1f} output tokens per answer over {found.n_responses} answers"
    return Decision("pass" if cost <= limit else "fail", f"{seen}; allowed {limit:g}")


def judge_growth(rule: Rule, checkpoint: str, report: Report) -> Decision:
    """Hold the output tokens per answer against the baseline's, which must have answered the same prompts."""
    found, reference = _summary(checkpoint, report), _summary(report.baseline, report)
    cost, before, limit = _cost(found), _cost(reference), rule.max_growth or 0.0
    if found is None or reference is None or cost is None or not before:
        return NO_ANSWERS
    refused = next((one for one in report.refusals if one.candidate == checkpoint), None)
    if refused is not None:
        return Decision("inconclusive", f"may not be compared: {refused.task}: {refused.reason}")
    if found.n_responses != reference.n_responses:
        return Decision(
            "inconclusive",
            f"{found.n_responses} answers against {reference.n_responses} of the baseline: not the same prompts",
        )
    if (task := _other_samples(checkpoint, report)) is not None:
        return Decision("inconclusive", f"{task}: the baseline was not asked the same samples")
    growth = cost / before - 1
    seen = f"{before:.1f} -> {cost:.1f} output tokens per answer, {growth:+.1%}"
    return Decision("pass" if growth <= limit else "fail", f"{seen}; allowed {limit:+.1%}")


def _other_samples(checkpoint: str, report: Report) -> str | None:
    """Return a task of which the checkpoint and the baseline had different samples, or only one had it; else None.

    Two sets are equal if each of them has as many as both have together.
    """
    tried = {(one.checkpoint, one.task, one.scorer): one.n + one.n_unscored for one in report.estimates}
    both = {
        (one.task, one.scorer): one.n_pairs + one.n_dropped for one in report.comparisons if one.candidate == checkpoint
    }
    for (task, scorer), n in both.items():
        if not n == tried.get((checkpoint, task, scorer)) == tried.get((report.baseline, task, scorer)):
            return task
    compared = {task for task, _ in both}
    asked = {task for name, task, _ in tried if name in (checkpoint, report.baseline)}
    return next(iter(sorted(asked - compared)), None)


def judge_speed(rule: Rule, checkpoint: str, efforts: Sequence[Effort]) -> Decision:
    """Hold the tokens per second against `min_speed`; they are known for answers that the model gave itself."""
    found = next((one for one in efforts if one.checkpoint == checkpoint), None)
    speed, limit = found.tokens_per_second if found is not None else None, rule.min_speed or 0.0
    if speed is None:
        return Decision("inconclusive", "nothing says how long the answers took (efforts.jsonl)")
    return Decision("pass" if speed >= limit else "fail", f"{speed:.1f} tokens per second; asked for {limit:g}")


def judge_errors(rule: Rule, checkpoint: str, report: Report) -> Decision:
    """Hold the share of prompts without an answer against `max_errors`."""
    found = _summary(checkpoint, report)
    n = found.n_errors if found is not None else None
    return _judge_share(n, found, rule.max_errors or 0.0, "prompts got no answer")


def judge_truncated(rule: Rule, checkpoint: str, report: Report) -> Decision:
    """Hold the share of answers cut at the token limit against `max_truncated`."""
    found = _summary(checkpoint, report)
    n = found.n_length if found is not None else None
    return _judge_share(n, found, rule.max_truncated or 0.0, "answers were cut at the token limit")


def _judge_share(n: int | None, found: CheckpointSummary | None, limit: float, words: str) -> Decision:
    if found is None or not found.n_responses:
        return NO_ANSWERS
    if n is None:
        return Decision("inconclusive", f"the harness did not write down how many {words}")
    share = n / found.n_responses
    return Decision(
        "pass" if share <= limit else "fail", f"{share:.3f} ({n} of {found.n_responses} {words}); allowed {limit:g}"
    )


def judge_template(checkpoint: str, report: Report) -> Decision:
    """Ask that the chat template and every prompt be well formed."""
    found = {
        audit.scorer: audit
        for audit in report.audits
        if audit.checkpoint == checkpoint and audit.scorer in PROMPT_SCORERS
    }
    broken = [f"{name} {audit.mean:.3f}" for name, audit in found.items() if audit.mean is not None and audit.mean < 1]
    checked = [name for name, audit in found.items() if audit.n]
    summary = _summary(checkpoint, report)
    template = summary.template if summary is not None else None
    if template is not None and template.verdict == "BROKEN":
        return Decision("fail", f"the chat template is BROKEN: {template.reason}")
    if broken:
        return Decision("fail", f"prompts that break the template: {', '.join(broken)}")
    if any(name not in checked for name in _ALWAYS):
        return Decision("inconclusive", "no prompt was audited")
    if template is not None and template.verdict == "UNVERIFIED":
        return Decision("inconclusive", f"the chat template is UNVERIFIED: {template.reason}")
    if summary is not None and summary.n_errors:
        return Decision("inconclusive", f"{summary.n_errors} prompts could not be answered, so they were not audited")
    return Decision("pass", f"every prompt is well formed ({', '.join(checked)})")


def _summary(checkpoint: str, report: Report) -> CheckpointSummary | None:
    return next((one for one in report.checkpoints if one.name == checkpoint), None)


def _cost(found: CheckpointSummary | None) -> float | None:
    """Return the output tokens per answer; None where none were counted, as in the logs of some harnesses."""
    if found is None or not found.n_responses or not found.n_output_tokens:
        return None
    return found.n_output_tokens / found.n_responses

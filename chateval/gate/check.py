"""Gate rules against a run: pass, fail or inconclusive; what is missing, unscored or too little never passes."""

from collections.abc import Mapping, Sequence

from chateval.errors import INCONCLUSIVE, NOT_EVALUATED, PASS, REGRESSION, GateError
from chateval.records import Comparison, Estimate, Outcome, Report, Rule, Verdict

PROMPT_SCORERS = ("single_bos", "prompt_closed", "system_kept", "prompt_conforms")
_ALWAYS = ("single_bos",)
"""Audits that apply to every prompt, so that an absent one is a fault."""


_ORDER: Mapping[Outcome, int] = {"fail": 0, "inconclusive": 1, "pass": 2}


def check_rules(
    rules: Sequence[Rule],
    scorers: Mapping[str, Sequence[str]],
    checkpoints: Sequence[str],
    families: Mapping[str, str],
    *,
    baseline: str,
) -> None:
    """Find rules that could never be decided, before any model is loaded.

    Args:
        rules: Of the gate.
        scorers: Task -> its scorers.
        checkpoints: Their names.
        families: Scorer -> family.
        baseline: Name of the checkpoint that max_drop is held against.

    Raises:
        GateError: If a rule names a task, scorer or checkpoint that the run does not have.
    """
    for rule in rules:
        if rule.checkpoint != "*" and rule.checkpoint not in checkpoints:
            raise GateError(
                f"gate rule {describe(rule)}: no checkpoint {rule.checkpoint!r}; there are {_list(checkpoints)}"
            )
        if rule.template is not None:
            continue
        if rule.task != "*" and rule.task not in scorers:
            raise GateError(
                f"gate rule {describe(rule)}: no task {rule.task!r} in this run; there are {_list(scorers)}"
            )
        if rule.max_drop is not None and len(checkpoints) < 2:
            raise GateError(f"gate rule {describe(rule)}: max_drop needs a baseline and another checkpoint")
        if rule.max_drop is not None and rule.checkpoint == baseline:
            raise GateError(f"gate rule {describe(rule)}: {baseline!r} is the baseline, it cannot drop against itself")
        names = {name for task, names in scorers.items() if rule.task in ("*", task) for name in names}
        if not any(_matches(rule, name, families) for name in names):
            raise GateError(
                f"gate rule {describe(rule)}: no scorer {rule.scorer!r} there; scorers: {_list(sorted(names))}; "
                f"families: {_list(sorted({families[name] for name in names}))}"
            )


def check(rules: Sequence[Rule], report: Report, families: Mapping[str, str]) -> list[Verdict]:
    """Return a verdict for each rule, checkpoint, task and scorer that it speaks of; failures first.

    Raises:
        GateError: If a rule names nothing in the report.
    """
    scorers = {task.name: task.scorers for task in report.tasks}
    names = [checkpoint.name for checkpoint in report.checkpoints]
    check_rules(rules, scorers, names, families, baseline=report.baseline)
    verdicts: list[Verdict] = []
    for rule in rules:
        for checkpoint in _candidates(rule, report):
            if rule.template is not None:
                verdicts.append(_judge_template(rule, checkpoint, report))
                continue
            for task, task_scorers in scorers.items():
                for scorer in task_scorers:
                    if rule.task in ("*", task) and _matches(rule, scorer, families):
                        verdicts.append(_judge(rule, (checkpoint, task, scorer), report))
    return sorted(verdicts, key=lambda verdict: _ORDER[verdict.outcome])


def exit_code(verdicts: Sequence[Verdict], *, n_unscored: int) -> int:
    """Return the exit code of a run: regression before inconclusive before not evaluated before pass."""
    outcomes = {verdict.outcome for verdict in verdicts if not verdict.is_warning}
    if "fail" in outcomes:
        return REGRESSION
    if "inconclusive" in outcomes:
        return INCONCLUSIVE
    return NOT_EVALUATED if n_unscored else PASS


def describe(rule: Rule) -> str:
    """Return a rule in one line, as it is shown with its verdict."""
    if rule.template is not None:
        return f"template {rule.template}"
    limit = f"min_value {rule.min_value:g}" if rule.min_value is not None else f"max_drop {rule.max_drop:g}"
    return f"{rule.task}/{rule.scorer} {limit}"


def _candidates(rule: Rule, report: Report) -> list[str]:
    names = [checkpoint.name for checkpoint in report.checkpoints]
    if rule.checkpoint != "*":
        return [rule.checkpoint]
    if rule.template is not None or len(names) == 1:
        return names
    return [name for name in names if name != report.baseline]


def _matches(rule: Rule, scorer: str, families: Mapping[str, str]) -> bool:
    return rule.scorer in ("*", scorer, families.get(scorer))


def _list(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(names) or "none"


def _judge(rule: Rule, address: tuple[str, str, str], report: Report) -> Verdict:
    checkpoint, task, scorer = address
    line = f"{task}/{scorer} {describe(rule).rpartition('/')[2].partition(' ')[2]}"
    if rule.min_value is not None:
        found = next((e for e in report.estimates if (e.checkpoint, e.task, e.scorer) == address), None)
        outcome, reason, is_statistical = _judge_value(rule, found)
    else:
        compared = next((c for c in report.comparisons if (c.candidate, c.task, c.scorer) == address), None)
        outcome, reason, is_statistical = _judge_drop(rule, compared)
    is_warning = outcome == "inconclusive" and is_statistical and rule.on_inconclusive == "warn"
    return Verdict(rule=line, checkpoint=checkpoint, outcome=outcome, reason=reason, is_warning=is_warning)


def _judge_value(rule: Rule, found: Estimate | None) -> tuple[Outcome, str, bool]:
    if found is None or found.mean is None or found.low is None or found.high is None:
        return "inconclusive", "nothing could be scored", False
    seen = f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}], n={found.n}"
    limit = rule.min_value or 0.0
    if found.n < rule.min_samples:
        return "inconclusive", f"{seen}: fewer than {rule.min_samples} samples", False
    if found.high < limit:
        return "fail", f"{seen}: below {limit:g}", True
    if found.n_unscored:
        return "inconclusive", f"{seen}: {found.n_unscored} samples could not be evaluated", False
    if found.low >= limit:
        return "pass", f"{seen}: at least {limit:g}", True
    return "inconclusive", f"{seen}: {limit:g} lies inside the interval", True


def _judge_drop(rule: Rule, found: Comparison | None) -> tuple[Outcome, str, bool]:
    if found is None or found.delta is None or found.low is None or found.high is None:
        return "inconclusive", "nothing could be compared", False
    seen = f"{found.delta:+.3f} [{found.low:+.3f}, {found.high:+.3f}], {found.n_pairs} pairs"
    limit = -(rule.max_drop or 0.0)
    if found.n_pairs < rule.min_samples:
        return "inconclusive", f"{seen}: fewer than {rule.min_samples} samples", False
    if found.high < limit:
        return "fail", f"{seen}: worse than the margin of {limit:+g}", True
    if found.n_dropped:
        return "inconclusive", f"{seen}: {found.n_dropped} samples could not be evaluated", False
    if found.low >= limit:
        return "pass", f"{seen}: no drop beyond {limit:+g}", True
    return "inconclusive", f"{seen}: the margin of {limit:+g} lies inside the interval", True


def _judge_template(rule: Rule, checkpoint: str, report: Report) -> Verdict:
    found = {
        audit.scorer: audit
        for audit in report.audits
        if audit.checkpoint == checkpoint and audit.scorer in PROMPT_SCORERS
    }
    n_errors = sum(summary.n_errors for summary in report.checkpoints if summary.name == checkpoint)
    broken = [f"{name} {audit.mean:.3f}" for name, audit in found.items() if audit.mean is not None and audit.mean < 1]
    checked = [name for name, audit in found.items() if audit.n]
    template = next((summary.template for summary in report.checkpoints if summary.name == checkpoint), None)
    if template is not None and template.verdict == "BROKEN":
        outcome: Outcome = "fail"
        reason = f"the chat template is BROKEN: {template.reason}"
    elif broken:
        outcome = "fail"
        reason = f"prompts that break the template: {', '.join(broken)}"
    elif any(name not in checked for name in _ALWAYS):
        outcome, reason = "inconclusive", "no prompt was audited"
    elif template is not None and template.verdict == "UNVERIFIED":
        outcome, reason = "inconclusive", f"the chat template is UNVERIFIED: {template.reason}"
    elif n_errors:
        outcome, reason = "inconclusive", f"{n_errors} prompts could not be answered, so they were not audited"
    else:
        outcome, reason = "pass", f"every prompt is well formed ({', '.join(checked)})"
    is_warning = outcome != "pass" and rule.template == "warn"
    return Verdict(rule=describe(rule), checkpoint=checkpoint, outcome=outcome, reason=reason, is_warning=is_warning)

"""Gate rules against a run: pass, fail or inconclusive; what is missing, unscored or too little never passes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chateval.errors import INCONCLUSIVE, NOT_EVALUATED, PASS, REGRESSION
from chateval.gate.counts import (
    judge_cost,
    judge_errors,
    judge_growth,
    judge_speed,
    judge_template,
    judge_truncated,
)
from chateval.gate.rules import OF_SCORES, candidates, check_rules, describe, limit_of, matches
from chateval.gate.scores import Decision, judge_drop, judge_unscored, judge_value
from chateval.records import Effort, Outcome, Report, Rule, Verdict

_ORDER: Mapping[Outcome, int] = {"fail": 0, "inconclusive": 1, "pass": 2}
_NO_SAMPLE = Decision("inconclusive", "no sample has this tag")
_OF_SCORES = {"min_value": judge_value, "max_drop": judge_drop, "max_unscored": judge_unscored}
_OF_CHECKPOINTS = {
    "max_cost": judge_cost,
    "max_growth": judge_growth,
    "max_errors": judge_errors,
    "max_truncated": judge_truncated,
}


def check(
    rules: Sequence[Rule],
    report: Report,
    families: Mapping[str, str],
    *,
    tagged: Mapping[str, Report] | None = None,
    efforts: Sequence[Effort] = (),
) -> list[Verdict]:
    """Return a verdict for each rule, checkpoint, task and scorer that it speaks of; failures first.

    Args:
        rules: Of the gate.
        report: Of one run, or of several that were compared.
        families: Scorer -> family.
        tagged: Tag -> the report of the samples with that tag; a rule on a tag that is not here is inconclusive.
        efforts: What the answers took, for `min_speed`.

    Raises:
        GateError: If a rule names nothing in the report.
    """
    scorers = {task.name: task.scorers for task in report.tasks}
    names = [checkpoint.name for checkpoint in report.checkpoints]
    check_rules(rules, scorers, names, families, baseline=report.baseline)
    addresses = [(task, scorer) for task, found in scorers.items() for scorer in found]
    verdicts: list[Verdict] = []
    for rule in rules:
        for checkpoint in candidates(rule, report):
            if limit_of(rule)[0] not in OF_SCORES:
                verdicts.append(_verdict(rule, describe(rule), checkpoint, _judge(rule, checkpoint, report, efforts)))
                continue
            decided = [
                replace(_verdict(rule, describe(rule, task, scorer), checkpoint, decision), task=task, scorer=scorer)
                for task, scorer in addresses
                if rule.task in ("*", task) and matches(rule, scorer, families)
                if (decision := _judge_score(rule, (checkpoint, task, scorer), report, tagged or {})) is not None
            ]
            verdicts += decided or [_verdict(rule, describe(rule), checkpoint, _NO_SAMPLE)]
    return sorted(verdicts, key=lambda verdict: _ORDER[verdict.outcome])


def exit_code(verdicts: Sequence[Verdict], *, n_unscored: int) -> int:
    """Return the exit code of a run: regression before inconclusive before not evaluated before pass."""
    outcomes = {verdict.outcome for verdict in verdicts if not verdict.is_warning}
    if "fail" in outcomes:
        return REGRESSION
    if "inconclusive" in outcomes:
        return INCONCLUSIVE
    return NOT_EVALUATED if n_unscored else PASS


def _judge(rule: Rule, checkpoint: str, report: Report, efforts: Sequence[Effort]) -> Decision:
    """Hold a rule against a whole checkpoint."""
    name, _ = limit_of(rule)
    if name == "template":
        return judge_template(checkpoint, report)
    if name == "min_speed":
        return judge_speed(rule, checkpoint, efforts)
    return _OF_CHECKPOINTS[name](rule, checkpoint, report)


def _judge_score(
    rule: Rule, address: tuple[str, str, str], report: Report, tagged: Mapping[str, Report]
) -> Decision | None:
    """Hold a rule against one scorer; None where the rule speaks of a tag that the task's samples do not have."""
    name, _ = limit_of(rule)
    if rule.tag is None:
        return _OF_SCORES[name](rule, address, report)
    if rule.tag not in tagged:
        return Decision("inconclusive", f"the samples with the tag {rule.tag!r} are not known")
    part = tagged[rule.tag]
    if rule.task == "*" and not any(found.task == address[1] for found in part.estimates):
        return None
    return _OF_SCORES[name](rule, address, part)


def _verdict(rule: Rule, words: str, checkpoint: str, decision: Decision) -> Verdict:
    if rule.template is not None:
        is_warning = decision.outcome != "pass" and rule.template == "warn"
    else:
        is_undecided = decision.outcome == "inconclusive" and decision.is_statistical
        is_warning = is_undecided and rule.on_inconclusive == "warn"
    return Verdict(words, checkpoint, decision.outcome, decision.reason, is_warning)

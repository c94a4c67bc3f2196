"""What a rule speaks of: its words, the checkpoints and scorers it is held against, and whether those exist."""

from collections.abc import Collection, Mapping, Sequence

from chateval.errors import GateError
from chateval.records import JUDGED, Report, Rule

LIMITS = (
    "min_value",
    "max_drop",
    "max_unscored",
    "max_cost",
    "max_growth",
    "min_speed",
    "max_errors",
    "max_truncated",
)
"""The limits that are numbers."""
OF_SCORES = ("min_value", "max_drop", "max_unscored")
"""Those that are held against each scorer of each task; the rest speak of a whole checkpoint."""
AGAINST_BASELINE = ("max_drop", "max_growth")


def limit_of(rule: Rule) -> tuple[str, float]:
    """Return the name and the value of a rule's limit; (`template`, 0) for a rule about templates."""
    for name in LIMITS:
        value = getattr(rule, name)
        if value is not None:
            return name, float(value)
    return "template", 0.0


def limit_words(rule: Rule) -> str:
    """Return the limit as it is written, such as `max_drop 0.02`."""
    name, value = limit_of(rule)
    return f"template {rule.template}" if name == "template" else f"{name} {value:g}"


def describe(rule: Rule, task: str | None = None, scorer: str | None = None) -> str:
    """Return a rule in one line, as it is shown with its verdict.

    Args:
        rule: The rule.
        task: Held against this task, where the rule speaks of several.
        scorer: Held against this scorer.
    """
    words = limit_words(rule)
    if limit_of(rule)[0] not in OF_SCORES:
        return words
    tag = f" [{rule.tag}]" if rule.tag is not None else ""
    return f"{task or rule.task}/{scorer or rule.scorer or '*'}{tag} {words}"


def matches(rule: Rule, scorer: str, families: Mapping[str, str]) -> bool:
    """Return whether a rule speaks of a scorer: by its name, by its family, or by `*` if it has no judges."""
    family = families.get(scorer, scorer)
    return (rule.scorer or "*") in (scorer, family) or (rule.scorer in (None, "*") and family != JUDGED)


def candidates(rule: Rule, report: Report) -> list[str]:
    """Return the checkpoints that a rule speaks of."""
    names = [checkpoint.name for checkpoint in report.checkpoints]
    if rule.checkpoint != "*":
        return [rule.checkpoint]
    if rule.template is not None or len(names) == 1:
        return names
    return [name for name in names if name != report.baseline]


def check_rules(
    rules: Sequence[Rule],
    scorers: Mapping[str, Sequence[str]],
    checkpoints: Sequence[str],
    families: Mapping[str, str],
    *,
    baseline: str,
    tags: Collection[str] | None = None,
) -> None:
    """Find rules that could never be decided, before any model is loaded.

    Args:
        rules: Of the gate.
        scorers: Task -> its scorers.
        checkpoints: Their names.
        families: Scorer -> family.
        baseline: Name of the checkpoint that max_drop is held against.
        tags: Of the samples; None where they are not known.

    Raises:
        GateError: If a rule names a task, scorer, tag or checkpoint that the run does not have.
    """
    for rule in rules:
        words = f"gate rule {describe(rule)}"
        limit, _ = limit_of(rule)
        if rule.checkpoint != "*" and rule.checkpoint not in checkpoints:
            raise GateError(f"{words}: no checkpoint {rule.checkpoint!r}; there are {_list(checkpoints)}")
        if limit in AGAINST_BASELINE and len(checkpoints) < 2:
            raise GateError(f"{words}: {limit} needs a baseline and another checkpoint")
        if limit in AGAINST_BASELINE and rule.checkpoint == baseline:
            raise GateError(f"{words}: {baseline!r} is the baseline, it cannot be held against itself")
        if limit not in OF_SCORES:
            continue
        if rule.task != "*" and rule.task not in scorers:
            raise GateError(f"{words}: no task {rule.task!r} in this run; there are {_list(scorers)}")
        if rule.tag is not None and tags is not None and rule.tag not in tags:
            raise GateError(f"{words}: no sample has the tag {rule.tag!r}; tags: {_list(sorted(tags))}")
        names = {name for task, names in scorers.items() if rule.task in ("*", task) for name in names}
        if not any(matches(rule, name, families) for name in names):
            raise GateError(
                f"{words}: no scorer {rule.scorer!r} there; scorers: {_list(sorted(names))}; "
                f"families: {_list(sorted({families.get(name, name) for name in names}))}"
            )


def _list(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(names) or "none"

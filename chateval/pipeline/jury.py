"""Which scorers of a task have judges, and whether those are there."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from chateval.errors import ConfigError, DataError, TaskError
from chateval.records import JUDGED, Rule, ScorerSpec, Task
from chateval.score import ask_of, bind_measure, family_of, reads_reference
from chateval.score.judge.ask import JudgeAsk
from chateval.task.render import compile_text

_log = logging.getLogger(__name__)


def judged_by(task: Task) -> Iterator[tuple[ScorerSpec, JudgeAsk]]:
    """Yield the scorers of a task that have judges, and how they ask them."""
    for spec in task.scorers:
        ask = ask_of(spec)
        if ask is not None:
            yield spec, ask


def words_of(ask: JudgeAsk, *, where: str) -> Callable[[Mapping[str, str], str], str]:
    """Return what makes the text that a judge is told: a function of (texts by name, where they stand).

    Raises:
        TaskError: If the template is not valid Jinja.
    """
    render = compile_text(ask.template, where=where, is_ours=ask.is_ours)
    low, high = (f"{number:g}" for number in ask.scale)
    fixed = {"target": "", "rubric": ask.rubric, "low": low, "high": high}
    return lambda shown, place: render(fixed | dict(shown), place).strip()


def try_words(ask: JudgeAsk, *, where: str) -> None:
    """Raise TaskError if a judge would not be shown what it judges."""
    names = ("answer",) if ask.against is None else ("first", "second")
    shown = {name: f"chateval-{name}" for name in (*names, "question", "mark")}
    try:
        text = words_of(ask, where=f"{where}: template of the judge")(shown, where)
    except DataError as error:
        raise TaskError(str(error)) from error
    for name in names:
        if shown[name] not in text:
            raise TaskError(f"{where}: template of the judge: does not show {{{{ {name} }}}}, which is to be judged")


def check_judges(tasks: Sequence[Task], names: Iterable[str]) -> None:
    """Raise ConfigError if a judge is none of these models: helpers, and checkpoints of the run."""
    known = list(names)
    for task in tasks:
        for spec, ask in judged_by(task):
            try_words(ask, where=f"task {task.name}: {spec.name}")
            for judge in ask.judges:
                if judge not in known:
                    raise ConfigError(
                        f"task {task.name}: {spec.name} needs a judge called {judge!r}: say --helper {judge}=PATH, or "
                        f"--helper {judge}=http://HOST/v1#MODEL; models of this run: {', '.join(known)}"
                    )


def rests_on(task: Task, *, baseline: str) -> dict[str, list[str]]:
    """Return scorer or measure, or `*` for the answers -> models without whose answers its value would be another.

    Values that rest on other models do not compare, whatever these models are called.
    """
    found = {}
    for spec in task.scorers:
        ask = ask_of(spec)
        found[spec.name] = [*(ask.judges if ask else ()), *([baseline] if reads_reference(spec) else ())]
    for measure in task.measures:
        found[measure.name] = [baseline] if bind_measure(measure.called, measure.options).reads_reference else []
    if task.dialogue is not None and task.dialogue.user is not None:
        found["*"] = [task.dialogue.user.model]
    return {name: models for name, models in found.items() if models}


def tell_left_out(rules: Sequence[Rule], tasks: Sequence[Task]) -> None:
    """Say which scorers a rule for `*` leaves out: what judges say is gated where it is named, and only there."""
    judged = [f"{task.name}/{spec.name}" for task in tasks for spec in task.scorers if family_of(spec) == JUDGED]
    named = any(rule.scorer not in (None, "*") for rule in rules)
    if judged and rules and not named and any(rule.scorer == "*" for rule in rules):
        _log.warning('gate: "*" leaves out %s; name the scorer, or scorer: judge', ", ".join(judged))

"""A run that stops as soon as its gate is decided: more samples at each look, with intervals that allow looking."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from chateval.config import Suite
from chateval.errors import GateError
from chateval.pipeline.evaluate import Result
from chateval.records import Report, Verdict

FIRST_LOOK = 50
"""Samples of each task at the first look; each further look has twice as many."""


def evaluate_early(suite: Suite, evaluate: Callable[[Suite], Result]) -> Result:
    """Evaluate a growing part of each task's samples until the gate is decided, or until there are no more.

    What an earlier look answered comes from the store. Samples are taken in the order of their ids, which are digests
    and know nothing of what a sample is like.

    Args:
        suite: With a gate; its limit stays the most samples of a task.
        evaluate: Runs a suite with intervals that hold at any stop.

    Raises:
        GateError: If the suite has no gate, so that nothing could be decided.
    """
    if not suite.gate:
        raise GateError("--early-stop: no gate in this suite, so nothing to decide; add one to chateval.yaml")
    for n_samples in _looks(suite.limit):
        result = evaluate(replace(suite, limit=n_samples, is_shuffled=True))
        if is_decided(result.report.verdicts) or not _has_more(result.report, suite.limit):
            return result
    raise AssertionError("the looks have no end")


_LASTING = frozenset(("min_value", "max_drop", "template"))
"""Limits whose verdicts hold at every look: they come from intervals that allow looking, or from a broken template."""


def is_decided(verdicts: Sequence[Verdict]) -> bool:
    """Return whether the gate may stop here: a rule failed for good, or all passed for good.

    Rules about what was counted so far (tokens, errors, cut answers) have no interval: more samples may turn them.
    """
    lasting = [verdict for verdict in verdicts if _LASTING & set(verdict.rule.split())]
    if any(verdict.outcome == "fail" and not verdict.is_warning for verdict in lasting):
        return True
    return len(lasting) == len(verdicts) and all(verdict.outcome == "pass" for verdict in verdicts)


def _looks(limit: int | None) -> Iterator[int]:
    n_samples = FIRST_LOOK
    while limit is None or n_samples < limit:
        yield n_samples
        n_samples *= 2
    yield limit


def _has_more(report: Report, limit: int | None) -> bool:
    return any(task.n_samples < min(task.n_available, limit or task.n_available) for task in report.tasks)

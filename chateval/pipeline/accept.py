"""A checkpoint of a run as the next baseline: its scores, how they stand to the present one's, and what forbids it."""

from collections.abc import Sequence
from dataclasses import dataclass

from chateval.compare.runs import compare_runs
from chateval.errors import GateError
from chateval.pipeline.against import against
from chateval.records import Comparison, Estimate, Refusal, Run
from chateval.store.baseline import is_chateval, says_what_it_asks

MAX_TRUNCATED = 0.2
"""Largest share of answers cut at the token limit with which a checkpoint may become a baseline."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be accepted."""

    run: Run
    checkpoint: str
    lines: tuple[tuple[Estimate, Comparison | None], ...]
    """Each estimate with its comparison against the present baseline, where there is one."""
    faults: tuple[str, ...]
    """Why it may be no baseline at all."""
    refusals: tuple[Refusal, ...]
    """What of it cannot be compared with the present baseline."""


def choose(run: Run, wanted: str | None) -> str:
    """Return the name of the checkpoint to be accepted: the one named, or the only one beside the run's baseline.

    Raises:
        GateError: If there is no such checkpoint, or several.
    """
    names = [found.name for found in run.checkpoints]
    others = [name for name in names if name != run.baseline] or names
    if wanted is None and len(others) == 1:
        return others[0]
    if wanted is None or wanted not in names:
        what = "several checkpoints" if wanted is None else f"no checkpoint {wanted!r} in it"
        raise GateError(f"{run.path}: {what}; say --checkpoint, one of {', '.join(names)}")
    return wanted


def propose(run: Run, checkpoint: str, present: Run | None = None) -> Proposal:
    """Return what accepting a checkpoint would mean.

    Args:
        run: Of any harness.
        checkpoint: Its name there.
        present: The baseline file that would be replaced.

    Raises:
        GateError: If the run has no such checkpoint.
    """
    runs = against(present, [run], checkpoints=[checkpoint]) if present is not None else [run]
    report = compare_runs(runs)
    compared = {(one.task, one.scorer): one for one in report.comparisons if one.candidate == checkpoint}
    estimates = [one for one in report.estimates if one.checkpoint == checkpoint]
    return Proposal(
        run=run,
        checkpoint=checkpoint,
        lines=tuple((one, compared.get((one.task, one.scorer)) if present else None) for one in estimates),
        faults=tuple(_faults(run, checkpoint, estimates)),
        refusals=tuple(one for one in report.refusals if one.candidate == checkpoint) if present else (),
    )


def _faults(run: Run, checkpoint: str, estimates: Sequence[Estimate]) -> list[str]:
    summary = next(found for found in run.checkpoints if found.name == checkpoint)
    found = []
    if is_chateval(run.harness) and not all(map(says_what_it_asks, run.tasks)):
        found.append("nothing says what was asked and how it was scored: it is of an older chateval, run it again")
    if summary.template is not None and summary.template.verdict == "BROKEN":
        found.append(f"its chat template is BROKEN: {summary.template.reason}")
    if summary.is_fake:
        found.append("the fake engine answered, no model")
    if summary.n_errors:
        found.append(f"{summary.n_errors} prompts got no answer")
    if n := sum(one.n_unscored for one in estimates):
        found.append(f"{n} samples could not be scored")
    if not any(one.n for one in estimates):
        found.append("nothing of it was scored")
    if summary.n_responses and summary.n_length and summary.n_length / summary.n_responses > MAX_TRUNCATED:
        share = summary.n_length / summary.n_responses
        found.append(f"{share:.0%} of its answers were cut at the token limit, more than {MAX_TRUNCATED:.0%}")
    return found

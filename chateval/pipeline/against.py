"""Runs of any harness, and a baseline -> one report with verdicts."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from chateval.codec import decode
from chateval.compare.pick import pick
from chateval.compare.runs import compare_runs
from chateval.compare.textless import with_texts
from chateval.errors import GateError
from chateval.pipeline.gated import gate_again, tags_of
from chateval.records import Effort, Report, Rule, Run


def gate_runs(runs: Sequence[Run], rules: Sequence[Rule]) -> Report:
    """Compare runs and hold them against a gate; the first one's baseline is what drops are held against.

    Args:
        runs: At least one; several are compared with each other.
        rules: Of the gate.

    Raises:
        GateError: If a rule names nothing in the runs.
        DataError: If nothing in them can be compared.
    """
    runs = with_texts(runs)
    report = compare_runs(runs)
    tagged = {tag: compare_runs(runs, report.baseline, tag=tag) for tag in tags_of(rules, runs)}
    return gate_again(report, rules, tagged=tagged, efforts=efforts_of(runs, report))


def against(
    baseline: Run, runs: Sequence[Run], *, of: str | None = None, checkpoints: Collection[str] = ()
) -> list[Run]:
    """Return the runs as they are held against a checkpoint of another run: it comes first, and alone.

    The candidates keep their names, so that rules find them; the baseline takes another one where it shares theirs.

    Args:
        baseline: A run, or a baseline file.
        runs: The candidates'.
        of: Checkpoint of `baseline`; None is its only one, or the one that is called as the only candidate.
        checkpoints: Of `runs`; empty is the one that is called as the baseline and is not its run's own baseline, else
            every one but their own baselines, and that where there is no other.

    Raises:
        GateError: If a checkpoint is not there, or `of` has to be said.
    """
    names = [found.name for found in baseline.checkpoints]
    known = of or (names[0] if len(names) == 1 else None)
    candidates = [pick(run, {name: name for name in _candidates(run, checkpoints, known)}) for run in runs]
    taken = {found.name for run in candidates for found in run.checkpoints}
    same = taken if len(taken) == 1 else set()
    chosen = of or next((name for name in names if len(names) == 1 or name in same), None)
    if chosen is None:
        raise GateError(f"{baseline.path}: several checkpoints; say --baseline-checkpoint, one of {', '.join(names)}")
    return [pick(baseline, {chosen: _free(baseline, chosen, taken)}), *candidates]


def _candidates(run: Run, wanted: Collection[str], namesake: str | None) -> list[str]:
    names = [found.name for found in run.checkpoints]
    if wanted:
        missing = [name for name in wanted if name not in names]
        if missing:
            raise GateError(f"{run.path}: no checkpoint {missing[0]!r} in it; there are: {', '.join(names)}")
        return [name for name in names if name in wanted]
    others = [name for name in names if name != run.baseline] or names
    return [namesake] if namesake in others else others


def _free(baseline: Run, name: str, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    day = accepted_on(baseline)
    stem = f"{name}@{day.isoformat() if day else baseline.name}"
    found, number = stem, 2
    while found in taken:
        found, number = f"{stem}-{number}", number + 1
    return found


def accepted_on(run: Run) -> date | None:
    """Return the day on which a baseline file was accepted; None for any other run."""
    entry = run.manifest.get("baseline")
    return date.fromisoformat(str(entry["accepted"])) if isinstance(entry, dict) and "accepted" in entry else None


def own_rules(runs: Sequence[Run]) -> list[Rule]:
    """Return the gate that runs were made with, each rule once."""
    found: list[Rule] = []
    for run in runs:
        entries: Any = run.manifest.get("gate")
        rules = entries if isinstance(entries, list) else []
        found += [decode(Rule, json.dumps(rule), where=f"{run.path}: gate of its manifest") for rule in rules]
    return list(dict.fromkeys(found))


def efforts_of(runs: Sequence[Run], report: Report) -> list[Effort]:
    """Return the efforts of all runs under the names that the checkpoints have in a report of them."""
    names = {found.name for found in report.checkpoints}
    found = []
    for run in runs:
        for effort in run.efforts:
            longer = f"{run.name}/{effort.checkpoint}"
            found.append(replace(effort, checkpoint=longer) if longer in names else effort)
    return found

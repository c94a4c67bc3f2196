"""Tally -> Report: means, comparisons, and a summary of each task and checkpoint."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from chateval.codec import digest
from chateval.compare import (
    SampleFacts,
    Seen,
    Side,
    audit,
    compare_all,
    compare_behaviour,
    estimate,
    evidence_of,
    find_changes,
    find_crossings,
    find_faults,
    find_flips,
    find_slices,
    helpers_of,
    with_ladder,
)
from chateval.pipeline.material import Material
from chateval.pipeline.prepare import Key
from chateval.pipeline.tally import Counts, Tally
from chateval.records import (
    Change,
    Checkpoint,
    CheckpointSummary,
    Report,
    Task,
    TaskSummary,
)
from chateval.score import AUDIT, family_of


def make_report(material: Material, tally: Tally, *, baseline: str) -> Report:
    """Return the report of a run, without verdicts."""
    samples = {(task.name, sample.id): sample for task in material.tasks for sample in task.samples}
    clusters = {address: sample.cluster for address, sample in samples.items() if sample.cluster is not None}
    of_task: dict[str, dict[str, str | None]] = defaultdict(dict)
    for (task, sample_id), cluster in clusters.items():
        of_task[task][sample_id] = cluster
    checkpoints = tuple(_checkpoint_summary(one, material, tally.counts[one.name]) for one in material.checkpoints)
    tasks = tuple(_task_summary(task, material.n_available[task.name], tally) for task in material.tasks)
    evidence = evidence_of(checkpoints, tasks, samples)
    evidence = replace(evidence, seen=tally.seen, wrong=tally.wrong, reasons=tally.reasons)
    report = Report(
        baseline=baseline,
        checkpoints=checkpoints,
        tasks=tasks,
        estimates=tuple(estimate(address, found, of_task[address[1]]) for address, found in tally.means.items()),
        audits=tuple(sorted(audit(tally.audits), key=lambda found: AUDIT.index(found.scorer))),
        comparisons=tuple(compare_all(tally.means, baseline, clusters)),
        behaviour=tuple(compare_behaviour(tally.audits, baseline)),
        flips=tuple(find_flips(tally.means, baseline, evidence)),
        faults=tuple(find_faults(tally.faulty, tally.cases)),
        figures=tuple(tally.figures),
        changes=tuple(_changes(baseline, checkpoints, tasks, material.manifest)),
        slices=tuple(find_slices(tally.means, baseline, SampleFacts(samples, _lengths(tally.seen, baseline)))),
        crossings=tuple(find_crossings(tally.means, baseline, checkpoints)),
        dialogues=tuple(tally.dialogues.found()),
        reasons=tuple(tally.verdicts.found()),
        helpers=helpers_of(material.manifest),
    )
    return with_ladder(report, tally.means, material.manifest.get("ladder", ()), clusters)


def _changes(
    baseline: str,
    checkpoints: Sequence[CheckpointSummary],
    tasks: tuple[TaskSummary, ...],
    manifest: Mapping[str, Any],
) -> Iterator[Change]:
    sides = {one.name: Side(one.name, one, tasks, manifest) for one in checkpoints}
    for name, side in sides.items():
        if name != baseline:
            yield from find_changes(sides[baseline], side)


def _lengths(seen: Mapping[Key, Mapping[str, Seen]], baseline: str) -> dict[str, dict[str, tuple[int, int]]]:
    """Return task -> sample id -> tokens of the baseline's prompt and answer."""
    return {
        task: {name: (one.n_prompt_tokens, one.n_output_tokens) for name, one in found.items()}
        for (checkpoint, task), found in seen.items()
        if checkpoint == baseline
    }


def _task_summary(task: Task, n_available: int, tally: Tally) -> TaskSummary:
    judges = tuple(tuple(tally.judges.get((task.name, spec.name), ())) for spec in task.scorers)
    return TaskSummary(
        name=task.name,
        version=task.version,
        description=task.description,
        n_samples=len(task.samples),
        n_available=n_available,
        output=task.output,
        decoding=task.decoding,
        scorers=tuple(spec.name for spec in task.scorers),
        digest=task.digest,
        families=tuple(family_of(spec) for spec in task.scorers),
        n_demos=task.n_demos,
        prompt_digest=task.prompt_digest,
        scorer_digests=tuple(digest(asdict(spec)) for spec in task.scorers),
        judges=judges if any(judges) else (),
    )


def _checkpoint_summary(checkpoint: Checkpoint, material: Material, counts: Counts) -> CheckpointSummary:
    facts = material.facts[checkpoint.name]
    source = facts.source
    return CheckpointSummary(
        name=checkpoint.name,
        kind=checkpoint.kind,
        dtype=checkpoint.dtype,
        template_source=Path(source).name if Path(source).is_absolute() else source,
        template_digest=facts.digest,
        weights_digest=checkpoint.weights_digest,
        adapter_digest=checkpoint.adapter_digest,
        n_responses=counts.n_responses,
        n_errors=counts.n_errors,
        n_length=counts.n_length,
        n_cut=counts.n_cut,
        n_prompt_tokens=counts.n_prompt_tokens,
        n_output_tokens=counts.n_output_tokens,
        template=material.templates[checkpoint.name],
        tokenizer_digest=checkpoint.tokenizer_digest,
        n_parameters=checkpoint.n_parameters,
        step=checkpoint.step,
        inert=checkpoint.inert,
        engine=_engine_of(checkpoint.name, material.manifest),
        n_empty=counts.n_empty,
        n_incomplete=counts.n_incomplete,
        thinking=counts.thinking.found(),
        template_options=dict(checkpoint.template_options),
    )


def _engine_of(name: str, manifest: Mapping[str, Any]) -> str:
    """Return what answered as a checkpoint, by the manifest; empty where that does not say."""
    for entry in manifest.get("checkpoints", ()):
        if entry["checkpoint"]["name"] == name:
            return str(entry.get("engine", {}).get("engine", ""))
    return ""

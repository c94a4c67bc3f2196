"""The whole line: suite -> run folder with manifest, responses, scores, report -> exit code."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from chateval.codec import decode
from chateval.config import Suite
from chateval.errors import DataError
from chateval.findings import TemplateReport
from chateval.gate import check, exit_code
from chateval.pipeline.mark import mark_all
from chateval.pipeline.prepare import Key, Plan, Subject, Watcher, load_tasks, prepare
from chateval.pipeline.respond import Answers, EngineFor, respond
from chateval.records import (
    Checkpoint,
    CheckpointSummary,
    Prompt,
    Report,
    Response,
    Rule,
    Score,
    Task,
    TaskSummary,
    TemplateFacts,
)
from chateval.report import (
    OUTPUTS,
    audit,
    compare_all,
    compare_behaviour,
    estimate,
    find_faults,
    find_flips,
    sample_means,
    shown_answer,
)
from chateval.score import AUDIT, families
from chateval.store import (
    Answered,
    ResponseStore,
    check_writable,
    read_answers,
    read_manifest,
    write_answers,
    write_file,
    write_manifest,
    write_scores,
)

LIBRARIES = ("chateval", "torch", "transformers", "tokenizers", "peft", "datasets", "jsonschema_rs", "scipy", "numpy")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    report: Report
    exit_code: int
    n_generated: int
    """Responses that the model gave in this run."""
    n_stored: int
    """Responses that the store had already."""
    seconds: float
    """Time that the models took in this run, s."""


def evaluate(
    suite: Suite, out: Path, *, cache_dir: Path, open_engine: EngineFor, watcher: Watcher, trust_code: bool = False
) -> Result:
    """Run a suite and write its folder; what the store has is not computed again.

    Raises:
        ChatevalError: For whatever the user has to mend, before any model is loaded.
    """
    check_writable(out)
    plan = prepare(suite, cache_dir=cache_dir, watcher=watcher, trust_code=trust_code)
    for name in OUTPUTS:
        (out / name).unlink(missing_ok=True)  # a report of an earlier run must not outlive the start of this one
    with ResponseStore(cache_dir / "responses.sqlite") as store:
        answers = respond(plan, open_engine, store, watcher)
    watcher.stage("scoring")
    facts = {subject.checkpoint.name: subject.facts for subject in plan.subjects}
    templates = {subject.checkpoint.name: subject.report for subject in plan.subjects}
    write_manifest(out, _manifest(plan, answers))
    write_answers(out, _answered(plan.prompts, answers.responses))
    report = _score_and_report(
        _Material(
            tasks=plan.tasks,
            n_available=plan.n_available,
            checkpoints=tuple(subject.checkpoint for subject in plan.subjects),
            facts=facts,
            templates=templates,
            prompts=plan.prompts,
            responses=answers.responses,
        ),
        out,
        baseline=suite.baseline,
        rules=suite.gate,
        trust_code=trust_code,
    )
    return Result(report, exit_code_of(report), answers.n_generated, answers.n_stored, answers.seconds)


def rescore(run: Path, *, watcher: Watcher, trust_code: bool = False) -> Report:
    """Score the stored answers of a run folder again, with its tasks as they are now and without a model.

    Raises:
        StoreError: If the folder is not a finished run.
        DataError: If a task has lost a sample that the run has answers for.
    """
    manifest = read_manifest(run)
    answers = read_answers(run)
    suite = Suite(
        checkpoints=(), tasks=tuple(_task_again(entry) for entry in manifest["tasks"]), baseline=manifest["baseline"]
    )
    watcher.stage("reading tasks")
    tasks, n_available = load_tasks(suite, trust_code=trust_code)
    for task, entry in zip(tasks, manifest["tasks"], strict=True):
        if (task.name, task.prompt_digest) != (entry["name"], entry["prompt_digest"]):
            raise DataError(f"{task.path}: asks otherwise than when {run} was made; run it again")
    prompts: dict[Key, list[Prompt]] = {}
    responses: dict[Key, list[Response]] = {}
    for line in answers:
        prompts.setdefault((line.checkpoint, line.task), []).append(line.prompt)
        responses.setdefault((line.checkpoint, line.task), []).append(line.response)
    checkpoints: list[Checkpoint] = []
    facts: dict[str, TemplateFacts] = {}
    templates: dict[str, TemplateReport | None] = {}
    for entry in manifest["checkpoints"]:
        checkpoints.append(_decode(Checkpoint, entry["checkpoint"], run))
        facts[checkpoints[-1].name] = _decode(TemplateFacts, entry["template"], run)
        checked = entry.get("template_report")
        templates[checkpoints[-1].name] = _decode(TemplateReport, checked, run) if checked else None
    for checkpoint in checkpoints:
        for task in tasks:
            if (checkpoint.name, task.name) not in responses:
                raise DataError(f"{run}/responses.jsonl: no answers of {checkpoint.name} to {task.name}; run it again")
    material = _Material(
        tasks=tuple(_as_answered(task, prompts[checkpoints[0].name, task.name]) for task in tasks),
        n_available=n_available,
        checkpoints=tuple(checkpoints),
        facts=facts,
        templates=templates,
        prompts=prompts,
        responses=responses,
    )
    watcher.stage("scoring")
    rules = [_decode(Rule, rule, run) for rule in manifest["gate"]]
    return _score_and_report(material, run, baseline=suite.baseline, rules=rules, trust_code=trust_code)


def _decode(kind: Any, entry: Any, run: Path) -> Any:
    return decode(kind, json.dumps(entry), where=f"{run}/manifest.json")


def _task_again(entry: Mapping[str, Any]) -> str:
    """Return where a task of a manifest is now: its file, or the bundled task of its name if that is gone."""
    return str(entry["path"]) if Path(entry["path"]).is_file() else str(entry["name"])


def _as_answered(task: Task, prompts: Sequence[Prompt]) -> Task:
    """Return the task with the samples that were answered, in the order of the answers."""
    known = {sample.id: sample for sample in task.samples}
    ids = list(dict.fromkeys(prompt.sample_id for prompt in prompts))
    lost = [sample_id for sample_id in ids if sample_id not in known]
    if lost:
        raise DataError(f"{task.path}: the run has answers for sample {lost[0]}, which the task no longer has")
    return replace(task, samples=tuple(known[sample_id] for sample_id in ids))


def exit_code_of(report: Report) -> int:
    """Return the exit code that a report leads to."""
    return exit_code(report.verdicts, n_unscored=sum(found.n_unscored for found in report.estimates))


def gate_again(report: Report, rules: Sequence[Rule]) -> Report:
    """Return the report with the verdicts of other rules.

    Raises:
        GateError: If a rule names nothing in the report.
    """
    names = sorted({name for task in report.tasks for name in task.scorers})
    return replace(report, verdicts=tuple(check(rules, report, families(names))))


@dataclass(frozen=True, slots=True)
class _Material:
    """What scoring and reporting need, from a live run or from a run folder."""

    tasks: tuple[Task, ...]
    n_available: Mapping[str, int]
    checkpoints: tuple[Checkpoint, ...]
    facts: Mapping[str, TemplateFacts]
    templates: Mapping[str, TemplateReport | None]
    prompts: Mapping[Key, Sequence[Prompt]]
    responses: Mapping[Key, Sequence[Response]]


def _score_and_report(
    material: _Material, out: Path, *, baseline: str, rules: Sequence[Rule], trust_code: bool
) -> Report:
    scores, audits = mark_all(
        material.tasks, material.prompts, material.responses, material.facts, trust_code=trust_code
    )
    write_scores(out, scores)
    report = gate_again(_report(material, scores, audits, baseline=baseline), rules)
    for name, output in OUTPUTS.items():
        write_file(out / name, output(report))
    return report


def _report(material: _Material, scores: Sequence[Score], audits: Sequence[Score], *, baseline: str) -> Report:
    means = sample_means(scores)
    clusters = {(task.name, sample.id): sample.cluster for task in material.tasks for sample in task.samples}
    samples = {(task.name, sample.id): sample for task in material.tasks for sample in task.samples}
    choices = {
        (score.checkpoint, score.task, score.sample_id): score.answer for score in scores if score.scorer == "choice"
    }
    shown = {
        (checkpoint, task, response.sample_id): shown_answer(
            response, samples[task, response.sample_id], choices.get((checkpoint, task, response.sample_id))
        )
        for (checkpoint, task), found in material.responses.items()
        for response in reversed(found)
    }
    reasons = {(s.checkpoint, s.task, s.scorer, s.sample_id): s.reason for s in reversed(scores)}
    cases = {
        (checkpoint, task, prompt.sample_id, prompt.repeat): (prompt, response)
        for (checkpoint, task), found in material.responses.items()
        for prompt, response in zip(material.prompts[checkpoint, task], found, strict=True)
    }
    return Report(
        baseline=baseline,
        checkpoints=tuple(_checkpoint_summary(checkpoint, material) for checkpoint in material.checkpoints),
        tasks=tuple(
            TaskSummary(
                name=task.name,
                version=task.version,
                description=task.description,
                n_samples=len(task.samples),
                n_available=material.n_available[task.name],
                output=task.output,
                decoding=task.decoding,
                scorers=tuple(spec.name for spec in task.scorers),
                digest=task.digest,
            )
            for task in material.tasks
        ),
        estimates=tuple(
            estimate(address, found, {sample_id: clusters[address[1], sample_id] for sample_id in found})
            for address, found in means.items()
        ),
        audits=tuple(sorted(audit(audits), key=lambda found: AUDIT.index(found.scorer))),
        comparisons=tuple(compare_all(means, baseline, clusters)),
        behaviour=tuple(compare_behaviour(audits, baseline)),
        flips=tuple(find_flips(means, baseline, samples, shown, reasons)),
        faults=tuple(find_faults(audits, cases)),
    )


def _checkpoint_summary(checkpoint: Checkpoint, material: _Material) -> CheckpointSummary:
    facts = material.facts[checkpoint.name]
    responses = [r for (name, _), found in material.responses.items() if name == checkpoint.name for r in found]
    prompts = [p for (name, _), found in material.prompts.items() if name == checkpoint.name for p in found]
    source = facts.source
    return CheckpointSummary(
        name=checkpoint.name,
        kind=checkpoint.kind,
        dtype=checkpoint.dtype,
        template_source=Path(source).name if Path(source).is_absolute() else source,
        template_digest=facts.digest,
        weights_digest=checkpoint.weights_digest,
        adapter_digest=checkpoint.adapter_digest,
        n_responses=len(responses),
        n_errors=sum(response.error is not None for response in responses),
        n_length=sum(response.finish == "length" for response in responses),
        n_cut=sum(prompt.n_cut > 0 for prompt in prompts),
        n_prompt_tokens=sum(response.n_prompt_tokens for response in responses),
        n_output_tokens=sum(len(response.output_ids) for response in responses),
        template=material.templates[checkpoint.name],
    )


def _answered(prompts: Mapping[Key, Sequence[Prompt]], responses: Mapping[Key, Sequence[Response]]) -> list[Answered]:
    return [
        Answered(checkpoint, task, prompt, response)
        for (checkpoint, task), found in prompts.items()
        for prompt, response in zip(found, responses[checkpoint, task], strict=True)
    ]


def _manifest(plan: Plan, answers: Answers) -> dict[str, Any]:
    return {
        "format": 1,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "baseline": plan.suite.baseline,
        "limit": plan.suite.limit,
        "system": plan.suite.system,
        "overflow": plan.suite.overflow,
        "checkpoints": [_subject_entry(subject, answers) for subject in plan.subjects],
        "tasks": [
            {
                "name": task.name,
                "version": task.version,
                "path": task.path,
                "digest": task.digest,
                "prompt_digest": task.prompt_digest,
                "decoding": asdict(task.decoding),
                "n_samples": len(task.samples),
                "n_available": plan.n_available[task.name],
            }
            for task in plan.tasks
        ],
        "gate": [asdict(rule) for rule in plan.suite.gate],
    }


def _subject_entry(subject: Subject, answers: Answers) -> dict[str, Any]:
    name = subject.checkpoint.name
    return {
        "checkpoint": asdict(subject.checkpoint),
        "template": asdict(subject.facts),
        "template_report": asdict(subject.report) if subject.report else None,
        "engine": answers.identities[name],
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

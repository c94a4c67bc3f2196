"""The whole line: suite -> run folder with manifest, responses, scores, report -> exit code."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chateval.codec import decode
from chateval.config import Suite
from chateval.errors import DataError
from chateval.findings import TemplateReport
from chateval.gate import check, exit_code
from chateval.pipeline.manifest import make_manifest
from chateval.pipeline.mark import mark_all
from chateval.pipeline.prepare import Key, Watcher, prepare
from chateval.pipeline.respond import EngineFor, respond
from chateval.pipeline.tally import Material, Tally, make_report
from chateval.pipeline.tasks import NO_BRIDGES, Bridges, bind_measures, load_tasks
from chateval.pipeline.verify import Verified
from chateval.records import (
    Answered,
    Asked,
    Checkpoint,
    Prompt,
    Report,
    Response,
    Rule,
    Score,
    Task,
    TemplateFacts,
)
from chateval.report import OUTPUTS
from chateval.store import (
    ResponseStore,
    check_writable,
    read_answers,
    read_manifest,
    write_answers,
    write_efforts,
    write_file,
    write_manifest,
    write_samples,
    write_scores,
)


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
    verified: tuple[Verified, ...] = ()
    """How the answers compare with those of the plain way, where that was asked for."""


def evaluate(
    suite: Suite,
    out: Path,
    *,
    cache_dir: Path,
    open_engine: EngineFor,
    watcher: Watcher,
    trust_code: bool = False,
    bridges: Bridges = NO_BRIDGES,
    n_verified: int = 0,
) -> Result:
    """Run a suite and write its folder; what the store has is not computed again.

    Args:
        suite: Checkpoints, tasks and gate.
        out: Folder of the run.
        cache_dir: Where responses are stored.
        open_engine: Opens the engine of a checkpoint.
        watcher: Hears how far the run is.
        trust_code: Lets tasks name scorers that are Python of the user's own.
        bridges: Load the tasks of other harnesses.
        n_verified: Samples of each task that are answered again the plain way.

    Raises:
        ChatevalError: For whatever the user has to mend, before any model is loaded.
    """
    check_writable(out)
    plan = prepare(suite, cache_dir=cache_dir, watcher=watcher, trust_code=trust_code, bridges=bridges)
    for name in OUTPUTS:
        (out / name).unlink(missing_ok=True)  # a report of an earlier run must not outlive the start of this one
    material = Material(
        tasks=plan.tasks,
        n_available=plan.n_available,
        checkpoints=tuple(subject.checkpoint for subject in plan.subjects),
        facts={subject.checkpoint.name: subject.facts for subject in plan.subjects},
        templates={subject.checkpoint.name: subject.report for subject in plan.subjects},
        prompts=plan.prompts,
        responses={},
    )
    with ResponseStore(cache_dir / "responses.sqlite") as store:
        answers = respond(plan, open_engine, store, watcher, n_verified=n_verified)
        watcher.stage("scoring")
        write_manifest(out, make_manifest(plan, answers))
        write_samples(out, (Asked(task.name, sample) for task in plan.tasks for sample in task.samples))
        write_answers(out, _answered(plan.prompts, answers.responses))
        write_efforts(out, answers.efforts)
        report = _score_and_report(
            replace(material, responses=answers.responses),
            out,
            baseline=suite.baseline,
            rules=suite.gate,
            trust_code=trust_code,
        )
    return Result(
        report,
        exit_code_of(report),
        answers.n_generated,
        answers.n_stored,
        answers.seconds,
        tuple(answers.verified),
    )


def rescore(run: Path, *, watcher: Watcher, trust_code: bool = False, bridges: Bridges = NO_BRIDGES) -> Report:
    """Score the stored answers of a run folder again, with its tasks as they are now and without a model.

    Raises:
        StoreError: If the folder is not a finished run.
        DataError: If a task has lost a sample that the run has answers for.
    """
    manifest = read_manifest(run)
    answers = read_answers(run)
    entries = manifest["tasks"]
    suite = Suite(
        checkpoints=(),
        tasks=tuple(dict.fromkeys(_task_again(entry) for entry in entries)),
        baseline=manifest["baseline"],
        data={str(entry["name"]): Path(entry["data"]) for entry in entries if entry.get("data")},
        n_demos=manifest.get("n_demos"),
    )
    watcher.stage("reading tasks")
    tasks, n_available = load_tasks(suite, trust_code=trust_code, bridges=bridges)
    for task, entry in zip(tasks, entries, strict=True):
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
    material = Material(
        tasks=tuple(_as_answered(task, prompts[checkpoints[0].name, task.name]) for task in tasks),
        n_available=n_available,
        checkpoints=tuple(checkpoints),
        facts=facts,
        templates=templates,
        prompts=prompts,
        responses=responses,
    )
    watcher.stage("scoring")
    write_samples(run, (Asked(task.name, sample) for task in material.tasks for sample in task.samples))
    rules = [_decode(Rule, rule, run) for rule in manifest["gate"]]
    return _score_and_report(material, run, baseline=suite.baseline, rules=rules, trust_code=trust_code)


def _decode(kind: Any, entry: Any, run: Path) -> Any:
    return decode(kind, json.dumps(entry), where=f"{run}/manifest.json")


def _task_again(entry: Mapping[str, Any]) -> str:
    """Return where a task of a manifest is now: its file, or the bundled task of its name if that is gone."""
    if entry.get("reference"):
        return str(entry["reference"])
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
    families = {name: family for task in report.tasks for name, family in zip(task.scorers, task.families, strict=True)}
    return replace(report, verdicts=tuple(check(rules, report, families)))


def _score_and_report(
    material: Material, out: Path, *, baseline: str, rules: Sequence[Rule], trust_code: bool
) -> Report:
    tally = Tally(len(material.checkpoints) > 1, {task.name: bind_measures(task) for task in material.tasks})
    write_scores(out, _scores(material, tally, trust_code=trust_code))
    report = gate_again(make_report(material, tally, baseline=baseline), rules)
    for name, output in OUTPUTS.items():
        write_file(out / name, output(report))
    return report


def _scores(material: Material, tally: Tally, *, trust_code: bool) -> Iterator[Score]:
    """Yield the scores of the tasks' own scorers as they are made; the tally takes in all marks on the way."""
    found = mark_all(material.tasks, material.prompts, material.responses, material.facts, trust_code=trust_code)
    for marked in found:
        tally.take(marked)
        yield from (marked.score(name) for name in marked.marks if name in marked.own)
    tally.close()


def _answered(
    prompts: Mapping[Key, Sequence[Prompt]], responses: Mapping[Key, Sequence[Response]]
) -> Iterator[Answered]:
    for (checkpoint, task), found in prompts.items():
        for prompt, response in zip(found, responses[checkpoint, task], strict=True):
            yield Answered(checkpoint, task, prompt, response)

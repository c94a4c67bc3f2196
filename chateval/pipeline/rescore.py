"""A run folder scored again, without a model."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chateval.codec import decode
from chateval.compare import with_anytime, with_noise
from chateval.config import Suite
from chateval.errors import DataError
from chateval.findings import TemplateReport
from chateval.pipeline.finish import score_all, write_report
from chateval.pipeline.gated import gate_live
from chateval.pipeline.jury import rests_on
from chateval.pipeline.mark import Address
from chateval.pipeline.material import Material
from chateval.pipeline.prepare import Key, Watcher, check_gate
from chateval.pipeline.summary import make_report
from chateval.pipeline.tasks import NO_BRIDGES, Bridges, load_tasks
from chateval.records import (
    Asked,
    Checkpoint,
    Drawing,
    Judgement,
    Noise,
    Prompt,
    Report,
    Response,
    Rule,
    Task,
    TemplateFacts,
)
from chateval.report import OUTPUTS, PAGE, read_report
from chateval.store import (
    JUDGEMENTS,
    RESPONSES,
    Seal,
    check_seal,
    has_lock,
    lock_run,
    read_answers,
    read_judgements,
    read_manifest,
    write_manifest,
    write_samples,
)


def rescore(
    run: Path,
    *,
    watcher: Watcher,
    trust_code: bool = False,
    bridges: Bridges = NO_BRIDGES,
    wait: Callable[[str], None] | None = None,
) -> Report:
    """Score the stored answers of a run folder again, with its tasks as they are now and without a model.

    Args:
        run: Folder of a run that ended.
        watcher: Hears how far it is.
        trust_code: Lets tasks name scorers that are Python of the user's own.
        bridges: Load the tasks of other harnesses.
        wait: Hears who holds the folder and is waited for; without it, that is an error.

    Raises:
        StoreError: If the folder is not a finished run, is not as it was written, or another process writes it.
        DataError: If a task has lost a sample that the run has answers for.
    """
    if not has_lock(run):
        check_seal(run, ())  # before a lock is left in a folder that is no run
    with lock_run(run, wait=wait):
        check_seal(run)
        return _rescore(run, watcher=watcher, trust_code=trust_code, bridges=bridges)


def _rescore(run: Path, *, watcher: Watcher, trust_code: bool, bridges: Bridges) -> Report:
    manifest = read_manifest(run)
    answers = read_answers(run)
    entries = manifest["tasks"]
    suite = Suite(
        checkpoints=(),
        tasks=tuple(dict.fromkeys(_task_again(entry) for entry in entries)),
        baseline=manifest["baseline"],
        data={str(entry["name"]): Path(entry["data"]) for entry in entries if entry.get("data")},
        n_demos=manifest.get("n_demos"),
        drawing=_decode(Drawing, manifest.get("drawing", {}), run),
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
        manifest=manifest,
        judgements=_judgements_of(run),
    )
    rules = [_decode(Rule, rule, run) for rule in manifest["gate"]]
    check_gate(rules, material.tasks, [checkpoint.name for checkpoint in checkpoints], baseline=suite.baseline)
    noise = _noise_of(run, material.tasks)
    seal = Seal(run, kept=(RESPONSES, JUDGEMENTS), stale=(*OUTPUTS, PAGE))
    watcher.stage("scoring")
    write_manifest(seal, _with_digests(manifest, tasks))
    write_samples(seal, (Asked(task.name, sample) for task in material.tasks for sample in task.samples))
    tally = score_all(material, seal, trust_code=trust_code)
    report = with_noise(make_report(material, tally, baseline=suite.baseline), noise)
    if manifest.get("is_anytime"):
        clusters = {(task.name, sample.id): sample.cluster for task in material.tasks for sample in task.samples}
        report = with_anytime(report, tally.means, clusters, n_most=manifest.get("n_most"))
    report = gate_live(report, rules, tally.means, tasks=material.tasks, out=run)
    write_report(seal, report, material)
    seal.close()
    return report


def _with_digests(manifest: Mapping[str, Any], tasks: Sequence[Task]) -> dict[str, Any]:
    """Return the manifest with the tasks as they are scored now."""
    entries = []
    for entry, task in zip(manifest["tasks"], tasks, strict=True):
        now: dict[str, Any] = {**entry, "version": task.version, "digest": task.digest}
        now.pop("rests_on", None)
        models = rests_on(task, baseline=manifest["baseline"])
        entries.append(now | ({"rests_on": models} if models else {}))
    return {**manifest, "tasks": entries}


def _judgements_of(run: Path) -> dict[Address, list[Judgement]]:
    found: dict[Address, list[Judgement]] = {}
    for one in read_judgements(run):
        found.setdefault((one.checkpoint, one.task, one.sample_id, one.repeat), []).append(one)
    return found


def _noise_of(run: Path, tasks: Sequence[Task]) -> list[Noise]:
    """Return the noise that was measured when the run was made, of tasks that are scored now as they were then."""
    if not (run / "report.json").is_file():
        return []
    before = read_report(run)
    same = {task.name for task in before.tasks if any((task.name, task.digest) == (t.name, t.digest) for t in tasks)}
    return [noise for noise in before.noise if noise.task in same]


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

"""The whole line: suite -> run folder with manifest, responses, scores, report -> exit code."""

from dataclasses import dataclass, replace
from pathlib import Path

from chateval.compare import with_anytime, with_noise
from chateval.config import Suite
from chateval.pipeline.finish import Given, exit_code_of, score_all, write_report
from chateval.pipeline.gated import gate_live
from chateval.pipeline.judge import respond_and_judge
from chateval.pipeline.manifest import make_manifest
from chateval.pipeline.material import Material
from chateval.pipeline.noise import measure_noise
from chateval.pipeline.prepare import Plan, Watcher, prepare
from chateval.pipeline.replaced import find_replaced
from chateval.pipeline.respond import Answers, EngineFor
from chateval.pipeline.summary import make_report
from chateval.pipeline.tasks import NO_BRIDGES, Bridges
from chateval.pipeline.verify import Verified
from chateval.records import Asked, Report
from chateval.report import OUTPUTS, PAGE
from chateval.store import (
    JUDGEMENTS,
    ResponseStore,
    Seal,
    check_writable,
    lock_run,
    store_path,
    write_answers,
    write_efforts,
    write_judgements,
    write_manifest,
    write_samples,
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


@dataclass(frozen=True, slots=True)
class Checks:
    """What a run finds out about itself beside its scores."""

    n_verified: int = 0
    """Samples of each task that are answered again the plain way."""
    n_noise: int = 0
    """Times that the baseline is answered again, to see what flips by itself."""
    is_anytime: bool = False
    """Whether intervals hold however often one looks, and wherever one stops; they are wider then."""
    n_most: int | None = None
    """Samples of a task at which the last look is; None for all."""


def evaluate(
    suite: Suite,
    out: Path,
    *,
    cache_dir: Path,
    open_engine: EngineFor,
    watcher: Watcher,
    trust_code: bool = False,
    bridges: Bridges = NO_BRIDGES,
    checks: Checks = Checks(),
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
        checks: What the run finds out about itself.

    Raises:
        ChatevalError: For whatever the user has to mend, before any model is loaded.
    """
    check_writable(out)
    with lock_run(out):
        plan = prepare(suite, cache_dir=cache_dir, watcher=watcher, trust_code=trust_code, bridges=bridges)
        return evaluate_plan(
            replace(plan, replaced=find_replaced(plan, out)),
            out,
            cache_dir=cache_dir,
            open_engine=open_engine,
            watcher=watcher,
            trust_code=trust_code,
            checks=checks,
        )


def evaluate_plan(
    plan: Plan,
    out: Path,
    *,
    cache_dir: Path,
    open_engine: EngineFor,
    watcher: Watcher,
    trust_code: bool = False,
    checks: Checks = Checks(),
) -> Result:
    """Run what is checked and built, and write its folder; the arguments are those of `evaluate`."""
    out.mkdir(parents=True, exist_ok=True)
    with lock_run(out), ResponseStore(store_path(cache_dir)) as store:
        return _evaluate_plan(
            plan, out, store=store, open_engine=open_engine, watcher=watcher, trust_code=trust_code, checks=checks
        )


def _evaluate_plan(
    plan: Plan,
    out: Path,
    *,
    store: ResponseStore,
    open_engine: EngineFor,
    watcher: Watcher,
    trust_code: bool,
    checks: Checks,
) -> Result:
    seal = Seal(out, stale=(*OUTPUTS, PAGE, JUDGEMENTS))
    material = Material(
        tasks=plan.tasks,
        n_available=plan.n_available,
        checkpoints=tuple(subject.checkpoint for subject in plan.subjects),
        facts={subject.checkpoint.name: subject.facts for subject in plan.subjects},
        templates={subject.checkpoint.name: subject.report for subject in plan.subjects},
        prompts=plan.prompts,
        responses={},
    )
    answers = respond_and_judge(plan, open_engine, store, watcher, n_verified=checks.n_verified)
    watcher.stage("scoring")
    manifest = make_manifest(plan, answers) | {"is_anytime": checks.is_anytime, "n_most": checks.n_most}
    write_manifest(seal, manifest)
    write_samples(seal, (Asked(task.name, sample) for task in plan.tasks for sample in task.samples))
    write_answers(seal, Given(answers.prompts, answers.responses))
    if answers.judgements:
        write_judgements(seal, (one for found in answers.judgements.values() for one in found))
    write_efforts(out, answers.efforts)
    material = replace(
        material,
        prompts=answers.prompts,
        responses=answers.responses,
        judgements=answers.judgements,
        manifest=manifest,
    )
    tally = score_all(material, seal, trust_code=trust_code)

    def rerun(part: Plan, number: int) -> Answers:
        watcher.stage(f"measuring noise, rerun {number} of {checks.n_noise}")
        return respond_and_judge(part, open_engine, store, watcher, rerun=number)

    noise = measure_noise(plan, tally.means, rerun, checks.n_noise, trust_code=trust_code)
    report = with_noise(make_report(material, tally, baseline=plan.suite.baseline), noise)
    if checks.is_anytime:
        clusters = {(task.name, sample.id): sample.cluster for task in plan.tasks for sample in task.samples}
        report = with_anytime(report, tally.means, clusters, n_most=checks.n_most)
    report = gate_live(report, plan.suite.gate, tally.means, tasks=material.tasks, out=out)
    watcher.stage("writing the report")
    write_report(seal, report, material)
    seal.close()
    return Result(
        report,
        exit_code_of(report),
        answers.n_generated,
        answers.n_stored,
        answers.seconds,
        tuple(answers.verified),
    )

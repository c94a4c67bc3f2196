"""One evaluation of a training: run folder, comparison with the baseline, verdicts, and the numbers for a tracker."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chateval.config import Suite
from chateval.errors import ConfigError, GateError
from chateval.integrations.bridges import BRIDGES
from chateval.integrations.runs import open_run
from chateval.integrations.training.curve import compare_with, step_runs
from chateval.pipeline import gate_again
from chateval.pipeline.finish import rewrite_report
from chateval.pipeline.live import LiveModel, Moment
from chateval.records import Report, Rule, Run, Verdict
from chateval.store import cache_dir, is_run, read_run

ADAPTER_OFF = "adapter_off"
START = "start"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one evaluation came to."""

    numbers: Mapping[str, float]
    """For the tracker, by name without a prefix."""
    verdicts: tuple[Verdict, ...] = ()
    """Of the rules that may stop the training."""

    @property
    def reason(self) -> str | None:
        """Why the training is to be stopped, in one line; None if it is not."""
        failed = [verdict for verdict in self.verdicts if verdict.outcome == "fail" and not verdict.is_warning]
        return "; ".join(f"{verdict.rule}: {verdict.reason}" for verdict in failed) or None


class Silent:
    """A watcher that says nothing."""

    def stage(self, text: str) -> None:
        """Hear what is being done now."""

    def begin(self, checkpoint: str, task: str, n_total: int, n_stored: int) -> None:
        """Hear that a task begins."""

    def advance(self, n: int) -> None:
        """Hear that so many more responses are there."""


class Steps:
    """Evaluates a model in training, step by step, into one folder."""

    def __init__(
        self,
        suite: Suite,
        out: Path,
        *,
        baseline: str | Path | None,
        stop_on: Sequence[Rule] | float,
        trust_code: bool = False,
    ) -> None:
        """Say what is evaluated; nothing is read yet.

        Args:
            suite: Tasks and settings. The rules of its gate are judged and stop nothing.
            out: Folder of the run folders.
            baseline: `start`, `adapter_off`, None, or the path of a run.
            stop_on: Rules of which a failed one stops the training, or the largest drop of the headline scorers.
            trust_code: Lets tasks name scorers that are Python of the user's own.
        """
        self._trust_code = trust_code
        self._suite = suite
        self._out = out
        self._baseline = baseline
        self._stop_on = stop_on
        self._rules: tuple[Rule, ...] = ()
        self._live: LiveModel | None = None
        self._home: Run | None = None

    @property
    def home(self) -> Run | None:
        """The run that others are compared with; None before it is known, and without a baseline."""
        return self._home

    @property
    def has_start(self) -> bool:
        """Whether the model is evaluated before the first step."""
        return self._baseline in (START, ADAPTER_OFF)

    def open(self, model: Any, tokenizer: Any, *, step: int) -> None:
        """Read tasks and baseline, build the prompts, and check the rules.

        Args:
            model: In memory.
            tokenizer: The trainer's.
            step: At which the training begins; more than 0 where it is resumed.

        Raises:
            ChatevalError: For whatever the user has to mend.
        """
        self._live = live = LiveModel(
            model, tokenizer, self._suite, watcher=Silent(), trust_code=self._trust_code, bridges=BRIDGES
        )
        if self._baseline == ADAPTER_OFF and not live.has_adapter:
            raise ConfigError('baseline="adapter_off" is for a model with a LoRA adapter; use baseline="start"')
        self._refuse_steps_of_another(step)
        if self._baseline is not None and not self.has_start:
            self._home = open_run(Path(self._baseline))
        elif self._baseline == START and step > 0 and is_run(self.folder(0)):
            self._home = read_run(self.folder(0))
        self._rules = self._bound(live)
        others = [] if self._baseline is None else ["the baseline"]
        live.check_rules((*self._suite.gate, *self._rules), [*others, "training"], baseline="the baseline")

    def folder(self, step: int) -> Path:
        """Return the run folder of a step."""
        return self._out / f"step-{step:06d}"

    def start(self, step: int) -> Evaluated | None:
        """Evaluate the baseline, where it is the model as it is now; None if a run on disk is the baseline."""
        if self._home is not None:
            return None
        is_off = self._baseline == ADAPTER_OFF
        moment = Moment("adapter-off", None, is_adapter_off=True) if is_off else Moment(f"step-{step}", step)
        folder = self._out / moment.name if is_off else self.folder(step)
        report = self._evaluate(moment, folder)
        self._home = read_run(folder)
        return Evaluated(dict(_numbers(report, moment.name)))

    def step(self, step: int) -> Evaluated:
        """Evaluate the model as it is after a step, compare it with the baseline and judge the rules."""
        moment, folder = Moment(f"step-{step}", step), self.folder(step)
        report = self._evaluate(moment, folder)
        if self._home is not None:
            compared = compare_with(self._home, [read_run(folder)])
            name = compared.checkpoints[-1].name
        else:
            compared, name = report, moment.name
        verdicts = gate_again(compared, [_of(rule, name) for rule in self._rules]).verdicts
        shown = gate_again(compared, [_of(rule, name) for rule in self._suite.gate]).verdicts
        if verdicts or shown:
            rewrite_report(folder, replace(report, verdicts=(*verdicts, *shown)))
        return Evaluated(dict(_numbers(compared, name)), verdicts)

    def _evaluate(self, moment: Moment, folder: Path) -> Report:
        assert self._live is not None  # noqa: S101 - opened when the training begins
        return self._live.evaluate(moment, folder, cache_dir=cache_dir()).report

    def _bound(self, live: LiveModel) -> tuple[Rule, ...]:
        """Return the rules that stop; a number stands for the first scorer of every task."""
        if isinstance(self._stop_on, float):
            return tuple(
                Rule(task=task.name, scorer=task.scorers[0].name, max_drop=self._stop_on) for task in live.tasks
            )
        return tuple(self._stop_on)

    def _refuse_steps_of_another(self, step: int) -> None:
        """Raise ConfigError if the folder has later steps than the training: they would be read as its own."""
        later = [run for run in step_runs(self._out) if (run.checkpoints[0].step or 0) > step]
        if later and step == 0:
            raise ConfigError(
                f"{self._out}: has steps of an earlier training ({Path(later[0].path).name}, ...); give another "
                "folder, remove them, or resume that training"
            )


def _of(rule: Rule, checkpoint: str) -> Rule:
    return replace(rule, checkpoint=checkpoint)


def check_stop_on(rules: Sequence[Rule], baseline: str | Path | None) -> None:
    """Raise GateError for rules that cannot be judged in a training."""
    for rule in rules:
        if rule.checkpoint != "*":
            raise GateError(
                f"stop_on: a rule about checkpoint {rule.checkpoint!r}; in a training there is the one that is trained"
            )
        if rule.max_drop is not None and baseline is None:
            raise GateError("stop_on: max_drop needs a baseline: 'start', 'adapter_off' or the path of a run")


def _numbers(report: Report, checkpoint: str) -> Iterator[tuple[str, float]]:
    """Yield what a tracker draws; what could not be scored is left out, and counted."""
    for found in report.estimates:
        if found.checkpoint == checkpoint and found.mean is not None:
            yield f"{found.task}/{found.scorer}", found.mean
    for figure in report.figures:
        if figure.checkpoint == checkpoint and figure.value is not None:
            yield f"{figure.task}/{figure.measure}", figure.value
    for one in report.comparisons:
        if one.candidate == checkpoint and one.delta is not None and one.low is not None and one.high is not None:
            name = f"{one.task}/{one.scorer}/delta"
            yield from ((name, one.delta), (f"{name}_low", one.low), (f"{name}_high", one.high))
    unscored = [found.n_unscored for found in report.estimates if found.checkpoint == checkpoint]
    yield "n_unscored", float(sum(unscored))

"""A callback for transformers' Trainer and those of TRL: the model in training, evaluated every so many steps."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from transformers import Trainer, TrainerCallback

from chateval.config import Suite, as_rules
from chateval.errors import ChatevalError, ConfigError
from chateval.integrations.training.curve import compare_steps
from chateval.integrations.training.processes import refuse_sharding, share
from chateval.integrations.training.steps import Evaluated, Steps, check_stop_on
from chateval.integrations.training.summary import print_curve
from chateval.records import Rule, Task

logger = logging.getLogger(__name__)

Baseline = Literal["start", "adapter_off"] | str | Path | None


class EvaluateCallback(TrainerCallback):  # type: ignore[misc] # transformers is not typed here
    """Evaluates the model in memory at the start, every so many steps and at the end; stops what gets worse.

    Each evaluation is a run folder `OUT/step-000050`, as `chateval run` writes it. The training goes on as if there had
    been none: same losses, same weights.

    Example:
        evaluation = EvaluateCallback(["arithmetic", "reading"], every_steps=50, out="runs/sft", stop_on=0.1)
        evaluation.attach(trainer)
        trainer.train()
        evaluation.stopped  # why, or None
    """

    def __init__(
        self,
        suite: Suite | Sequence[str | Task],
        *,
        out: str | Path,
        every_steps: int | None = None,
        baseline: Baseline = "start",
        stop_on: Rule | Mapping[str, Any] | Sequence[Rule | Mapping[str, Any]] | float | None = None,
        limit: int | None = None,
        log_prefix: str = "chateval",
        trust_code: bool = False,
    ) -> None:
        """Say what is evaluated, and when.

        Args:
            suite: Tasks: names, paths, or those of `build_task`; or a Suite, without checkpoints, for more settings.
            out: Folder of the run folders.
            every_steps: Optimizer steps between two evaluations; None is at the start and at the end only.
            baseline: What deltas are taken against: the model at the `start`; with LoRA also the base under it
                (`adapter_off`), evaluated once; the path of a run; or None, which evaluates no start.
            stop_on: Rules of a gate (Rules, or mappings as in chateval.yaml), of which a failed one stops the training,
                an inconclusive one does not; a number is the `max_drop` of the first scorer of every task, in (0, 1).
            limit: First samples of each task; None takes all.
            log_prefix: Of the names in logs and trackers.
            trust_code: Lets tasks run scorers of your own, and code that models wrote.

        Raises:
            ConfigError: If an argument is out of range.
            GateError: If a rule cannot be judged in a training.
        """
        if every_steps is not None and every_steps < 1:
            raise ConfigError(f"every_steps={every_steps}: must be at least 1, or None")
        if isinstance(stop_on, int | float) and not 0 < stop_on < 1:
            raise ConfigError(f"stop_on={stop_on}: the largest drop that is borne, in (0, 1)")
        rules = float(stop_on) if isinstance(stop_on, int | float) else as_rules(stop_on or (), "stop_on")
        own = suite if isinstance(suite, Suite) else Suite((), tuple(suite), baseline="")
        own = own if limit is None else replace(own, limit=limit)
        judged = [Rule(max_drop=rules)] if isinstance(rules, float) else rules
        check_stop_on([*judged, *own.gate], baseline)
        self.out = Path(out)
        self.stopped: str | None = None
        """Why the training was stopped; None if it was not."""
        self._every_steps = every_steps
        self._prefix = log_prefix
        self._steps = Steps(own, self.out, baseline=baseline, stop_on=rules, trust_code=trust_code)
        self._last: int | None = None
        """Step of the last evaluation."""
        self._trainer: Any = None

    def attach(self, trainer: Any) -> "EvaluateCallback":
        """Add the callback to a trainer, whose trackers (wandb, tensorboard, trackio, ...) then get its numbers.

        Passed as `callbacks=[...]` it works as well, and writes its numbers to the log history alone: transformers
        shows a callback no trainer.

        Raises:
            ConfigError: If the trainer shards its model.
        """
        refuse_sharding(trainer.args)
        self._trainer = trainer
        trainer.add_callback(self)
        return self

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Read the tasks, and evaluate the baseline."""
        refuse_sharding(args)
        self._last, self.stopped = None, None

        def begin() -> Evaluated | None:
            self._steps.open(kwargs["model"], kwargs["processing_class"], step=state.global_step)
            return self._steps.start(state.global_step) if self._steps.has_start else None

        self._in_main(state, begin)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Evaluate where it is time, or the last step; stop the training where a rule fails."""
        is_due = self._every_steps is not None and state.global_step % self._every_steps == 0
        if not (is_due or control.should_training_stop):
            return
        self._last = state.global_step
        self.stopped = self._in_main(state, lambda: self._steps.step(state.global_step))
        if self.stopped is not None:
            control.should_training_stop = True
            control.should_save = args.save_strategy != "no"
            if state.is_world_process_zero:
                logger.warning("training stopped at step %d: %s", state.global_step, self.stopped)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Evaluate the last step if another callback ended the training there, and show the curve."""
        if self._last != state.global_step and not args.load_best_model_at_end:
            self._in_main(state, lambda: self._steps.step(state.global_step))
        if state.is_world_process_zero:
            print_curve(compare_steps(self.out, self._steps.home))

    def _in_main(self, state: Any, evaluate: Callable[[], Evaluated | None]) -> str | None:
        """Evaluate in the main process while the others wait; return why to stop, in all of them."""
        reason: tuple[bool, str | None] = (False, None)
        try:
            if state.is_world_process_zero:
                evaluated = evaluate()
                if evaluated is not None:
                    self._log(state, evaluated)
                reason = (True, evaluated.reason if evaluated is not None else None)
        finally:
            is_done, found = share(reason)
        if not is_done:
            raise ChatevalError("the evaluation in the main process failed; its error is there")
        return found

    def _log(self, state: Any, evaluated: Evaluated) -> None:
        """Hand the numbers to the trainer's trackers and its log history."""
        logs = {f"{self._prefix}/{name}": value for name, value in evaluated.numbers.items()}
        if self._trainer is not None:
            wants_log = self._trainer.control.should_log  # of this step, still to come; logging answers it
            # Trainer's own: those of TRL add the means of what they have gathered so far, and begin anew
            Trainer.log(self._trainer, logs)
            self._trainer.control.should_log = wants_log
        else:
            state.log_history.append({**logs, "epoch": state.epoch, "step": state.global_step})

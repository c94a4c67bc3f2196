"""A model in memory -> run folder: what `evaluate` does for checkpoints on disk, between two steps of a training."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chateval.checkpoint.memory import MemoryDigester, digest_tokenizer
from chateval.checkpoint.resolve import context_tokens
from chateval.config import Suite
from chateval.engine.live import LiveWeights, same_random_numbers
from chateval.engine.transformers import TransformersEngine
from chateval.errors import ConfigError, TemplateError
from chateval.pipeline.audit import specimen_of
from chateval.pipeline.evaluate import Result, evaluate_plan
from chateval.pipeline.jury import check_judges
from chateval.pipeline.prepare import Plan, Subject, Watcher, check_gate, open_subject, plan_prompts
from chateval.pipeline.tasks import NO_BRIDGES, Bridges, load_tasks
from chateval.records import Checkpoint, Rule
from chateval.template import quiet_transformers
from chateval.template.grammar import load_families

IN_MEMORY = "in memory"
"""Path of a checkpoint that no file holds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Which state of a training is evaluated."""

    name: str
    """What the checkpoint is called."""
    step: int | None
    """Optimizer step; None for the base under an adapter, which no step changes."""
    is_adapter_off: bool = False


class LiveModel:
    """A model in training with the tasks that it is asked; tasks and prompts are read and built once."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        suite: Suite,
        *,
        watcher: Watcher,
        trust_code: bool = False,
        bridges: Bridges = NO_BRIDGES,
    ) -> None:
        """Check and build all that needs no answer.

        Args:
            model: In memory, with an adapter of PEFT or without, wrapped for several processes or not.
            tokenizer: The trainer's; it is saved and opened again as that of the checkpoint would be, and not changed.
            suite: Tasks and settings; it names no checkpoint.
            watcher: Hears how far it is.
            trust_code: Lets tasks name scorers that are Python of the user's own.
            bridges: Load the tasks of other harnesses.

        Raises:
            ChatevalError: For whatever the user has to mend.
        """
        if suite.checkpoints:
            raise ConfigError("the suite of a training names no checkpoints: the model in training is the one")
        self._watcher = watcher
        self._trust_code = trust_code
        self._suite = replace(suite, gate=())
        self.tasks, self._n_available = load_tasks(suite, trust_code=trust_code, bridges=bridges)
        check_judges(self.tasks, ())
        load_families(suite.families)
        self._weights = LiveWeights(model)
        self._digester = MemoryDigester()
        self._subject = _open(self._weights, tokenizer, self._suite)
        self._prompts = plan_prompts(self._suite, self.tasks, [self._subject])

    @property
    def has_adapter(self) -> bool:
        """Whether an adapter of PEFT is trained."""
        return self._weights.has_adapter

    def check_rules(self, rules: Sequence[Rule], checkpoints: Sequence[str], *, baseline: str) -> None:
        """Raise GateError if a rule could never be decided: it names no task, scorer or checkpoint of this training."""
        check_gate(rules, self.tasks, checkpoints, baseline=baseline)

    def evaluate(self, moment: Moment, out: Path, *, cache_dir: Path) -> Result:
        """Answer all prompts with the model as it is now and write the folder of a run.

        Random numbers, modes and settings of the model are the same afterwards.

        Raises:
            StoreError: If the folder or the response store cannot be written.
        """
        with same_random_numbers(self._weights.model):
            checkpoint = self._checkpoint(moment)
            subject = replace(self._subject, checkpoint=checkpoint)
            prompts = {
                (moment.name, task.name): self._prompts[self._subject.checkpoint.name, task.name] for task in self.tasks
            }
            suite = replace(self._suite, baseline=moment.name)
            return evaluate_plan(
                Plan(suite, self.tasks, self._n_available, (subject,), prompts),
                out,
                cache_dir=cache_dir,
                open_engine=self._open_engine,
                watcher=self._watcher,
                trust_code=self._trust_code,
            )

    def _checkpoint(self, moment: Moment) -> Checkpoint:
        digests = self._digester.model(self._weights.model)
        has_adapter = self.has_adapter and not moment.is_adapter_off
        return replace(
            self._subject.checkpoint,
            name=moment.name,
            kind="lora" if has_adapter else "chat",
            weights_digest=digests.weights,
            adapter_digest=digests.adapter if has_adapter else None,
            n_parameters=digests.n_base + (digests.n_adapter if has_adapter else 0),
            step=moment.step,
        )

    def _open_engine(self, subject: Subject) -> TransformersEngine:
        return TransformersEngine(subject.checkpoint, subject.tokenizer, subject.facts, self._weights)


def _open(weights: LiveWeights, tokenizer: Any, suite: Suite) -> Subject:
    """Open the tokenizer and check its template as those of a saved checkpoint: from a folder, for that moment only."""
    text_side = getattr(tokenizer, "tokenizer", tokenizer)
    if not hasattr(text_side, "chat_template"):
        raise ConfigError("the trainer has no tokenizer: give it one as processing_class")
    if not text_side.chat_template:
        raise TemplateError(
            "the trainer's tokenizer has no chat template: set tokenizer.chat_template before the training"
        )
    with tempfile.TemporaryDirectory(prefix="chateval-") as name, quiet_transformers():
        folder = Path(name)
        text_side.save_pretrained(folder)
        config = weights.inner.config.to_json_string(use_diff=False)
        (folder / "config.json").write_text(config, "utf-8")
        settings = getattr(weights.inner, "generation_config", None)
        if settings is not None:
            (folder / "generation_config.json").write_text(settings.to_json_string(use_diff=False), "utf-8")
        checkpoint = Checkpoint(
            name="training",
            kind="chat",
            path=str(folder),
            dtype=weights.dtype,
            tokenizer_digest=digest_tokenizer(folder),
            context_tokens=context_tokens(json.loads(config)),
        )
        subject = open_subject(checkpoint, specimen_of(checkpoint, suite.families), suite)
    return replace(subject, checkpoint=replace(checkpoint, path=IN_MEMORY))

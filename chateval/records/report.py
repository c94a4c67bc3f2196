"""All that is shown of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chateval.findings import TemplateReport
from chateval.records.contrast import Change, Crossing, Noise, Refusal, Slice
from chateval.records.counts import DialogueCount, HelperSummary, ReasonCount, ThinkingCount
from chateval.records.gate import Verdict
from chateval.records.ladder import Ladder
from chateval.records.score import Comparison, Estimate, Figure, Flip
from chateval.records.task import Decoding, Output

FAKE = "fake"
"""The engine that has no model."""


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """What a report says of a task."""

    name: str
    version: int
    description: str
    n_samples: int
    """Samples in this run."""
    n_available: int
    """Samples that the task has."""
    output: Output
    decoding: Decoding
    scorers: tuple[str, ...]
    """In the task's order; the first is the headline."""
    digest: str
    families: tuple[str, ...] = ()
    """Of each scorer."""
    n_demos: int = 0
    prompt_digest: str = ""
    """Of what decides the answers: `Task.prompt_digest`; empty where another harness made the run."""
    scorer_digests: tuple[str, ...] = ()
    """Of each scorer, with its options and the files they read."""
    judges: tuple[tuple[str, ...], ...] = ()
    """Of each scorer, the models whose judgements it reads; empty where no scorer reads any."""


@dataclass(frozen=True, slots=True)
class CheckpointSummary:
    """What a report says of a checkpoint."""

    name: str
    kind: str
    dtype: str
    template_source: str
    template_digest: str
    weights_digest: str
    adapter_digest: str | None
    n_responses: int
    n_errors: int | None
    """Prompts that got no answer; None where another harness made the run and did not write it down."""
    n_length: int | None
    """Answers cut at the token limit; None where another harness made the run and did not write it down."""
    n_cut: int
    """Prompts that lost turns to the token limit."""
    n_prompt_tokens: int
    n_output_tokens: int
    template: TemplateReport | None = None
    """What the checks of its chat template came to; None for completion, and where they were switched off."""
    tokenizer_digest: str = ""
    n_parameters: int | None = None
    """Numbers in the weight files, the adapter's and its base's together; None where nothing says."""
    step: int | None = None
    """Optimizer step of the training that it was saved at; None where nothing says."""
    inert: str = ""
    """Why an adapter adds nothing to its base, such as `every lora_B is 0`; empty if it adds something."""
    engine: str = ""
    """What answered, such as `transformers`; `fake` is no model. Empty where nothing says."""
    n_empty: int | None = None
    """Generated answers without a character that shows; None where another harness made the run."""
    n_incomplete: int | None = None
    """Answers that end inside their thinking, scored 0; they are not in `n_empty`. None where nothing says."""
    thinking: ThinkingCount | None = None
    """How long it thought; None if it never did, or nothing says."""
    template_options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Switches of its chat template that the user set, such as `enable_thinking`."""

    @property
    def is_fake(self) -> bool:
        """Whether no model answered."""
        return self.engine == FAKE


@dataclass(frozen=True, slots=True)
class Fault:
    """A sample that a template scorer found at fault."""

    checkpoint: str
    task: str
    scorer: str
    sample_id: str
    reason: str
    prompt_end: str
    """Last characters of the prompt."""
    raw_text: str
    """First characters of the answer, special tokens kept."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is shown of a run; every output is a function of it."""

    baseline: str
    checkpoints: tuple[CheckpointSummary, ...]
    tasks: tuple[TaskSummary, ...]
    estimates: tuple[Estimate, ...]
    audits: tuple[Estimate, ...]
    """Template scorers over all tasks, task `*`; samples to which one does not apply are not in its n."""
    comparisons: tuple[Comparison, ...]
    flips: tuple[Flip, ...]
    faults: tuple[Fault, ...] = ()
    """Examples of samples that a template scorer found at fault, a few for each checkpoint and scorer."""
    behaviour: tuple[Comparison, ...] = ()
    """Template scorers of each candidate against the baseline, task `*`; without tests."""
    verdicts: tuple[Verdict, ...] = ()
    figures: tuple[Figure, ...] = ()
    """What the tasks' measures came to."""
    changes: tuple[Change, ...] = ()
    """What is otherwise with each candidate than with the baseline."""
    refusals: tuple[Refusal, ...] = ()
    """What may not be compared."""
    slices: tuple[Slice, ...] = ()
    """Comparisons on parts of the samples."""
    crossings: tuple[Crossing, ...] = ()
    noise: tuple[Noise, ...] = ()
    """Of the baseline, where it was measured."""
    is_anytime: bool = False
    """Whether intervals hold wherever the run stopped: confidence sequences, without tests beside them."""
    dialogues: tuple[DialogueCount, ...] = ()
    """How the dialogues ended, of tasks that are dialogues."""
    reasons: tuple[ReasonCount, ...] = ()
    """What scorers said, counted, of those whose reasons begin with a verdict."""
    helpers: tuple[HelperSummary, ...] = ()
    """Models that judged or played users."""
    ladders: tuple[Ladder, ...] = ()
    """Checkpoints in the order of their training, where the user named one, for each scorer and measure."""
    format: Literal[1] = 1
    """Of report.json; it changes when a field goes away or means something else."""

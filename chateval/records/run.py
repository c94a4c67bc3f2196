"""A finished run: what was asked, answered and scored, of chateval or of another harness."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from chateval.records.answer import Prompt, Response
from chateval.records.contrast import Noise
from chateval.records.counts import DialogueCount
from chateval.records.judgement import Judgement
from chateval.records.report import CheckpointSummary, TaskSummary
from chateval.records.score import Estimate, Figure, Score
from chateval.records.task import Sample

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Answered:
    """A prompt with its response and their address: one line of responses.jsonl."""

    checkpoint: str
    task: str
    prompt: Prompt
    response: Response


@dataclass(frozen=True, slots=True)
class Asked:
    """A sample with its address: one line of samples.jsonl."""

    task: str
    sample: Sample


@dataclass(frozen=True, slots=True)
class Effort:
    """What it took to have the answers of one checkpoint; of those that the model gave, not of stored ones."""

    checkpoint: str
    seconds: float
    """Wall time of the engine, loading the model included, s."""
    n_responses: int
    """Answers that the model gave in that time."""
    n_prompt_tokens: int
    n_output_tokens: int
    peak_bytes: int | None = None
    """Most memory that the process (or, on a GPU, the device) held; None where it cannot be known."""

    @property
    def tokens_per_second(self) -> float | None:
        """Prompt and output tokens together, per second; None if the model gave nothing."""
        n_tokens = self.n_prompt_tokens + self.n_output_tokens
        return n_tokens / self.seconds if self.seconds > 0 and n_tokens else None


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run as it is compared, ranked, gated and shown. What a harness did not write down is absent."""

    name: str
    """What it is called among others: the name of its folder or file."""
    path: str
    """Where it was read from."""
    harness: str
    """What made it, with its version where known: `chateval 0.1.0`, `lm-eval 0.4.9`, `inspect_ai`, `promptfoo`."""
    baseline: str
    """Name of the checkpoint that the others are compared with within this run."""
    checkpoints: tuple[CheckpointSummary, ...]
    tasks: tuple[TaskSummary, ...]
    samples: Mapping[str, Mapping[str, Sample]]
    """Task -> sample id -> sample. Ids are digests of content, so that runs pair."""
    scores: tuple[Score, ...]
    """Of the tasks' own scorers."""
    answers: Iterable[Answered] = ()
    """Read from the disk each time they are gone through; may be empty."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """manifest.json of chateval, or what another harness wrote of versions and settings."""
    audits: tuple[Estimate, ...] = ()
    """Template scorers over all tasks."""
    figures: tuple[Figure, ...] = ()
    """What the tasks' measures came to."""
    efforts: tuple[Effort, ...] = ()
    noise: tuple[Noise, ...] = ()
    """Of the run's own baseline, where it was measured."""
    target_digests: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Task -> sample id -> short digest of target and choices, of samples without texts; empty where not written."""
    judgements: Iterable[Judgement] = ()
    """What judges said of the answers."""
    dialogues: tuple[DialogueCount, ...] = ()
    """How its dialogues ended."""

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the scores, each with the run, cluster, tags and target of its sample."""
        columns = self.columns()
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))

    def columns(self) -> dict[str, list[Any]]:
        """Return the scores by column, each with the run, cluster, tags and target of its sample."""
        found = [self.samples.get(score.task, {}).get(score.sample_id) for score in self.scores]
        return {
            "run": [self.name] * len(found),
            **{one.name: list(map(attrgetter(one.name), self.scores)) for one in fields(Score)},
            "cluster": [sample.cluster if sample else None for sample in found],
            "tags": [list(sample.tags) if sample else [] for sample in found],
            "target": [sample.target if sample else None for sample in found],
        }

    def to_pandas(self) -> "pandas.DataFrame":
        """Return a DataFrame with a row for each score: run, checkpoint, task, scorer, sample_id, repeat, value, ...

        `value` is a float in [0, 1], NaN where a case could not be scored, with `reason` saying why.
        """
        import pandas

        return pandas.DataFrame(mended(self.columns())).astype({"value": "float64"})


_LONE = re.compile("[\ud800-\udfff]")


def mended(columns: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Return columns with U+FFFD for each lone surrogate in their texts, which pandas and Parquet cannot hold."""
    return {name: list(map(_mended, values)) for name, values in columns.items()}


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _LONE.sub("\ufffd", value)
    return [_mended(one) for one in value] if isinstance(value, list) else value

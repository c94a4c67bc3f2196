"""What is asked: tasks, their samples, and how answers are drawn and scored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chateval.records.dialogue import DialogueSpec
from chateval.records.message import Message
from chateval.records.picture import Picture, Sound

Output = Literal["generate", "choose"]


@dataclass(frozen=True, slots=True)
class Decoding:
    """How an answer is drawn. The defaults are greedy."""

    max_new_tokens: int = 128
    """Most tokens of one answer, at least 1."""
    stop: tuple[str, ...] = ()
    """Strings that end the answer; the string itself is not part of `Response.text`."""
    temperature: float = 0.0
    """0 is greedy; above 0 answers are drawn, each with its own seeded generator."""
    top_p: float = 1.0
    """Share of the probability mass that is kept before drawing, in (0, 1]."""
    seed: int = 0
    repeats: int = 1
    """Answers drawn per sample; more than 1 needs a temperature above 0."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the user says of how answers are drawn, in place of what tasks say; None leaves it to them."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    repeats: int | None = None


@dataclass(frozen=True, slots=True)
class ScorerSpec:
    """A scorer as a task names it."""

    name: str
    """What its scores appear under."""
    options: Mapping[str, Any] = field(default_factory=dict)
    function: str = ""
    """Which scorer it is, where that is not `name`."""
    extract: tuple[str, ...] = ()
    """Extraction steps, tried in order, whose find is scored instead of the whole answer."""

    @property
    def called(self) -> str:
        """The name of the scorer in the table, or `package.module:function`."""
        return self.function or self.name


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    """A measure as a task names it."""

    name: str
    """What it appears under."""
    options: Mapping[str, Any] = field(default_factory=dict)
    function: str = ""
    """Which measure it is, where that is not `name`."""

    @property
    def called(self) -> str:
        """The name of the measure in the table."""
        return self.function or self.name


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of a task."""

    id: str
    """First 16 hex digits of the sha256 of the row's canonical JSON: an address by content, that of the images and
    recordings that it names included."""
    inputs: Mapping[str, Any]
    """The row as it stands in the data; messages and target were rendered from it."""
    messages: tuple[Message, ...] = ()
    """What is said to the model, before any chat template."""
    target: str = ""
    choices: tuple[str, ...] = ()
    """Texts to choose from; empty for tasks that generate."""
    cluster: str | None = None
    """Samples that share a source (a passage, a dialogue) share a cluster."""
    tags: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    """Further right answers, beside `target`."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """Functions that may be called, each `{"type": "function", "function": {...}}`, as chat templates take them."""
    turns: tuple[str, ...] = ()
    """What the user says after each answer, in order; of a dialogue with a scripted user."""
    user: str = ""
    """Whom a simulated user is, and what they want."""
    state: Mapping[str, Any] | None = None
    """The world that the tools act on, before the first call."""
    results: tuple[Mapping[str, Any], ...] = ()
    """Recorded results of calls: `{"name": ..., "arguments": {...}, "result": ...}` each."""
    images: tuple[Picture, ...] = ()
    """What parts `{"type": "image", "sha256": ...}` of the messages name."""
    sounds: tuple[Sound, ...] = ()
    """What parts `{"type": "audio", "sha256": ...}` of the messages name."""

    @property
    def targets(self) -> tuple[str, ...]:
        """All right answers, the main one first."""
        return (self.target, *self.alternatives)


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked, of which samples, and how answers are scored."""

    name: str
    version: int
    description: str
    source: str
    licence: str
    output: Output
    decoding: Decoding
    scorers: tuple[ScorerSpec, ...]
    samples: tuple[Sample, ...]
    path: str
    """The YAML file it was read from; not part of the digest."""
    prompt_digest: str
    """sha256 of what decides the answers: output, message templates and decoding."""
    digest: str
    """sha256 of `prompt_digest`, version and scorers with the files they read; the samples have ids of their own."""
    measures: tuple[MeasureSpec, ...] = ()
    data: str | None = None
    """File or folder that took the place of the task's data set; not part of the digest."""
    n_demos: int = 0
    """Solved samples before each question."""
    reference: str = ""
    """Under which another harness knows it, as `lighteval:gsm8k`; empty for tasks of chateval's own form."""
    dialogue: DialogueSpec | None = None
    """How it goes on after the first answer; None for tasks of one answer."""
    choices_end_turn: bool = False
    """Whether each choice is a whole answer, with the end of turn of the template behind it."""

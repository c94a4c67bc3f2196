"""What a checkpoint saw and what came back."""

from dataclasses import dataclass
from typing import Literal

from chateval.findings import Finding
from chateval.records.checkpoint import TemplateFacts
from chateval.records.dialogue import Dialogue
from chateval.records.judgement import Judgement
from chateval.records.message import Message
from chateval.records.picture import Picture, Sound
from chateval.records.task import Decoding, Sample

Finish = Literal["eos", "stop", "length", "error", "unknown"]
"""Why decoding ended: an end token of the checkpoint, a stop string of the task, the limit, or a fault.

`unknown` is of answers in the logs of harnesses that do not write it down; no engine says so.
"""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Exactly what a checkpoint sees for one sample."""

    sample_id: str
    messages: tuple[Message, ...]
    text: str
    """The rendered text, generation prompt included."""
    ids: tuple[int, ...]
    """The one tokenisation of `text`, special tokens included, shape [n_prompt_tokens]."""
    decoding: Decoding
    choice_ids: tuple[tuple[int, ...], ...] = ()
    """Token ids of each choice as they follow `ids`; empty for tasks that generate."""
    n_cut: int = 0
    """Messages dropped or shortened to fit the token limit."""
    error: str | None = None
    """Why this prompt cannot be sent; the sample is then unscored."""
    findings: tuple[Finding, ...] = ()
    """Where the ids leave the layout of their dialect; offsets are into `text`."""
    repeat: int = 0
    cut: str = ""
    """What was dropped, in words."""
    images: tuple[Picture, ...] = ()
    """What is shown, in the order of their places in `text`, which has one placeholder each; in `ids` they have as
    many as the checkpoint gives an image."""
    sounds: tuple[Sound, ...] = ()
    """What is played; to endpoints only."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back for one prompt."""

    sample_id: str
    text: str
    """The answer without special tokens and without the stop string."""
    finish: Finish
    raw_text: str = ""
    """The answer with its special tokens."""
    output_ids: tuple[int, ...] = ()
    """Generated ids, the end token included, padding never; shape [n_output_tokens]."""
    n_prompt_tokens: int = 0
    choice_logprobs: tuple[tuple[float, ...], ...] = ()
    """Natural-log probability of each token of each choice, float32 sums to be taken over the inner axis."""
    error: str | None = None
    repeat: int = 0
    dialogue: Dialogue | None = None
    """All rounds, of which this is the last; None for tasks of one answer."""
    reasoning: str = ""
    """The thinking before the answer, which is then no part of `text`: as a server gave it, or as a case has it."""
    is_incomplete: bool = False
    """Whether it ends inside its thinking, and so has no answer: as a server gave it, or as a case has it."""
    n_reasoning_tokens: int | None = None
    """Of `output_ids`, those of the thinking with its marks; None where nobody counted them."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that a scorer may look at."""

    sample: Sample
    prompt: Prompt
    response: Response
    facts: TemplateFacts
    reference: Response | None = None
    """What the baseline answered to the same sample and repeat, for scorers that compare with it; None for others."""
    judgements: tuple[Judgement, ...] = ()
    """What judges said of this answer."""

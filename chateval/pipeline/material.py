"""What a report is made of: what was asked of whom, and what came back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chateval.findings import TemplateReport
from chateval.pipeline.mark import Address
from chateval.pipeline.prepare import Key
from chateval.records import (
    Checkpoint,
    Judgement,
    Prompt,
    Response,
    Task,
    TemplateFacts,
)


@dataclass(frozen=True, slots=True)
class Material:
    """What was asked of whom, from a live run or from a run folder."""

    tasks: tuple[Task, ...]
    n_available: Mapping[str, int]
    checkpoints: tuple[Checkpoint, ...]
    facts: Mapping[str, TemplateFacts]
    templates: Mapping[str, TemplateReport | None]
    prompts: Mapping[Key, Sequence[Prompt]]
    responses: Mapping[Key, Sequence[Response]]
    """Gone through from front to back; they need not be in memory together."""
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """As it is written; for what differs between the checkpoints."""
    judgements: Mapping[Address, Sequence[Judgement]] = field(default_factory=dict)
    """What judges said of the answers."""

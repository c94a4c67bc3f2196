"""What of a task.yaml is part of its digests: what decides the answers, and how they are scored."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from chateval.codec import digest
from chateval.records import DialogueSpec, MeasureSpec, ScorerSpec
from chateval.task.demos import Demos
from chateval.task.spec import TaskSpec


def asked_of(spec: TaskSpec, demos: Demos | None) -> list[Any]:
    """Return what decides the answers."""
    choices = _plain(spec.choices) if spec.output == "choose" else None
    found = [
        spec.output,
        [message.model_dump() for message in spec.messages],
        spec.decoding.model_dump(),
        choices,
    ]
    if spec.choices_end_turn:
        found.append("choices_end_turn")
    if spec.tools is not None:
        found.append(_plain(spec.tools))
    if demos is not None:
        rows = [[row for row, _ in group] for _, group in sorted(demos.groups.items())]
        found.append([demos.n, demos.spec.model_dump(), digest(rows)])
    return found


def asked_further(spec: TaskSpec, dialogue: DialogueSpec | None) -> list[Any]:
    """Return what decides the rounds after the first answer; nothing of a task of one answer."""
    if spec.dialogue is None or dialogue is None:
        return []
    said = spec.dialogue.model_dump(include={"turns", "user", "results", "state"})
    return [asdict(dialogue) | {"tools_path": "", "said": said}]


def scored_of(
    spec: TaskSpec, prompt_digest: str, scorers: Iterable[ScorerSpec], measures: Iterable[MeasureSpec]
) -> list[Any]:
    """Return what decides the answers and how they are scored."""
    found = [prompt_digest, spec.version, spec.target, _plain(spec.choices), [_spelt(scorer) for scorer in scorers]]
    further = [_plain(spec.targets), [_spelt(measure) for measure in measures]]
    return found + further if any(further) else found


def _spelt(spec: ScorerSpec | MeasureSpec) -> list[Any]:
    found = [spec.name, spec.options]
    extract = list(spec.extract) if isinstance(spec, ScorerSpec) else []
    return [*found, spec.function, extract] if spec.function or extract else found


def _plain(spec: Any) -> Any:
    return spec.model_dump() if isinstance(spec, BaseModel) else spec

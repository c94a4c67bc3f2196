"""`dialogue:` of a task.yaml -> its record, and what each row has for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chateval.codec import digest, read_text
from chateval.errors import DataError
from chateval.records import DialogueLimits, DialogueSpec, SimulatedUser
from chateval.task.dialogue_spec import DialogueFields
from chateval.task.fields import FieldSpec, field_of
from chateval.task.render import compile_text


@dataclass(frozen=True, slots=True)
class DialogueParts:
    """What a row has for its dialogue."""

    turns: tuple[str, ...] = ()
    user: str = ""
    state: Mapping[str, Any] | None = None
    results: tuple[Mapping[str, Any], ...] = ()


Parts = Callable[[Mapping[str, Any], str], DialogueParts]
"""(row, where the row stands) -> its parts."""


def dialogue_of(shape: DialogueFields | None, tools: Path | None) -> DialogueSpec | None:
    """Return the record; the digest of the file of tools is part of it."""
    if shape is None:
        return None
    user = SimulatedUser(**shape.user.model_dump(exclude={"prompt"})) if shape.user else None
    return DialogueSpec(
        limits=DialogueLimits(shape.max_rounds, shape.max_calls, shape.max_tokens, shape.history),
        tools_path=str(tools.resolve()) if tools else "",
        tools_digest=digest(read_text(tools)) if tools else "",
        user=user,
        has_state=shape.state is not None,
    )


def compile_dialogue(shape: DialogueFields | None, *, where: str, is_ours: bool = False) -> Parts:
    """Compile what a row has for its dialogue; the function raises DataError for a row that has it not."""
    if shape is None:
        return lambda row, row_where: DialogueParts()
    place = f"{where}: dialogue.user.prompt"
    prompt = compile_text(shape.user.prompt, where=place, is_ours=is_ours) if shape.user else None

    def parts(row: Mapping[str, Any], row_where: str) -> DialogueParts:
        return DialogueParts(
            turns=_turns(row, shape.turns, row_where),
            user=prompt(row, row_where) if prompt else "",
            state=_state(row, shape.state, row_where),
            results=_results(row, shape.results, row_where),
        )

    return parts


def _turns(row: Mapping[str, Any], spec: FieldSpec | None, where: str) -> tuple[str, ...]:
    if spec is None:
        return ()
    found = field_of(row, spec.field, where)
    if not isinstance(found, list) or not all(isinstance(turn, str) and turn.strip() for turn in found):
        raise DataError(f"{where}: field {spec.field!r} must be a list of what the user says, texts that are not empty")
    return tuple(found)


def _state(row: Mapping[str, Any], spec: FieldSpec | None, where: str) -> Mapping[str, Any] | None:
    if spec is None:
        return None
    found = field_of(row, spec.field, where)
    if not isinstance(found, dict):
        raise DataError(f"{where}: field {spec.field!r} must be an object: the world before the first call")
    return found


def _results(row: Mapping[str, Any], spec: FieldSpec | None, where: str) -> tuple[Mapping[str, Any], ...]:
    if spec is None:
        return ()
    found = field_of(row, spec.field, where)
    known = {"name", "arguments", "result"}
    if not isinstance(found, list) or not all(
        isinstance(one, dict)
        and isinstance(one.get("name"), str)
        and isinstance(one.get("arguments", {}), dict)
        and "result" in one
        and one.keys() <= known
        for one in found
    ):
        raise DataError(f"{where}: field {spec.field!r} must be a list of {{name, arguments, result}}")
    return tuple(found)

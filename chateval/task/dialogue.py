"""`dialogue:` of a task.yaml -> its record, and what each row has for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chateval.codec import canonical, digest, read_text
from chateval.errors import DataError
from chateval.records import DialogueLimits, DialogueSpec, SimulatedUser
from chateval.task.dialogue_spec import DialogueFields
from chateval.task.fields import FieldSpec, field_of
from chateval.task.render import compile_text, compile_texts


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
    turns = compile_texts(shape.turns, "dialogue.turns", where=where, is_ours=is_ours)

    def parts(row: Mapping[str, Any], row_where: str) -> DialogueParts:
        return DialogueParts(
            turns=_turns(turns(row, row_where), shape.max_rounds, row_where),
            user=prompt(row, row_where) if prompt else "",
            state=_state(row, shape.state, row_where),
            results=_results(row, shape.results, row_where),
        )

    return parts


def _turns(found: tuple[str, ...], max_rounds: int, where: str) -> tuple[str, ...]:
    """Refuse turns that the user cannot say: empty ones, and those behind the last answer that the limit allows."""
    if not all(turn.strip() for turn in found):
        raise DataError(f"{where}: dialogue.turns must be what the user says, texts that are not empty")
    if found and len(found) + 1 > max_rounds:
        raise DataError(
            f"{where}: {len(found)} turns ask for {len(found) + 1} answers, and dialogue.max_rounds is {max_rounds}"
        )
    return found


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
    if not isinstance(found, list):
        raise DataError(f"{where}: field {spec.field!r} must be a list of {{name, arguments, result}}")
    seen: set[bytes] = set()
    for index, one in enumerate(found):
        place = f"{where}: {spec.field}[{index}]"
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise DataError(f"{place}: a recorded result is an object with name, arguments and result")
        if not isinstance(one.get("arguments", {}), dict):
            raise DataError(f"{place}: arguments must be an object, or absent for any arguments")
        if ("result" in one) == ("error" in one) or not isinstance(one.get("error", ""), str):
            raise DataError(f"{place}: needs either result, or error: what a call that fails says")
        if unknown := one.keys() - {"name", "arguments", "result", "error"}:
            raise DataError(f"{place}: unknown field {min(unknown)!r}; known: name, arguments, result, error")
        key = canonical([one["name"], one.get("arguments")])
        if key in seen:
            raise DataError(f"{place}: a second result of {one['name']} with the same arguments")
        seen.add(key)
    return tuple(found)


def check_result_names(results: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], *, where: str) -> None:
    """Refuse recorded results of a tool that the sample does not offer.

    Raises:
        DataError: If there is one.
    """
    offered = [str(tool["function"]["name"]) for tool in tools]
    for one in results:
        if offered and one["name"] not in offered:
            raise DataError(f"{where}: a result of {one['name']!r}, which is not on offer: {', '.join(offered)}")

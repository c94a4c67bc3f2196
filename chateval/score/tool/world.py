"""Scorer for what the tools of a dialogue act on: is the world in the end as it should be?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chateval.records import Case, Mark
from chateval.score.json_format import read_json, shorten

_ABSENT = object()


def world_state(case: Case, *, ignore: Sequence[str] = ()) -> Mark:
    """Compare the state after the last call with the target. How the model got there is not looked at.

    Values are compared as JSON: numbers as numbers, texts letter by letter, lists in order; a boolean is no number.

    Args:
        case: The response of a dialogue with a state, and the sample; its target is the JSON text of the state that is
            wanted. Alternatives are further targets.
        ignore: Paths whose values may be any or absent, keys joined by dots, `*` for any one: `bookings.*.id`.

    Returns:
        1.0 if they are equal, else 0.0; the reason names the first place that differs, and how many there are.

    Raises:
        ValueError: If a target is no JSON object, or the sample has no state: the task is at fault, not the model.
    """
    if case.sample.state is None:
        raise ValueError("the sample has no state; a task with tools that act on one says dialogue: {state: ...}")
    dialogue = case.response.dialogue
    found = case.sample.state if dialogue is None else dialogue.state
    paths = [tuple(path.split(".")) for path in ignore]
    differences = [list(_differences(found, _target(target), (), paths)) for target in case.sample.targets]
    nearest = min(differences, key=len)
    shown = shorten(json.dumps(found, ensure_ascii=False, sort_keys=True))
    if not nearest:
        return Mark(1.0, answer=shown)
    more = f" (and {len(nearest) - 1} more)" if len(nearest) > 1 else ""
    return Mark(0.0, answer=shown, reason=f"{shorten(nearest[0])}{more}")


def _target(text: str) -> Any:
    try:
        value = read_json(text)
    except ValueError as fault:
        raise ValueError(f"the target cannot be read: {fault}") from fault
    if not isinstance(value, dict):
        raise ValueError(f"target {shorten(text)}: must be a JSON object, the state that is wanted")
    return value


def _differences(found: Any, wanted: Any, path: tuple[str, ...], ignored: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Yield where two values differ, in words; goes no deeper than `wanted`, which the task has written."""
    if any(_matches(path, pattern) for pattern in ignored):
        return
    where = ".".join(path) or "the state"
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            inner = (found.get(key, _ABSENT), wanted.get(key, _ABSENT))
            yield from _differences(*inner, (*path, str(key)), ignored)
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for place, inner in enumerate(zip(found, wanted, strict=True)):
            yield from _differences(*inner, (*path, str(place)), ignored)
    elif wanted is _ABSENT:
        yield f"{where}: {_spelt(found)}, which should not be there"
    elif found is _ABSENT:
        yield f"{where}: nothing, not {_spelt(wanted)}"
    elif isinstance(found, bool) != isinstance(wanted, bool) or found != wanted:
        yield f"{where}: {_spelt(found)}, not {_spelt(wanted)}"


def _matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(part in ("*", key) for key, part in zip(path, pattern, strict=True))


def _spelt(value: Any) -> str:
    return shorten(json.dumps(value, ensure_ascii=False))

"""Some checkpoints of a run, under names of their own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from chateval.errors import GateError
from chateval.records import Answered, Run

R = TypeVar("R")


class _Picked(Iterable[Answered]):
    """The answers of some checkpoints, read again each time they are gone through."""

    def __init__(self, answers: Iterable[Answered], names: Mapping[str, str]) -> None:
        self._answers = answers
        self._names = names

    def __iter__(self) -> Iterator[Answered]:
        return _renamed(self._answers, self._names)


def _renamed(records: Iterable[R], names: Mapping[str, str]) -> Iterator[R]:
    for record in records:
        one: Any = record
        if one.checkpoint in names:
            new = names[one.checkpoint]
            yield record if new == one.checkpoint else replace(one, checkpoint=new)


def pick(run: Run, names: Mapping[str, str]) -> Run:
    """Return a run with some of its checkpoints only.

    Args:
        run: Any run.
        names: Name of each checkpoint that is kept -> its name from now on; the first is the baseline where the run's
            own is not kept.

    Raises:
        GateError: If the run has no such checkpoint.
    """
    known = [checkpoint.name for checkpoint in run.checkpoints]
    for name in names:
        if name not in known:
            raise GateError(f"{run.path}: no checkpoint {name!r} in it; there are: {', '.join(known)}")
    entries = run.manifest.get("checkpoints")
    manifest = dict(run.manifest)
    if isinstance(entries, Sequence):
        manifest["checkpoints"] = [_entry(entry, names) for entry in entries if _name_of(entry) in names]
    return replace(
        run,
        baseline=names[run.baseline] if run.baseline in names else next(iter(names.values())),
        checkpoints=tuple(replace(found, name=names[found.name]) for found in run.checkpoints if found.name in names),
        scores=tuple(_renamed(run.scores, names)),
        answers=_Picked(run.answers, names),
        manifest=manifest,
        audits=tuple(_renamed(run.audits, names)),
        figures=tuple(_renamed(run.figures, names)),
        efforts=tuple(_renamed(run.efforts, names)),
        noise=run.noise if run.baseline in names else (),
    )


def _name_of(entry: Any) -> str:
    checkpoint = entry.get("checkpoint") if isinstance(entry, Mapping) else None
    return str(checkpoint.get("name", "")) if isinstance(checkpoint, Mapping) else ""


def _entry(entry: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a checkpoint's part of a manifest of chateval, renamed."""
    return {**entry, "checkpoint": {**entry["checkpoint"], "name": names[_name_of(entry)]}}

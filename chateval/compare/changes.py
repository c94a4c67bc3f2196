"""What was otherwise with one checkpoint than with another: the manifests of their runs, in words."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from chateval.compare.comparable import Pairing, has_digests
from chateval.compare.template_change import template_changes
from chateval.compare.written import Asking, asked_apart, asked_of, is_apart, settings_apart
from chateval.records import CheckpointSummary, TaskSummary
from chateval.records.contrast import Change, ChangeKind

Found = tuple[ChangeKind, str, str, str]
"""(kind, what, before, after)"""

_RANKS = {kind: rank for rank, kind in enumerate(get_args(ChangeKind))}
_NONE = "none"
_DIGITS = 12
"""Of a digest, where it is shown."""
_SETTINGS: Mapping[str, ChangeKind] = {
    "system": "prompt",
    "overflow": "prompt",
    "limit": "data",
    "is_shuffled": "data",
}
"""Keys of a manifest of chateval that hold for all tasks. The number of demos is the tasks' own."""
_RUN_KEYS = frozenset(
    {"checkpoints", "tasks", "gate", "notes", "baseline", "libraries", "format", "n_demos", "helpers", *_SETTINGS}
)
"""Keys of a manifest that are looked at elsewhere or say nothing of how answers came about."""


@dataclass(frozen=True, slots=True)
class Side:
    """A checkpoint with what its run wrote down."""

    name: str
    summary: CheckpointSummary
    tasks: tuple[TaskSummary, ...]
    manifest: Mapping[str, Any] = field(default_factory=dict)
    harness: str = "chateval"

    @property
    def entry(self) -> Mapping[str, Any]:
        """What the manifest says of the checkpoint; empty where it says nothing."""
        found = self.manifest.get("checkpoints", ())
        entries = found if isinstance(found, list | tuple) else ()
        for entry in entries:
            if isinstance(entry, Mapping) and entry.get("checkpoint", {}).get("name") == self.summary.name:
                return entry
        return {}

    @property
    def asked(self) -> Mapping[str, Any]:
        """What the manifest says of how prompts for the checkpoint are put together."""
        return asked_of(self.manifest, self.entry)


def find_changes(before: Side, after: Side, *, paired: Mapping[str, Pairing] | None = None) -> list[Change]:
    """Return what differs between two checkpoints and their runs, what can move most first; nothing that is equal.

    Args:
        before: The baseline.
        after: The candidate.
        paired: Task -> how its samples pair, for checkpoints of two runs.
    """
    found: list[Found] = [
        *_weights(before, after),
        *_tokenizer(before, after),
    ]
    templates = template_changes(before.summary, after.summary, before.entry, after.entry)
    found += [("template", *change) for change in templates]
    if before.manifest is not after.manifest:
        found += _settings(before.manifest, after.manifest)
        found += (("prompt", *setting) for setting in asked_apart(before.asked, after.asked))
        found += _tasks(before, after)
        found += _pairings(paired or {})
    found += _software(before, after)
    return [
        Change(before.name, after.name, kind, what, old, new, f"{what} {old} -> {new}" if old or new else what)
        for kind, what, old, new in sorted(found, key=lambda change: _RANKS[change[0]])
    ]


def _pairings(paired: Mapping[str, Pairing]) -> Iterator[Found]:
    for task, found in paired.items():
        if not found.n_paired == found.n_before == found.n_after:
            counts = f"{found.n_paired} pair of {found.n_before} before and {found.n_after} after"
            yield "data", f"{task}: samples, {counts}", "", ""
        if found.is_misnamed:
            words = "ids stand for other questions in the two runs, as row numbers do"
            yield "data", f"{task}: {words}; samples pair by their content", "", ""
        if found.n_reworded:
            yield "prompt", f"{task}: other messages in {found.n_reworded} of {found.n_paired} pairs", "", ""
        if found.n_untold:
            words = f"targets of {found.n_untold} of {found.n_paired} pairs were not written down"
            yield "data", f"{task}: {words}; they may not be the same", "", ""


def _weights(before: Side, after: Side) -> Iterator[Found]:
    old, new = before.summary, after.summary
    if old.weights_digest != new.weights_digest:
        yield "weights", "weight files", _digits(old.weights_digest), _digits(new.weights_digest)
    elif not old.weights_digest and before.manifest is not after.manifest:
        harnesses = " and ".join(dict.fromkeys(side.harness.split(" ")[0] for side in (before, after)))
        yield "weights", f"weight files unknown: {harnesses} did not write them down", "", ""
    if old.adapter_digest != new.adapter_digest:
        yield "adapter", "adapter files", _digits(old.adapter_digest), _digits(new.adapter_digest)
    if new.inert and new.inert != old.inert:
        yield "adapter", f"the adapter adds nothing to its base: {new.inert}", "", ""
    if old.n_parameters != new.n_parameters and old.n_parameters and new.n_parameters:
        has_adapter = old.adapter_digest or new.adapter_digest
        kind: ChangeKind = "adapter" if has_adapter and old.weights_digest == new.weights_digest else "weights"
        yield kind, "parameters", f"{old.n_parameters:,}", f"{new.n_parameters:,}"
    if old.step != new.step:
        yield "weights", "training step", _plain(old.step), _plain(new.step)


def _tokenizer(before: Side, after: Side) -> Iterator[Found]:
    old, new = before.summary.tokenizer_digest, after.summary.tokenizer_digest
    if old == new:
        return
    is_all = before.summary.template_digest == after.summary.template_digest
    yield "tokenizer", f"tokenizer files{'' if is_all else ', the template among them,'}", _digits(old), _digits(new)
    mine, theirs = (side.entry.get("template", {}).get("special_tokens") for side in (before, after))
    if mine and theirs and mine != theirs:
        gone = [f"-{token}" for token in mine if token not in theirs]
        come = [f"+{token}" for token in theirs if token not in mine]
        both = [token for token in mine if token in theirs and mine[token] != theirs[token]]
        moved = [f"{token} {mine[token]} -> {theirs[token]}" for token in both]
        yield "tokenizer", f"special tokens: {', '.join([*gone, *come, *moved][:8])}", "", ""


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Found]:
    if "format" not in before or "format" not in after:
        return
    for key, kind in _SETTINGS.items():
        if key in before and key in after and before[key] != after[key]:
            yield kind, key, _plain(before[key]), _plain(after[key])
    mine, theirs = ({entry["name"]: entry.get("data") for entry in manifest["tasks"]} for manifest in (before, after))
    for name in mine.keys() & theirs.keys():
        if mine[name] != theirs[name]:
            yield "data", f"{name}: data", _plain(mine[name] or "its own"), _plain(theirs[name] or "its own")


def _tasks(before: Side, after: Side) -> Iterator[Found]:
    known = {task.name: task for task in before.tasks}
    of_run = set(asked_apart(before.asked, after.asked))
    for task in after.tasks:
        if task.name in known:
            yield from _task(_asking(known[task.name], before), _asking(task, after), of_run)


def _asking(task: TaskSummary, side: Side) -> Asking:
    return Asking(task, side.manifest, side.harness)


_KINDS: Mapping[str, tuple[ChangeKind, str]] = {"version": ("scoring", "version"), "n_demos": ("prompt", "demos")}
"""Kind and name of a setting that is none of decoding."""


def _task(before: Asking, after: Asking, of_run: Collection[tuple[str, str, str]]) -> Iterator[Found]:
    """Yield what is otherwise with a task; `of_run` is what is so with all tasks and is said already."""
    old, new = before.task, after.task
    name, is_told = new.name, has_digests(old, new)
    if not is_told:
        yield "data", f"{name}: what is asked was not written down; samples pair by their content", "", ""
    for what, mine, theirs in asked_apart(before.asked, after.asked):
        if (what, mine, theirs) not in of_run:
            yield "prompt", f"{name}: {what}", mine, theirs
    apart = list(settings_apart(before, after))
    for what, mine, theirs in apart:
        if what != "version" or is_apart(what, before, after):
            kind, shown = _KINDS.get(what, ("decoding", what))
            yield kind, f"{name}: {shown}", mine, theirs
    if is_told and old.prompt_digest != new.prompt_digest and {what for what, *_ in apart} <= {"version"}:
        yield "prompt", f"{name}: what is asked", _digits(old.prompt_digest), _digits(new.prompt_digest)
    yield from _scorers(old, new)


def _scorers(old: TaskSummary, new: TaskSummary) -> Iterator[Found]:
    mine, theirs = (
        dict(zip(task.scorers, task.scorer_digests or ("",) * len(task.scorers), strict=True)) for task in (old, new)
    )
    for scorer in mine.keys() & theirs.keys():
        if mine[scorer] != theirs[scorer]:
            yield "scoring", f"{new.name}: options of {scorer}", _digits(mine[scorer]), _digits(theirs[scorer])


def _software(before: Side, after: Side) -> Iterator[Found]:
    if before.summary.dtype != after.summary.dtype:
        yield "software", "dtype", _plain(before.summary.dtype), _plain(after.summary.dtype)
    mine, theirs = _libraries(before.manifest), _libraries(after.manifest)
    engines = [side.entry.get("engine", {}) for side in (before, after)]
    skipped = {"dtype", *mine, *theirs}
    for key in dict.fromkeys((*engines[0], *engines[1])) if all(engines) else ():
        if key not in skipped and engines[0].get(key) != engines[1].get(key):
            yield "software", key, _plain(engines[0].get(key)), _plain(engines[1].get(key))
    if before.manifest is after.manifest:
        return
    if before.harness.split(" ")[0] != after.harness.split(" ")[0]:
        yield "software", "harness", before.harness, after.harness
        return
    for key in dict.fromkeys((*mine, *theirs)):
        if mine.get(key) != theirs.get(key):
            yield "software", key, _plain(mine.get(key)), _plain(theirs.get(key))
    for key in before.manifest:
        if key not in _RUN_KEYS and key in after.manifest:
            old, new = before.manifest[key], after.manifest[key]
            if old != new and _is_short(old) and _is_short(new):
                yield "software", key, _plain(old), _plain(new)


def _libraries(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    found = manifest.get("libraries")
    return found if isinstance(found, Mapping) else {}


def _is_short(value: Any) -> bool:
    return value is None or (isinstance(value, str | int | float) and len(str(value)) <= 200)


def _digits(digest: str | None) -> str:
    return digest[:_DIGITS] if digest else _NONE if digest is None else "unknown"


def _plain(value: Any) -> str:
    return _NONE if value is None or value == "" else str(value)

"""What a run wrote down of how its tasks were asked: a setting that nobody wrote is no setting that is equal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from chateval.codec import digest
from chateval.records import Decoding, HelperSummary, TaskSummary

_DECODING = tuple(field.name for field in fields(Decoding))
_ALL = frozenset({"version", "n_demos", *_DECODING})
_OF_HARNESS = frozenset({"version", "max_new_tokens", "stop", "seed"})
"""What each harness counts or needs in its own way: two harnesses differ in it as a matter of course."""
_ASKED = ("system_instruction", "fewshot_as_multiturn")
"""Keys of a model's settings in a manifest, or of a task's, that decide what a prompt says."""

_SHOWN = 60
"""Characters of a system instruction, where it is shown."""

Setting = tuple[str, str, str]
"""(name, before, after) of a setting that is not equal."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A task with what was written down of it."""

    task: TaskSummary
    manifest: Mapping[str, Any]
    harness: str

    @property
    def written(self) -> frozenset[str]:
        """Names of the settings that were written down: `version`, `n_demos`, and those of `Decoding`.

        A manifest lists them under `written` of a task, `decoding` being all of `Decoding`; a task with a prompt digest
        has all.
        """
        if self.task.prompt_digest:
            return _ALL
        listed = self._entry.get("written")
        names = frozenset(str(name) for name in listed) if isinstance(listed, list | tuple) else frozenset[str]()
        return (names | frozenset(_DECODING) if "decoding" in names else names) & _ALL

    @property
    def _entry(self) -> Mapping[str, Any]:
        for entry in _mappings(self.manifest.get("tasks")):
            if entry.get("name") == self.task.name:
                return entry
        return {}

    @property
    def asked(self) -> Mapping[str, Any]:
        """What was written down of how the prompts of this task are put together; by key."""
        return _asked(self._entry)


def asked_of(manifest: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what was written down of how the prompts for a checkpoint are put together; by key.

    Args:
        manifest: Of its run; other harnesses' settings stand in it under `models`, by the whole name of a checkpoint.
        entry: What the manifest says of the checkpoint.
    """
    models, one = manifest.get("models"), entry.get("checkpoint")
    found = models.get(one.get("path")) if isinstance(models, Mapping) and isinstance(one, Mapping) else None
    return _asked(found) if isinstance(found, Mapping) else {}


def asked_apart(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Setting]:
    """Yield how prompts are put together otherwise; what only one side wrote down is unknown of the other."""
    for key in _ASKED:
        old, new = (_said(found, key) for found in (before, after))
        if old != new and {old, new} != {"unknown", "none"}:
            yield key.replace("_", " "), old, new


def settings_apart(before: Asking, after: Asking) -> Iterator[Setting]:
    """Yield version, demos and decoding where both sides wrote them down and they are not equal."""
    both = before.written & after.written
    for name in ("version", "n_demos", *_DECODING):
        old, new = _value(before.task, name), _value(after.task, name)
        if name in both and old != new:
            yield name, _plain(old), _plain(new)


def is_apart(name: str, before: Asking, after: Asking) -> bool:
    """Return whether answers cannot be compared where a setting differs.

    Between two harnesses they can in spite of another version, token limit, stop string or seed.
    """
    return name not in _OF_HARNESS or _named(before.harness) == _named(after.harness)


def _named(harness: str) -> str:
    return harness.split(" ")[0]


def _value(task: TaskSummary, name: str) -> object:
    return getattr(task.decoding if name in _DECODING else task, name)


def _plain(value: object) -> str:
    return repr(list(value)) if isinstance(value, tuple) else str(value)


def _asked(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: found[key] for key in _ASKED if key in found}


def _said(found: Mapping[str, Any], key: str) -> str:
    """Return a setting, its end left out where it is long."""
    if key not in found:
        return "unknown"
    text = "none" if found[key] in (None, "", False) else str(found[key])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text):,} characters, {digest(text)[:8]})"


def _mappings(entries: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list | tuple) else []


def helpers_of(manifest: Mapping[str, Any]) -> tuple[HelperSummary, ...]:
    """Return the models that judged or played users in a run, as its manifest has them."""
    found: list[HelperSummary] = []
    for entry in _mappings(manifest.get("helpers")):
        one, engine = entry.get("checkpoint"), entry.get("engine")
        if isinstance(one, Mapping) and isinstance(one.get("name"), str):
            answered_by = engine.get("engine") if isinstance(engine, Mapping) else None
            digest_of = one.get("weights_digest")
            found.append(
                HelperSummary(one["name"], str(one.get("kind") or ""), str(answered_by or ""), str(digest_of or ""))
            )
    return tuple(found)

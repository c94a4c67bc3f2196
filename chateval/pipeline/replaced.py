"""Whether the checkpoints of a run are those that its folder was last written with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chateval.errors import CheckpointError
from chateval.pipeline.prepare import Plan
from chateval.records import Checkpoint
from chateval.template import read_json

_WHAT: Mapping[str, str] = {
    "weights_digest": "weights",
    "adapter_digest": "adapter",
    "tokenizer_digest": "tokenizer",
}
_DIGITS = 12
"""Of a digest, where it is shown."""


def find_replaced(plan: Plan, out: Path) -> dict[str, str]:
    """Return what is otherwise with checkpoints than when a folder was last written, in words, by name.

    Their old answers are not used whatever this says: the digests are in the address of every answer.
    """
    before = _checkpoints(out)
    found = {}
    for subject in plan.subjects:
        checkpoint = subject.checkpoint
        changes = list(_changes(before.get(checkpoint.name, {}), checkpoint))
        if changes:
            found[checkpoint.name] = f"other {' and '.join(changes)} than when {out} was last written"
    return found


def _changes(before: Mapping[str, Any], checkpoint: Checkpoint) -> list[str]:
    changes = []
    for key, what in _WHAT.items():
        old, new = before.get(key), getattr(checkpoint, key)
        if isinstance(old, str) and isinstance(new, str) and old != new:
            changes.append(f"{what} ({old[:_DIGITS]} -> {new[:_DIGITS]})")
    return changes


def _checkpoints(out: Path) -> dict[str, Mapping[str, Any]]:
    """Return the checkpoints of the manifest in a folder, by name; none where it cannot be read."""
    try:
        entries = read_json(out / "manifest.json").get("checkpoints")
    except CheckpointError:
        return {}
    inner = [entry.get("checkpoint") for entry in entries or () if isinstance(entry, dict)]
    return {str(one.get("name")): one for one in inner if isinstance(one, dict)}

"""Scores that rest on answers of other models, such as judges and the baseline: whether two runs have the same ones."""

from collections.abc import Iterator, Mapping
from typing import Any

from chateval.codec import digest
from chateval.records import Run
from chateval.records.report import FAKE

_WEIGHTS = ("weights_digest", "adapter_digest", "tokenizer_digest", "completion", "template_options")


def rests_apart(before: Run, after: Run, task: str) -> Iterator[tuple[str, str]]:
    """Yield (scorer or measure, why) of those that rest on other models in the one run than in the other.

    What rests on a model is in the manifest, by the model's name; who has the name may be another in the other run.
    """
    mine, theirs = _rests_on(before, task), _rests_on(after, task)
    for name in mine:
        if name not in theirs:
            continue
        olds, news = ([_model(run, model) for model in models[name]] for run, models in _sides(before, after, task))
        apart = [
            f"{model}, {_shown(old)} -> {_shown(new)}"
            for model, old, new in zip(mine[name], olds, news, strict=False)
            if _identity(old) != _identity(new)
        ]
        if apart:
            yield name, f"rests on the answers of another model: {'; '.join(apart)}"


def _sides(before: Run, after: Run, task: str) -> Iterator[tuple[Run, Mapping[str, list[str]]]]:
    yield before, _rests_on(before, task)
    yield after, _rests_on(after, task)


def _rests_on(run: Run, task: str) -> Mapping[str, list[str]]:
    entries = run.manifest.get("tasks")
    for entry in entries if isinstance(entries, list | tuple) else ():
        if isinstance(entry, Mapping) and entry.get("name") == task and isinstance(entry.get("rests_on"), Mapping):
            found: Mapping[str, list[str]] = entry["rests_on"]
            return found
    return {}


def _model(run: Run, name: str) -> Mapping[str, Any]:
    """Return what the manifest says of a model, which is a checkpoint of the run or helped it."""
    entries = [*run.manifest.get("checkpoints", ()), *run.manifest.get("helpers", ())]
    return next((entry for entry in entries if entry["checkpoint"]["name"] == name), {})


def _identity(entry: Mapping[str, Any]) -> str:
    """Return what tells a model from others: its files and template, and whether it answered at all."""
    checkpoint, engine = entry.get("checkpoint", {}), entry.get("engine") or {}
    told = [checkpoint.get(name) for name in _WEIGHTS]
    return digest([told, entry.get("template", {}).get("digest"), engine.get("engine") == FAKE])


def _shown(entry: Mapping[str, Any]) -> str:
    checkpoint = entry.get("checkpoint", {})
    path = str(checkpoint.get("repo") or checkpoint.get("path") or "unknown").rstrip("/")
    return path if checkpoint.get("kind") == "endpoint" else path.rpartition("/")[2]

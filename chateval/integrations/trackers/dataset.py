"""Which tasks of a run are data sets of the hub, as their task files say."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chateval.errors import ChatevalError
from chateval.records import Run
from chateval.task.load import read_spec

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set of the hub."""

    path: str
    """Its id, such as `openai/gsm8k`."""
    name: str | None
    """Configuration."""
    split: str
    revision: str | None


def datasets_of(run: Run) -> dict[str, Dataset]:
    """Return the data sets of the tasks that name one, by task; what was run on other data is not among them."""
    found = {}
    for entry in run.manifest.get("tasks", ()):
        dataset = _dataset_of(entry)
        if dataset is not None:
            found[str(entry["name"])] = dataset
    return found


def _dataset_of(entry: Any) -> Dataset | None:
    """Return the data set of a task of a manifest; None where its file is gone, or is of another version."""
    if not isinstance(entry, dict) or entry.get("data") or entry.get("reference"):
        return None
    path = str(entry.get("path", ""))
    try:
        spec = read_spec(path if Path(path).is_file() else str(entry.get("name")))
    except ChatevalError:
        return None
    named = spec.dataset
    if spec.version != entry.get("version") or named is None or len(named.names) != 1:
        return None
    if not _HUB_ID.fullmatch(named.path) or any((at / named.path).exists() for at in (Path(), Path(path).parent)):
        return None
    return Dataset(named.path, named.names[0], named.split, named.revision)

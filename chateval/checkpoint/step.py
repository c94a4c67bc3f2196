"""At which step of a training a checkpoint was saved."""

import re
from pathlib import Path

from chateval.errors import CheckpointError
from chateval.template import read_json

_NAME = re.compile(r"(?:checkpoint|step)[-_](\d{1,12})")
"""As transformers' Trainer and others name the folders of a training."""

_MAX_BYTES = 32 * 2**20
"""Of trainer_state.json, which grows with the log of a training."""


def training_step(folder: Path) -> int | None:
    """Return the optimizer step of trainer_state.json, else of the folder's name; None where neither says."""
    try:
        step = read_json(folder / "trainer_state.json", most_bytes=_MAX_BYTES).get("global_step")
    except CheckpointError:
        step = None
    if isinstance(step, int) and not isinstance(step, bool) and step >= 0:
        return step
    named = _NAME.fullmatch(folder.name)
    return int(named[1]) if named else None

"""At which step of a training a checkpoint was saved."""

import json
import re
from pathlib import Path

_NAME = re.compile(r"(?:checkpoint|step)[-_](\d{1,12})")
"""As transformers' Trainer and others name the folders of a training."""


def training_step(folder: Path) -> int | None:
    """Return the optimizer step of trainer_state.json, else of the folder's name; None where neither says."""
    try:
        state = json.loads((folder / "trainer_state.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        state = None
    step = state.get("global_step") if isinstance(state, dict) else None
    if isinstance(step, int) and not isinstance(step, bool) and step >= 0:
        return step
    named = _NAME.fullmatch(folder.name)
    return int(named[1]) if named else None

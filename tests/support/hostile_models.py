"""Checkpoint folders with one thing changed, and commands that must refuse them."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from chateval.cli.app import app
from chateval.errors import ChatevalError, CheckpointError

FAKE = ("run", "--engine", "fake", "--task", "arithmetic", "--limit", "2", "--template-gate", "off")


def run(*arguments: object) -> Any:
    """Run a command of the command line in this process; return what typer's runner returns."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refusal(*arguments: object, kind: type[ChatevalError] = CheckpointError) -> str:
    """Return the one line that a command is refused with; the exit code is the user's mistake."""
    error = run(*arguments).exception
    assert isinstance(error, kind), repr(error)
    assert error.exit_code == 2
    assert "\n" not in str(error)
    return str(error)


def refused_run(out: Path, *checkpoints: str) -> str:
    """Return the line that a run of checkpoints (NAME=PATH) without a model is refused with."""
    named = (word for checkpoint in checkpoints for word in ("--checkpoint", checkpoint))
    return refusal(*FAKE, "--out", out, *named)


def copy(folder: Path, place: Path, **changes: Mapping[str, Any]) -> Path:
    """Copy a checkpoint; `changes` name a JSON file without its suffix and what is put into it."""
    shutil.copytree(folder, place)
    for name, entries in changes.items():
        path = place / f"{name}.json"
        known = json.loads(path.read_text()) if path.is_file() else {}
        path.write_text(json.dumps({**known, **entries}))
    return place


def rewrite(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Put other tensors into a safetensors file."""
    from safetensors.torch import load_file, save_file

    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def raw_safetensors(path: Path, header: bytes | Mapping[str, Any], data: bytes = b"", *, length: int = -1) -> Path:
    """Write a safetensors file byte by byte; `length` is what it says of its header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length < 0 else length).to_bytes(8, "little") + text + data)
    return path

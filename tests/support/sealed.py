"""Run folders that a test changes: their seal made anew, as if they had been written so."""

import hashlib
from pathlib import Path

from chateval.store import JUDGEMENTS, SEALED


def seal_again(folder: Path) -> None:
    """Write SHA256SUMS over the files of a run as they are now; those that are absent are written empty."""
    lines = []
    for name in (*SEALED, *([JUDGEMENTS] if (folder / JUDGEMENTS).is_file() else [])):
        (folder / name).touch()
        lines.append(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines))

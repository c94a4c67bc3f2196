"""Digests of checkpoint files. A large file is read once; its digest is remembered until the file changes."""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from chateval.codec import digest

CONFIG_FILES = ("config.json", "generation_config.json")
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer.model",
    "spiece.model",
    "tekken.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
)


class DigestCache:
    """sha256 of files, remembered in one JSON file by inode, size and both times of change.

    The time of a status change (ctime) cannot be set by a program, so weights replaced in place are seen
    even if their modification time was put back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            known = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            known = {}
        self._known: dict[str, str] = known if isinstance(known, dict) else {}

    def file(self, path: Path) -> str:
        """Return the sha256 of a file, 64 hex digits."""
        stat = path.stat()
        key = f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"
        if key not in self._known:
            with path.open("rb") as file:
                self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
            if stat.st_size > 1_000_000:
                self._save()
        return self._known[key]

    def files(self, paths: Iterable[Path]) -> str:
        """Return one digest over the names and contents of the files that exist."""
        return digest([[path.name, self.file(path)] for path in paths if path.is_file()])

    def _save(self) -> None:
        """Keep what is known; a folder that cannot be written costs time, not results."""
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(self._known), "utf-8")
            temporary.replace(self._path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()

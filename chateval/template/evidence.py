"""Reads what a trainer recorded: the chat template of the training and rows as the model was fed them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from chateval.codec import decode
from chateval.errors import DataError
from chateval.template.record import FILE_NAME

MAX_EVIDENCE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One chat of the training."""

    messages: tuple[Mapping[str, Any], ...] | None
    """None where only the ids are known."""
    tools: tuple[Mapping[str, Any], ...] | None
    kwargs: Mapping[str, Any]
    """Switches of this row alone; they go over those of the training."""
    ids: tuple[int, ...]
    """As the model was fed, without padding."""
    mask: tuple[tuple[int, int], ...] | None
    """Runs [start, end) of `ids` that were trained; None if that was not recorded."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the prompts of a training."""

    template: str
    """The Jinja that the training rendered with; empty if it had none."""
    template_digest: str
    """sha256 of `template`."""
    kwargs: Mapping[str, Any]
    """Switches that the training rendered with."""
    now: str | None
    """Clock of the training for a template that writes the date, ISO 8601."""
    tokens: Mapping[str, str]
    """Special tokens by the name a template calls them."""
    tokenizer_digest: str
    """sha256 over all tokens and their ids."""
    rows: tuple[Row, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the trainer was told, such as `max_length`."""
    versions: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    """The file it was read from."""

    @property
    def max_length(self) -> int | None:
        """Tokens at which the training cut its rows; None if it did not, or did not say."""
        found = self.settings.get("max_length")
        return found if isinstance(found, int) else None

    def is_cut(self, row: Row) -> bool:
        """Tell whether a row may have lost its start or its end to the limit of the training."""
        return self.max_length is not None and len(row.ids) >= self.max_length


@dataclass(frozen=True, slots=True)
class _Row:
    messages: tuple[dict[str, Any], ...] | None
    tools: tuple[dict[str, Any], ...] | None
    kwargs: dict[str, Any]
    ids: tuple[int, ...]
    trained: tuple[tuple[int, int], ...] | None


@dataclass(frozen=True, slots=True)
class _File:
    format: Literal[1]
    template: str
    template_digest: str
    kwargs: dict[str, Any]
    now: str | None
    tokens: dict[str, str]
    tokenizer_digest: str
    settings: dict[str, Any]
    rows: tuple[_Row, ...]
    versions: dict[str, str]


def read_evidence(path: Path) -> Evidence:
    """Read what a trainer recorded.

    Args:
        path: The file, or the folder that it stands in.

    Raises:
        DataError: If it is absent or not such a file; the message starts with path: field.
    """
    path = path / FILE_NAME if path.is_dir() else path
    found = _parse(path)
    if _digest(found.template) != found.template_digest:
        raise DataError(f"{path}: template_digest: it is not the sha256 of template; the file was changed by hand")
    if not found.rows:
        raise DataError(f"{path}: rows: there is none")
    return Evidence(
        template=found.template,
        template_digest=found.template_digest,
        kwargs=found.kwargs,
        now=found.now,
        tokens=found.tokens,
        tokenizer_digest=found.tokenizer_digest,
        rows=tuple(_row(row, f"{path}: rows[{index}]") for index, row in enumerate(found.rows)),
        settings=found.settings,
        versions=found.versions,
        path=str(path),
    )


def _parse(path: Path) -> _File:
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: cannot be read: not a regular file")
    try:
        if path.stat().st_size > MAX_EVIDENCE_BYTES:
            raise DataError(f"{path}: {path.stat().st_size:,} bytes; at most {MAX_EVIDENCE_BYTES:,} are read")
        return decode(_File, path.read_bytes(), where=str(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _row(row: _Row, where: str) -> Row:
    if any(token_id < 0 for token_id in row.ids):
        raise DataError(f"{where}.ids: a token id is negative")
    end = 0
    for run in row.trained or ():
        if not end <= run[0] < run[1] <= len(row.ids):
            raise DataError(f"{where}.trained: {list(run)} is out of order or beyond the {len(row.ids)} ids")
        end = run[1]
    for number, message in enumerate(row.messages or ()):
        if not isinstance(message.get("role"), str):
            raise DataError(f"{where}.messages[{number}].role: missing or not text")
    return Row(row.messages, row.tools, row.kwargs, row.ids, row.trained)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

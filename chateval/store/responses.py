"""Responses by content, in one SQLite file. A key is made of what decides the answer, never of names or places."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from chateval.codec import decode, digest, encode
from chateval.errors import StoreError
from chateval.records import Checkpoint, Decoding, Prompt, Response, TemplateFacts

SCHEMA_VERSION = 1
_CHUNK = 500
"""Keys asked for in one statement; SQLite takes at least 999 variables."""


def response_key(prompt: Prompt, checkpoint: Checkpoint, facts: TemplateFacts, identity: Mapping[str, str]) -> str:
    """Return the address of a response: sha256 over weights, adapter, tokenizer, prompt ids, decoding and engine.

    Args:
        prompt: With its ids; its sample and its text do not matter. Where messages are sent, they take the ids' place.
        checkpoint: With its digests; its name and path do not matter.
        facts: Their stop ids end an answer.
        identity: What the engine adds: its name, dtype, device, library versions.
    """
    return digest(
        [
            checkpoint.weights_digest,
            checkpoint.adapter_digest,
            checkpoint.tokenizer_digest,
            list(facts.stop_ids),
            list(prompt.messages) if identity.get("door") == "chat" else list(prompt.ids),
            [list(ids) for ids in prompt.choice_ids],
            _decoding(prompt.decoding, prompt),
            dict(identity),
        ]
    )


def _decoding(decoding: Decoding, prompt: Prompt) -> list[object]:
    if prompt.choice_ids:
        return []
    greedy = [decoding.max_new_tokens, list(decoding.stop)]
    if decoding.temperature == 0:
        return [*greedy]
    return [*greedy, decoding.temperature, decoding.top_p, decoding.seed, prompt.repeat, prompt.sample_id]


class ResponseStore:
    """Keeps finished responses; what was put is there after a crash. Faulty responses are not kept."""

    def __init__(self, path: Path) -> None:
        """Open or create a store.

        Raises:
            StoreError: If the file cannot be written, is not a store, or was written by a newer version.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            found = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if found not in (0, SCHEMA_VERSION):
                raise StoreError(
                    f"{path}: written by a newer chateval (schema {found}, this one knows {SCHEMA_VERSION})"
                )
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS response (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT"
            )
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path}: the response store cannot be opened: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> "ResponseStore":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def get(self, keys: Sequence[str]) -> dict[str, Response]:
        """Return the responses that are kept under these keys; addresses in them are those of the first asker.

        Raises:
            StoreError: If the file cannot be read or holds a broken response.
        """
        found: dict[str, Response] = {}
        with self._errors("read"):
            for chunk in _chunks(keys):
                marks = ",".join("?" * len(chunk))
                rows = self._db.execute(f"SELECT key, body FROM response WHERE key IN ({marks})", chunk)  # noqa: S608
                for key, body in rows:
                    found[key] = decode(Response, body, where=f"{self.path}: {key}")
        return found

    def known(self, keys: Collection[str]) -> set[str]:
        """Return those of the keys that a response is kept under.

        Raises:
            StoreError: If the file cannot be read.
        """
        found: set[str] = set()
        with self._errors("read"):
            for chunk in _chunks(list(keys)):
                marks = ",".join("?" * len(chunk))
                rows = self._db.execute(f"SELECT key FROM response WHERE key IN ({marks})", chunk)  # noqa: S608
                found.update(key for (key,) in rows)
        return found

    def put(self, responses: Mapping[str, Response]) -> None:
        """Keep finished responses, all or none of them; they are on disk when this returns.

        Raises:
            StoreError: If they cannot be written, for example because the disk is full.
        """
        rows = [(key, encode(response)) for key, response in responses.items() if response.finish != "error"]
        with self._errors("written"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT OR IGNORE INTO response VALUES (?, ?)", rows)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _errors(self, verb: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: the response store cannot be {verb}: {error}") from error


def _chunks(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))

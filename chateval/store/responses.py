"""Responses by content, in one SQLite file. A key is made of what decides the answer, never of names or places."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from chateval.codec import decode_own, digest, encode
from chateval.errors import DataError, StoreError
from chateval.records import Checkpoint, Decoding, Prompt, Response, TemplateFacts
from chateval.store.database import REPAIR, day, explain, open_database, row_checksum

_CHUNK = 500
"""Keys asked for in one statement; SQLite takes at least 999 variables."""


def response_key(prompt: Prompt, checkpoint: Checkpoint, facts: TemplateFacts, identity: Mapping[str, str]) -> str:
    """Return the address of a response: sha256 over weights, adapter, tokenizer, prompt ids, decoding and engine.

    Args:
        prompt: With its ids and the digests of its images; its sample and its text do not matter. Where messages are
            sent, they take the ids' place.
        checkpoint: With its digests; its name and path do not matter.
        facts: Their stop ids end an answer.
        identity: What the engine adds: its name, dtype, device, library versions.
    """
    pictures = [[picture.sha256 for picture in prompt.images]] if prompt.images else []
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
            *pictures,
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
        """Open or create a store; one of schema 1 is brought up to date, with a backup beside it.

        Raises:
            StoreError: If the file cannot be written, is not a store, is damaged, or is of a newer version.
        """
        self.path = path
        self._db = open_database(path)

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
            StoreError: If the file cannot be read, or holds a response that is not as it was put.
        """
        found: dict[str, Response] = {}
        with self._errors("read"):
            for chunk in _chunks(keys):
                marks = ",".join("?" * len(chunk))
                rows = self._db.execute(
                    f"SELECT key, body, checksum FROM response WHERE key IN ({marks})",  # noqa: S608
                    chunk,
                )
                for key, body, checksum in rows:
                    name = key.decode("utf-8", "replace")
                    if row_checksum(key, body) != checksum:
                        raise StoreError(f"{self.path}: damaged: response {name} is not as it was put; {REPAIR}")
                    found[name] = self._decode(name, body)
        return found

    def _decode(self, key: str, body: bytes) -> Response:
        try:
            return decode_own(Response, body, where=f"{self.path}: response {key}")
        except DataError as error:
            raise StoreError(f"{error}; {REPAIR}") from error

    def known(self, keys: Collection[str]) -> set[str]:
        """Return those of the keys that a response is kept under, and note that they are in use today.

        Raises:
            StoreError: If the file cannot be read.
        """
        found: set[str] = set()
        with self._errors("read"):
            for chunk in _chunks(list(keys)):
                marks = ",".join("?" * len(chunk))
                rows = self._db.execute(f"SELECT key FROM response WHERE key IN ({marks})", chunk)  # noqa: S608
                found.update(key.decode("utf-8", "replace") for (key,) in rows)
        self._note_use(found)
        return found

    def _note_use(self, keys: Collection[str]) -> None:
        """Note the day for those that have an older one: at most once a day for each response."""
        today = day()
        rows = [(today, key, today) for key in sorted(keys)]
        # A full disk is no reason not to read.
        with self._errors("written"), suppress(sqlite3.OperationalError), self._transaction():
            self._db.executemany("UPDATE use SET day = ? WHERE key = ? AND day < ?", rows)

    def put(self, responses: Mapping[str, Response]) -> None:
        """Keep finished responses, all or none of them; they are on disk when this returns.

        Raises:
            StoreError: If they cannot be written, for example because the disk is full.
        """
        rows = [
            (key, body, row_checksum(key.encode(), body.encode()).decode())
            for key, body in ((key, encode(found)) for key, found in responses.items() if found.finish != "error")
        ]
        if not rows:
            return
        today = day()
        with self._errors("written"), self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO response VALUES (?, ?, ?)", rows)
            self._db.executemany("INSERT OR IGNORE INTO use VALUES (?, ?)", ((key, today) for key, _, _ in rows))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _errors(self, verb: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain(self.path, error, verb) from error


def _chunks(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))

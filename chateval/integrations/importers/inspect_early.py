"""An Inspect log that ended before its samples did: those that are missing are unscored, and not forgotten."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from chateval.integrations.importers.draft import Draft
from chateval.integrations.importers.files import count, mapping, sequence, text
from chateval.integrations.importers.values import Value
from chateval.records import Sample

MISSING = "missing-{}"
"""Id of a sample of which only its number, or its id in the data set, is known."""
MAX_MISSING = 1_000_000
"""Samples that are made up for one log, for a header may say any number."""


class EndedEarly:
    """What such a log was to ask, and what of it was."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        """Take its header, whose status is another than `success`."""
        about = mapping(header.get("eval"))
        config, dataset = mapping(about.get("config")), mapping(about.get("dataset"))
        self._status = text(header.get("status"), limit=20)
        self._ids = [text(one) for one in sequence(dataset.get("sample_ids"))]
        self._n = len(self._ids) or min(_limited(count(dataset.get("samples")), config.get("limit")), MAX_MISSING)
        self._epochs = max(1, min(count(config.get("epochs")), MAX_MISSING // max(1, self._n)))
        self._seen: dict[str, dict[int, str]] = {}

    def take(self, name: Any, repeat: int, sample_id: str) -> None:
        """Note that a sample is in the log.

        Args:
            name: Its id in the data set.
            repeat: Its epoch, from 0.
            sample_id: Its id here.
        """
        self._seen.setdefault(text(name), {})[repeat] = sample_id

    def fail_rest(self, draft: Draft, model: str, task: str) -> None:
        """Keep that every other sample is unscored; whole logs of the same task must have been read before."""
        reason = f"the log ended as {self._status} before this sample"
        n_missing = 0
        for sample_id, repeat in self._rest(draft.rows_of(task)):
            n_missing += 1
            draft.ask(task, Sample(id=sample_id, inputs={}))
            draft.fail(model, task, Value(sample_id, None, None, reason, repeat))
        if n_missing:
            draft.subjects[model] = replace(draft.subjects[model], is_whole=False)
        missing = f"{n_missing:,} answers are missing, and unscored" if n_missing else "after its last sample"
        draft.note(f"{task} of {model}: the log ended as {self._status}: {missing}")

    def _rest(self, ids: Mapping[object, str]) -> Iterator[tuple[str, int]]:
        """Yield (sample id, repeat) of what was to be asked and is not in the log.

        Args:
            ids: Id in the data set -> id here, of the samples that other logs have.
        """
        known = [name for name in self._ids if name in self._seen] if self._ids else list(self._seen)
        for name in known:
            here = self._seen[name]
            yield from ((next(iter(here.values())), epoch) for epoch in range(self._epochs) if epoch not in here)
        unknown = [ids.get(name, MISSING.format(name[:100])) for name in self._ids if name not in self._seen]
        if not self._ids:
            unknown = [MISSING.format(number) for number in range(1, self._n - len(known) + 1)]
        for sample_id in unknown:
            yield from ((sample_id, epoch) for epoch in range(self._epochs))


def _limited(n: int, limit: Any) -> int:
    """Return how many of n samples are within Inspect's `limit`, a number or the two ends of a range."""
    if isinstance(limit, list) and len(limit) == 2:
        start, stop = (count(one) for one in limit)
        return max(0, min(n, stop) - start)
    return min(n, count(limit)) if count(limit) else n

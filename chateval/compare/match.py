"""The samples of several runs -> one id for each sample, by content."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chateval.codec import digest
from chateval.compare.textless import is_textless
from chateval.messages import content_text
from chateval.records import Message, Run, Sample

_ADDRESS = re.compile(r"[0-9a-f]{16}")
"""An id that is a digest of the row: equal ids are equal samples, in whatever words they were asked."""

_Known = dict[tuple[str, str], Sample]


@dataclass(slots=True)
class Matched:
    """The samples of all runs, each once, and what the runs call them."""

    samples: _Known = field(default_factory=dict)
    """(task, sample id) -> sample. The first run that has a sample gives it its id."""
    renamed: dict[tuple[int, str], dict[str, str]] = field(default_factory=dict)
    """(place of the run, task) -> its sample id -> the common one, where they are not the same."""
    misnamed: set[tuple[int, str]] = field(default_factory=set)
    """(place of the run, task) whose ids stand for other questions than the same ids before, as row numbers do."""

    def common(self, place: int, task: str, sample_id: str) -> str:
        """Return the common id of a sample of the run in that place."""
        return self.renamed.get((place, task), {}).get(sample_id, sample_id)


def match_samples(runs: Iterable[Run]) -> Matched:
    """Give the samples of all runs common ids: those of the first run, then those of the next for what is new.

    A sample is found again by its id, and where the ids are of different kinds by what is said and wanted: messages,
    target, choices and tools. The second sample of the same content pairs with the second. What says nothing has its id
    only. Where most ids of a run stand for other questions than before, its ids count for nothing.
    """
    found = Matched()
    contents: dict[str, dict[str, str]] = defaultdict(dict)
    for place, run in enumerate(runs):
        for task, samples in run.samples.items():
            if _is_misnamed(task, samples, found.samples):
                found.misnamed.add((place, task))
                renamed = _match_contents(task, samples, found.samples, contents[task])
            else:
                renamed = _match(task, samples, found.samples, contents[task])
            if renamed:
                found.renamed[place, task] = renamed
    return found


def _is_misnamed(task: str, samples: Mapping[str, Sample], known: _Known) -> bool:
    """Return whether most ids that are known, and are no digests, stand for something else than is known."""
    told = [
        (before, sample)
        for sample_id, sample in samples.items()
        if (before := known.get((task, sample_id))) is not None
        and not _ADDRESS.fullmatch(sample_id)
        and is_said(before)
        and is_said(sample)
    ]
    return 2 * sum(said_in(before) != said_in(sample) for before, sample in told) > len(told)


def _match(task: str, samples: Mapping[str, Sample], known: _Known, contents: dict[str, str]) -> dict[str, str]:
    """Match by id, then by content."""
    renamed: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for sample_id, sample in samples.items():
        content = _numbered(sample, seen)
        if (task, sample_id) in known:
            if content is not None:
                contents.setdefault(content, sample_id)
            if is_textless(known[task, sample_id]):
                known[task, sample_id] = sample
        elif content in contents and contents[content] not in samples:
            renamed[sample_id] = contents[content]
        else:
            known[task, sample_id] = sample
            if content is not None:
                contents.setdefault(content, sample_id)
    return renamed


def _match_contents(
    task: str, samples: Mapping[str, Sample], known: _Known, contents: dict[str, str]
) -> dict[str, str]:
    """Match by content only; what is new gets an id that no other sample has."""
    renamed: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for sample_id, sample in samples.items():
        content = _numbered(sample, seen)
        if content in contents:
            common = contents[content]
        else:
            common = _free(task, sample_id, known, samples)
            known[task, common] = sample
            if content is not None:
                contents[content] = common
        if common != sample_id:
            renamed[sample_id] = common
    return renamed


def _free(task: str, sample_id: str, known: _Known, samples: Mapping[str, Sample]) -> str:
    found, number = sample_id, 2
    while (task, found) in known or (found != sample_id and found in samples):
        found, number = f"{sample_id}#{number}", number + 1
    return found


def _numbered(sample: Sample, seen: Counter[str]) -> str | None:
    """Return the content with how often it was there before; None where nothing is said."""
    if not is_said(sample):
        return None
    plain = content_of(sample)
    seen[plain] += 1
    return f"{plain}#{seen[plain]}"


def is_said(sample: Sample) -> bool:
    """Return whether the messages of a sample say anything: a target alone, such as `yes`, is that of many samples."""
    return any(content_text(message).strip() or _unread(message) for message in sample.messages)


def content_of(sample: Sample) -> str:
    """Return the digest of what is said and wanted; of messages only role and content count."""
    return digest([said_in(sample), sample.target, list(sample.choices), [dict(tool) for tool in sample.tools]])


def said_in(sample: Sample) -> list[list[Any]]:
    """Return role, text and other parts of each message."""
    return [[message.get("role"), content_text(message), _unread(message)] for message in sample.messages]


def _unread(message: Message) -> list[Any]:
    """Return the parts of a message's content that are no text."""
    content = message.get("content")
    return [part for part in content if "text" not in part] if isinstance(content, list) else []

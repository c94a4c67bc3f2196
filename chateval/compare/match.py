"""The samples of several runs -> one id for each sample, by content."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chateval.codec import digest
from chateval.messages import content_text
from chateval.records import Message, Run, Sample


@dataclass(slots=True)
class Matched:
    """The samples of all runs, each once, and what the runs call them."""

    samples: dict[tuple[str, str], Sample] = field(default_factory=dict)
    """(task, sample id) -> sample. The first run that has a sample gives it its id."""
    renamed: dict[tuple[int, str], dict[str, str]] = field(default_factory=dict)
    """(place of the run, task) -> its sample id -> the common one, where they are not the same."""

    def common(self, place: int, task: str, sample_id: str) -> str:
        """Return the common id of a sample of the run in that place."""
        return self.renamed.get((place, task), {}).get(sample_id, sample_id)


def match_samples(runs: Iterable[Run]) -> Matched:
    """Give the samples of all runs common ids: those of the first run, then those of the next for what is new.

    A sample is found again by its id, and where the ids are of different kinds by what is said and wanted: messages,
    target, choices and tools. The second sample of the same content pairs with the second.
    """
    found = Matched()
    contents: dict[str, dict[str, str]] = defaultdict(dict)
    for place, run in enumerate(runs):
        for task, samples in run.samples.items():
            renamed = _match(task, samples, found.samples, contents[task])
            if renamed:
                found.renamed[place, task] = renamed
    return found


def _match(
    task: str, samples: Mapping[str, Sample], known: dict[tuple[str, str], Sample], contents: dict[str, str]
) -> dict[str, str]:
    renamed: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for sample_id, sample in samples.items():
        plain = content_of(sample)
        seen[plain] += 1
        content = f"{plain}#{seen[plain]}"
        if (task, sample_id) in known:
            contents.setdefault(content, sample_id)
        elif content in contents and contents[content] not in samples:
            renamed[sample_id] = contents[content]
        else:
            known[task, sample_id] = sample
            contents.setdefault(content, sample_id)
    return renamed


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

"""A run folder -> Run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from chateval.codec import decode, read_text
from chateval.errors import StoreError
from chateval.records import Answered, Report, Run, Sample
from chateval.store.run import (
    MANIFEST,
    RESPONSES,
    SAMPLES,
    UNFINISHED,
    read_answers,
    read_efforts,
    read_manifest,
    read_samples,
    read_scores,
)

REPORT = "report.json"


class StoredAnswers(Iterable[Answered]):
    """The answers of a run folder, read from its responses.jsonl each time they are gone through."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing is read yet."""
        self._folder = folder

    def __iter__(self) -> Iterator[Answered]:
        return read_answers(self._folder)


def is_run(path: Path) -> bool:
    """Return whether a path is the folder of a run of chateval that ended."""
    return path.is_dir() and (path / MANIFEST).is_file() and not (path / UNFINISHED).exists()


def read_run(folder: Path) -> Run:
    """Read a finished run; its answers are read when they are gone through.

    Raises:
        StoreError: If the folder is not a finished run, or was made before runs kept their samples.
        DataError: If a file in it is broken; the message starts with path:line.
    """
    manifest = read_manifest(folder)
    for name in (REPORT, SAMPLES, RESPONSES):
        if not (folder / name).is_file():
            raise StoreError(
                f"{folder}: no {name} in it: this run did not end, or is of an older chateval; give its command again"
            )
    report = decode(Report, read_text(folder / REPORT), where=str(folder / REPORT))
    samples: dict[str, dict[str, Sample]] = defaultdict(dict)
    for asked in read_samples(folder):
        samples[asked.task][asked.sample.id] = asked.sample
    version = manifest.get("libraries", {}).get("chateval")
    return Run(
        name=folder.resolve().name,
        path=str(folder),
        harness=f"chateval {version}" if version else "chateval",
        baseline=report.baseline,
        checkpoints=report.checkpoints,
        tasks=report.tasks,
        samples=dict(samples),
        scores=tuple(read_scores(folder)),
        answers=StoredAnswers(folder),
        manifest=manifest,
        audits=report.audits,
        figures=report.figures,
        efforts=tuple(read_efforts(folder)),
        noise=report.noise,
    )

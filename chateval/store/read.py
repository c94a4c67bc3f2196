"""A run folder -> Run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from chateval.codec import decode, read_text
from chateval.records import Answered, Report, Run, Sample
from chateval.store.run import (
    read_answers,
    read_efforts,
    read_judgements,
    read_manifest,
    read_samples,
    read_scores,
)
from chateval.store.seal import REPORT, check_ended, check_seal, is_sealed


class StoredAnswers(Iterable[Answered]):
    """The answers of a run folder, read from its responses.jsonl each time they are gone through."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing is read yet."""
        self._folder = folder

    def __iter__(self) -> Iterator[Answered]:
        return read_answers(self._folder)


def is_run(path: Path) -> bool:
    """Return whether a path is the folder of a run of chateval that ended."""
    return is_sealed(path)


def read_run(folder: Path) -> Run:
    """Read a finished run; its answers are read when they are gone through.

    Raises:
        StoreError: If the folder is not a finished run, or a file in it is not as it was written.
        DataError: If a file in it is broken; the message starts with path:line.
    """
    if not is_sealed(folder):
        check_ended(folder)
        read_manifest(folder)
    check_seal(folder)
    return read_open_run(folder)


def read_open_run(folder: Path) -> Run:
    """Read the folder of a run that is being written, and has all its files but the seal.

    Raises:
        StoreError: If a file is absent.
        DataError: If a file in it is broken; the message starts with path:line.
    """
    manifest = read_manifest(folder)
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
        judgements=tuple(read_judgements(folder)),
        dialogues=report.dialogues,
    )

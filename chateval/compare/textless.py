"""Samples without texts, as baseline files have them, filled in from a run that knows them."""

from collections.abc import Sequence
from dataclasses import replace

from chateval.records import Run, Sample


def with_texts(runs: Sequence[Run]) -> list[Run]:
    """Return the runs with each textless sample replaced by the sample of that id in another run, if there is one.

    Ids are digests of the content, so that equal ids are equal samples.
    """
    known: dict[tuple[str, str], Sample] = {}
    for run in runs:
        for task, found in run.samples.items():
            known.update({(task, name): sample for name, sample in found.items() if not is_textless(sample)})
    return [_filled(run, known) for run in runs]


def is_textless(sample: Sample) -> bool:
    """Return whether only the address of a sample is known."""
    return not (sample.messages or sample.inputs or sample.target)


def _filled(run: Run, known: dict[tuple[str, str], Sample]) -> Run:
    samples = {
        task: {
            name: known.get((task, name), sample) if is_textless(sample) else sample for name, sample in found.items()
        }
        for task, found in run.samples.items()
    }
    return replace(run, samples=samples)

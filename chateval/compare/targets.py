"""What answers of a run are held against, where its samples have no texts: digests of targets and choices."""

from collections.abc import Iterator, Mapping

from chateval.codec import digest
from chateval.compare.textless import is_textless
from chateval.records import Run, Sample

_DIGITS = 8
"""Of a digest: two targets that differ have one of these alike once in four billion times."""

Sides = tuple[Run, Mapping[str, Sample]]
"""A run and the samples of one of its tasks, by their common ids."""


def target_digest(sample: Sample) -> str:
    """Return the first digits of a digest of what a sample wants; empty where its texts are not known."""
    return "" if is_textless(sample) else digest([list(sample.targets), list(sample.choices)])[:_DIGITS]


def digest_in(run: Run, task: str, sample: Sample) -> str:
    """Return the digest as the run wrote it down, or that of the sample's texts; empty where neither is known.

    A run without texts may have been given those of another one, which say nothing of its own targets.
    """
    written = run.target_digests.get(task, {})
    return written[sample.id] if sample.id in written else target_digest(sample)


def other_targets(task: str, before: Sides, after: Sides) -> Iterator[str]:
    """Yield the common ids of samples that want something else in one run than in the other, one being textless."""
    if not (before[0].target_digests.get(task) or after[0].target_digests.get(task)):
        return
    for name, sample in before[1].items():
        if name in after[1]:
            mine, theirs = digest_in(before[0], task, sample), digest_in(after[0], task, after[1][name])
            if mine and theirs and mine != theirs:
                yield name


def count_untold(task: str, before: Sides, after: Sides) -> int:
    """Return how many pairs there are of which one run, having no texts, did not write down what was wanted."""
    sides = [(run.target_digests.get(task, {}), found) for run, found in (before, after)]
    return sum(
        any(written.get(found[name].id) == "" for written, found in sides)
        for name in before[1].keys() & after[1].keys()
    )

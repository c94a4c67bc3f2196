"""The part of a run whose samples have a tag, as a report of its own: what a gate rule with a tag looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chateval.compare.aggregate import Address, SampleMeans, estimate
from chateval.compare.anytime import with_anytime
from chateval.compare.pairs import compare_all
from chateval.records import Report, Run, Sample

Samples = Mapping[str, Mapping[str, Sample]]
"""Task -> sample id -> sample."""


def all_tags(samples: Samples) -> set[str]:
    """Return the tags that samples have."""
    return {tag for found in samples.values() for sample in found.values() for tag in sample.tags}


def report_on_tag(report: Report, means: Mapping[Address, SampleMeans], samples: Samples, tag: str) -> Report:
    """Return a report whose estimates and comparisons are those of the samples with a tag, with intervals of its kind.

    Args:
        report: Of all samples.
        means: What that report was made of.
        samples: Of the run.
        tag: Samples without it are left out.
    """
    tagged = {
        task: {sample_id: sample for sample_id, sample in found.items() if tag in sample.tags}
        for task, found in samples.items()
    }
    part = {
        address: {sample_id: value for sample_id, value in found.items() if sample_id in tagged[address[1]]}
        for address, found in means.items()
        if tagged.get(address[1])
    }
    clusters = {task: {one.id: one.cluster for one in found.values()} for task, found in tagged.items()}
    of_pairs = {(task, sample_id): name for task, found in clusters.items() for sample_id, name in found.items()}
    on_tag = replace(
        report,
        estimates=tuple(estimate(address, found, clusters[address[1]]) for address, found in part.items()),
        comparisons=tuple(compare_all(part, report.baseline, of_pairs)),
        flips=tuple(flip for flip in report.flips if flip.sample_id in tagged.get(flip.task, ())),
    )
    return with_anytime(on_tag, part, of_pairs) if report.is_anytime else on_tag


def only_tagged(runs: Sequence[Run], tag: str) -> list[Run]:
    """Return runs with their samples of a tag only; a baseline file, which knows no tags, follows the others."""
    ids: dict[str, set[str]] = {}
    for run in runs:
        for task, found in run.samples.items():
            ids.setdefault(task, set()).update(one.id for one in found.values() if tag in one.tags)
    return [
        replace(
            run,
            tasks=tuple(task for task in run.tasks if ids.get(task.name)),
            samples={
                task: {sample_id: one for sample_id, one in found.items() if sample_id in ids[task]}
                for task, found in run.samples.items()
            },
            scores=tuple(score for score in run.scores if score.sample_id in ids.get(score.task, ())),
            answers=(),
            figures=(),
            dialogues=(),
        )
        for run in runs
    ]

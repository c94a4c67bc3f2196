"""Samples without a pair because the run of one side took fewer of them: known, and nobody's failure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from chateval.compare.aggregate import Address, SampleMeans
from chateval.compare.subjects import Subject
from chateval.records import Comparison


def with_unasked(
    comparisons: Iterable[Comparison], means: Mapping[Address, SampleMeans], subjects: Sequence[Subject]
) -> Iterator[Comparison]:
    """Yield comparisons with the number of samples that only one side was asked.

    That counts only where the other side's run says that it took a part of the task's samples, and has a score for
    each of that part: else a sample is missing, and missing is never explained.

    Args:
        comparisons: Of subjects.
        means: By address, under ids that the runs share.
        subjects: Of all runs.
    """
    by_name = {subject.name: subject for subject in subjects}
    for found in comparisons:
        before = means[found.baseline, found.task, found.scorer]
        after = means[found.candidate, found.task, found.scorer]
        sides = ((before, after, by_name[found.candidate]), (after, before, by_name[found.baseline]))
        n_unasked = sum(
            len(one.keys() - other.keys()) for one, other, of in sides if _took_a_part(of, found.task, other)
        )
        yield replace(found, n_unasked=n_unasked) if n_unasked else found


def _took_a_part(subject: Subject, task: str, scored: SampleMeans) -> bool:
    summary = next((one for one in subject.run.tasks if one.name == task), None)
    return summary is not None and summary.n_samples < summary.n_available and len(scored) == summary.n_samples

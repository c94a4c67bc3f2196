"""Marks -> figures: the measures of a task, taken sample by sample, all repeats of one together."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chateval.pipeline.mark import Marked
from chateval.records import Case, Figure, Mark
from chateval.score import Measure
from chateval.stats import bootstrap, group_clusters, mean_interval, sum_clusters


@dataclass(slots=True)
class Measuring:
    """The rows of one checkpoint's measures on one task; the repeats of a sample come one after the other."""

    checkpoint: str
    task: str
    measures: Mapping[str, Measure]
    _cases: list[Case] = field(default_factory=list)
    _marks: list[Mapping[str, Mark]] = field(default_factory=list)
    _rows: dict[str, list[tuple[float, ...]]] = field(default_factory=dict)
    _clusters: dict[str, list[str]] = field(default_factory=dict)
    _n_left_out: dict[str, int] = field(default_factory=dict)

    def take(self, marked: Marked) -> None:
        """Take in one repeat of a sample."""
        if self._cases and self._cases[0].sample.id != marked.case.sample.id:
            self._collect()
        self._cases.append(marked.case)
        self._marks.append(marked.marks)

    def figures(self) -> list[Figure]:
        """Return what the measures came to over the samples so far."""
        self._collect()
        return [self._figure(name, measure) for name, measure in self.measures.items()]

    def _collect(self) -> None:
        """Let each measure collect from the sample at hand; one without an answer is left out."""
        if not self._cases:
            return
        sample = self._cases[0].sample
        is_answered = all(case.response.error is None for case in self._cases)
        for name, measure in self.measures.items():
            if measure.tags and measure.tags.isdisjoint(sample.tags):
                continue
            row = measure.collect(self._cases, self._marks) if is_answered else None
            if row is None:
                self._n_left_out[name] = self._n_left_out.get(name, 0) + 1
            else:
                self._rows.setdefault(name, []).append(row)
                self._clusters.setdefault(name, []).append(sample.cluster or sample.id)
        self._cases, self._marks = [], []

    def _figure(self, name: str, measure: Measure) -> Figure:
        rows = np.array(self._rows.get(name, []), dtype=np.float64)
        value = measure.finish(rows.sum(axis=0)) if len(rows) else None
        interval = self._interval(name, measure, rows) if value is not None else None
        return Figure(
            checkpoint=self.checkpoint,
            task=self.task,
            measure=name,
            value=value,
            low=interval[0] if interval else None,
            high=interval[1] if interval else None,
            unit=measure.unit,
            is_less_better=measure.is_less_better,
            n=len(rows),
            n_unmeasured=self._n_left_out.get(name, 0),
        )

    def _interval(self, name: str, measure: Measure, rows: NDArray[np.float64]) -> tuple[float, float] | None:
        labels = self._clusters[name]
        if measure.is_mean:
            return mean_interval(*group_clusters(rows[:, 0], rows[:, 1], labels))
        return bootstrap(sum_clusters(rows, labels), measure.finish)

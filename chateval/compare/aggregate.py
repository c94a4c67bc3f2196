"""Scores -> estimates: the mean over samples, its interval, and what could not be scored."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from chateval.records import Estimate, Fault, Prompt, Response, Score
from chateval.stats import group_clusters, mean_interval, weighted_mean

Address = tuple[str, str, str]
"""(checkpoint, task, scorer)"""

SampleMean = tuple[float, float] | None
"""(value, weight) over the repeats of a sample; None where one of them has no value."""

SampleMeans = Mapping[str, SampleMean]
"""By sample id."""

_ABSENT, _UNSCORED = -1, -2
"""In place of a count of repeats."""


class Column(Mapping[str, SampleMean]):
    """The values of one scorer over the samples of a task, repeats averaged: `SampleMeans` in 20 bytes a sample."""

    def __init__(self, places: dict[str, int], *, skips_unscored: bool = False) -> None:
        """Begin a column without values.

        Args:
            places: Of the task's samples, which its columns share; a sample that is new gets the next one.
            skips_unscored: Take the mean of the repeats that have a value, as for template scorers, where None says
                that one does not apply. Otherwise a sample with an unscored repeat is unscored: what is left of it
                would be a mean of those answers that happened to get through.
        """
        self._places = places
        self._skips_unscored = skips_unscored
        self._tops = array("d")
        self._weights = array("d")
        self._counts = array("i")
        self._light: dict[int, float] = {}
        """Sums of the values that have no weight, which is rare."""
        self._n = 0

    def add(self, sample_id: str, value: float | None, weight: float) -> None:
        """Take in one repeat of a sample."""
        place = self._places.setdefault(sample_id, len(self._places))
        while place >= len(self._counts):
            self._tops.append(0.0)
            self._weights.append(0.0)
            self._counts.append(_ABSENT)
        if self._counts[place] == _ABSENT:
            self._counts[place] = 0
            self._n += 1
        if value is None and not self._skips_unscored:
            self._counts[place] = _UNSCORED
        if value is not None and self._counts[place] != _UNSCORED:
            self._counts[place] += 1
            self._tops[place] += value * weight
            self._weights[place] += weight
            if weight == 0:
                self._light[place] = self._light.get(place, 0.0) + value

    def __getitem__(self, sample_id: str) -> SampleMean:
        place = self._places[sample_id]
        if place >= len(self._counts) or self._counts[place] == _ABSENT:
            raise KeyError(sample_id)
        count, weight = self._counts[place], self._weights[place]
        if count in (0, _UNSCORED):
            return None
        if weight == 0:
            return self._light.get(place, 0.0) / count, 0.0
        return self._tops[place] / weight, weight / count

    def __iter__(self) -> Iterator[str]:
        return (sample_id for sample_id, count in zip(self._places, self._counts, strict=False) if count != _ABSENT)

    def __len__(self) -> int:
        return self._n


def sample_means(scores: Iterable[Score]) -> dict[Address, Column]:
    """Group scores by address and average the repeats of each sample; one with an unscored repeat is unscored."""
    places: dict[str, dict[str, int]] = defaultdict(dict)
    means: dict[Address, Column] = {}
    for score in scores:
        address = (score.checkpoint, score.task, score.scorer)
        if address not in means:
            means[address] = Column(places[score.task])
        means[address].add(score.sample_id, score.value, score.weight)
    return means


def estimate(address: Address, samples: SampleMeans, clusters: Mapping[str, str | None]) -> Estimate:
    """Return the estimate of one scorer on one task for one checkpoint.

    Args:
        address: (checkpoint, task, scorer).
        samples: Of this address.
        clusters: Sample id -> cluster; samples without one count as clusters of their own.
    """
    found = {sample_id: value for sample_id, value in samples.items() if value is not None}
    values = np.array([value for value, _ in found.values()], dtype=np.float64)
    weights = np.array([weight for _, weight in found.values()], dtype=np.float64)
    labels = [clusters.get(sample_id) or sample_id for sample_id in found] if clusters else list(found)
    interval = mean_interval(*group_clusters(values, weights, labels))
    checkpoint, task, scorer = address
    return Estimate(
        checkpoint=checkpoint,
        task=task,
        scorer=scorer,
        mean=weighted_mean(values, weights),
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        n=len(found),
        n_unscored=len(samples) - len(found),
        n_clusters=len(set(labels)),
    )


def pairs(means: Mapping[Address, SampleMeans]) -> list[tuple[str, str]]:
    """Return each (checkpoint, scorer) once, in the order of the addresses."""
    return list(dict.fromkeys((checkpoint, scorer) for checkpoint, _, scorer in means))


def pooled(means: Mapping[Address, SampleMeans], checkpoint: str, scorer: str) -> dict[str, SampleMean]:
    """Return the samples of all tasks together: task/sample id -> (value, weight)."""
    return {
        f"{address[1]}/{sample_id}": value
        for address, samples in means.items()
        if (address[0], address[2]) == (checkpoint, scorer)
        for sample_id, value in samples.items()
    }


def audit(means: Mapping[Address, SampleMeans]) -> list[Estimate]:
    """Return the template scorers of each checkpoint over all tasks; samples they do not apply to are left out."""
    return [
        estimate(
            (checkpoint, "*", scorer),
            {key: value for key, value in pooled(means, checkpoint, scorer).items() if value is not None},
            {},
        )
        for checkpoint, scorer in pairs(means)
    ]


SHOWN_FAULTS = 3
"""Examples kept of each checkpoint and template scorer."""


def find_faults(
    audits: Iterable[Score], cases: Mapping[tuple[str, str, str, int], tuple[Prompt, Response]]
) -> Iterator[Fault]:
    """Yield the first samples that each template scorer found at fault.

    Args:
        audits: Scores of the template scorers.
        cases: (checkpoint, task, sample id, repeat) -> prompt and response.
    """
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for score in audits:
        if score.value is None or score.value == 1 or seen[score.checkpoint, score.scorer] >= SHOWN_FAULTS:
            continue
        seen[score.checkpoint, score.scorer] += 1
        prompt, response = cases[score.checkpoint, score.task, score.sample_id, score.repeat]
        yield Fault(
            checkpoint=score.checkpoint,
            task=score.task,
            scorer=score.scorer,
            sample_id=score.sample_id,
            reason=score.reason,
            prompt_end=prompt.text[-200:],
            raw_text=response.raw_text[:400],
        )

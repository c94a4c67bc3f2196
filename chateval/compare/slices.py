"""Where a difference comes from: the comparison on parts of the samples, described and not tested."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from chateval.compare.aggregate import Address, SampleMeans
from chateval.records import Sample, Slice
from chateval.stats import paired_interval, weighted_mean

By = Literal["tag", "cluster", "prompt tokens", "output tokens"]

FEWEST_PAIRS = 8
"""Of a slice."""
FEWEST_OF_CLUSTER = 5
"""Samples of a cluster that make it a slice of its own, where it has pairs enough."""
MOST_SLICES = 60
"""Slices by one property for a task, scorer and candidate: those with the most pairs."""
_QUARTILES = (0.25, 0.5, 0.75)

Lengths = Mapping[str, Mapping[str, tuple[int, int]]]
"""Task -> sample id -> tokens of the baseline's prompt and answer."""


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """By what the samples are told apart."""

    samples: Mapping[tuple[str, str], Sample]
    """By (task, sample id)."""
    lengths: Lengths = field(default_factory=dict)


Pairs = Mapping[str, tuple[tuple[float, float], tuple[float, float]]]
"""Sample id -> (value, weight) of the baseline and of the candidate."""


def find_slices(means: Mapping[Address, SampleMeans], baseline: str, facts: SampleFacts) -> list[Slice]:
    """Return every comparison on the parts of its samples that have at least 8 pairs, where there are two of them.

    By tag, cluster, quartile of the baseline's prompt tokens, and quartile of the baseline's answer tokens.
    """
    found: list[Slice] = []
    for (checkpoint, task, scorer), after in means.items():
        before = means.get((baseline, task, scorer))
        if checkpoint == baseline or before is None:
            continue
        pairs = {name: (old, new) for name, new in after.items() if new and name in before and (old := before[name])}
        for by, parts in _parts(task, pairs, facts):
            if len(parts) >= 2:
                address = (task, scorer, baseline, checkpoint)
                found += [_slice(address, by, label, [pairs[name] for name in names]) for label, names in parts.items()]
    return found


def _parts(task: str, pairs: Pairs, facts: SampleFacts) -> Iterator[tuple[By, dict[str, list[str]]]]:
    tags: dict[str, list[str]] = defaultdict(list)
    clusters: dict[str, list[str]] = defaultdict(list)
    for name in pairs:
        sample = facts.samples.get((task, name))
        if sample is not None:
            for tag in dict.fromkeys(sample.tags):
                tags[tag].append(name)
            if sample.cluster is not None:
                clusters[sample.cluster].append(name)
    yield "tag", _large(tags)
    yield "cluster", _large(clusters)
    lengths = {name: found for name in pairs if (found := facts.lengths.get(task, {}).get(name))}
    yield "prompt tokens", _quartiles({name: n for name, (n, _) in lengths.items() if n})
    yield "output tokens", _quartiles({name: n for name, (_, n) in lengths.items() if n})


def _large(parts: Mapping[str, list[str]]) -> dict[str, list[str]]:
    kept = {label: names for label, names in parts.items() if len(names) >= FEWEST_PAIRS}
    largest = set(sorted(kept, key=lambda label: -len(kept[label]))[:MOST_SLICES])
    return {label: names for label, names in kept.items() if label in largest}


def _quartiles(lengths: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the samples by quartile of a length, labelled by its range; equal lengths stay together."""
    if len(lengths) < 2 * FEWEST_PAIRS:
        return {}
    values = np.array(list(lengths.values()))
    for shares in (_QUARTILES, (1 / 3, 2 / 3), (0.5,)):
        edges = np.unique(np.quantile(values, shares, method="inverted_cdf"))
        places = np.searchsorted(edges, values, side="left")
        counts = np.bincount(places)
        if len(counts) > 1 and counts[counts > 0].min() >= FEWEST_PAIRS:
            return _ranges(lengths, places.tolist())
    return {}


def _ranges(lengths: Mapping[str, int], places: Iterable[int]) -> dict[str, list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for name, place in zip(lengths, places, strict=True):
        groups[place].append(name)
    found = {}
    for place in sorted(groups):
        numbers = [lengths[name] for name in groups[place]]
        low, high = min(numbers), max(numbers)
        found[str(low) if low == high else f"{low}-{high}"] = groups[place]
    return found


def _slice(
    address: tuple[str, str, str, str], by: By, label: str, pairs: list[tuple[tuple[float, float], tuple[float, float]]]
) -> Slice:
    task, scorer, baseline, candidate = address
    v0, w0, v1, w1 = np.array([(*old, *new) for old, new in pairs], dtype=np.float64).T
    delta = (weighted_mean(v1, w1) or 0.0) - (weighted_mean(v0, w0) or 0.0)
    low, high = paired_interval(v1, v0, (w1, w0)) or (-1.0, 1.0)
    return Slice(
        task=task,
        scorer=scorer,
        baseline=baseline,
        candidate=candidate,
        by=by,
        label=label,
        delta=delta,
        low=low,
        high=high,
        wins=int((v1 > v0).sum()),
        losses=int((v1 < v0).sum()),
        n_pairs=len(pairs),
    )

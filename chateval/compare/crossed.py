"""Weights and templates crossed on the same samples -> how much of a difference each of the two makes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from chateval.compare.aggregate import Address, SampleMeans
from chateval.records import CheckpointSummary, Crossing
from chateval.stats import weighted_mean

Square = tuple[str, str, str, str]
"""Baseline, its weights with the candidate's template, the candidate's weights with its template, candidate."""


@dataclass(frozen=True, slots=True)
class _Corner:
    weights: tuple[str, str | None]
    template: str


def find_crossings(
    means: Mapping[Address, SampleMeans], baseline: str, checkpoints: Iterable[CheckpointSummary]
) -> list[Crossing]:
    """Return what weights and template did of each difference where all four of their pairings were run.

    Over the samples that all four have a value for; without a test.
    """
    found = []
    squares = list(_squares(baseline, list(checkpoints)))
    for checkpoint, task, scorer in means:
        for square in squares:
            if square[3] == checkpoint and all((name, task, scorer) in means for name in square):
                crossing = _cross(task, scorer, square, [means[name, task, scorer] for name in square])
                found += [crossing] if crossing else []
    return found


def _squares(baseline: str, checkpoints: list[CheckpointSummary]) -> Iterator[Square]:
    corners = {
        one.name: _Corner((one.weights_digest, one.adapter_digest), one.template_digest)
        for one in checkpoints
        if one.weights_digest and one.template_digest
    }
    home = corners.get(baseline)
    if home is None:
        return
    first = {corner: name for name, corner in reversed(corners.items())}
    for name, corner in corners.items():
        if corner.weights == home.weights or corner.template == home.template:
            continue
        template_only = first.get(_Corner(home.weights, corner.template))
        weights_only = first.get(_Corner(corner.weights, home.template))
        if template_only is not None and weights_only is not None:
            yield baseline, template_only, weights_only, name


def _cross(task: str, scorer: str, square: Square, columns: list[SampleMeans]) -> Crossing | None:
    shared = [name for name, value in columns[0].items() if value and all(column.get(name) for column in columns[1:])]
    sides: list[float | None] = []
    for column in columns:
        values, weights = np.array([column[name] for name in shared], dtype=np.float64).reshape(-1, 2).T
        sides.append(weighted_mean(values, weights))
    old, by_template, by_weights, new = sides
    if old is None or by_template is None or by_weights is None or new is None:
        return None
    return Crossing(
        task=task,
        scorer=scorer,
        baseline=square[0],
        candidate=square[3],
        weights=by_weights - old,
        template=by_template - old,
        both=new - old,
        n_pairs=len(shared),
    )

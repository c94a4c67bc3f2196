"""Scores of two checkpoints on the same samples -> comparisons."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chateval.compare.aggregate import Address, SampleMeans, pairs, pooled
from chateval.compare.contest import judge
from chateval.records import Comparison
from chateval.stats import benjamini_hochberg, group_clusters, holm, weighted_mean


def compare_all(
    means: Mapping[Address, SampleMeans], baseline: str, clusters: Mapping[tuple[str, str], str | None] | None = None
) -> list[Comparison]:
    """Compare every candidate with the baseline on every task and scorer, and adjust p over all of them.

    Args:
        means: By address.
        baseline: Name of the baseline.
        clusters: (task, sample id) -> cluster; samples without one count as clusters of their own.
    """
    found = []
    for checkpoint, task, scorer in means:
        if checkpoint != baseline and (baseline, task, scorer) in means:
            found.append(compare_pair(means, (task, scorer), (baseline, checkpoint), clusters))
    p_values = [comparison.p for comparison in found]
    return [
        replace(comparison, p_adjusted=p, q=q)
        for comparison, p, q in zip(found, holm(p_values), benjamini_hochberg(p_values), strict=True)
    ]


def compare_pair(
    means: Mapping[Address, SampleMeans],
    measured: tuple[str, str],
    sides: tuple[str, str],
    clusters: Mapping[tuple[str, str], str | None] | None = None,
) -> Comparison:
    """Compare two checkpoints on one task and scorer; p is not adjusted.

    Args:
        means: By address, those of both sides among them.
        measured: (task, scorer).
        sides: (baseline, candidate).
        clusters: (task, sample id) -> cluster; samples without one count as clusters of their own.
    """
    task, scorer = measured
    before, after = (means[side, task, scorer] for side in sides)
    labels = {name: cluster for name in after if clusters and (cluster := clusters.get((task, name)))}
    return _compare(task, scorer, (sides[0], before), (sides[1], after), labels)


def compare_behaviour(means: Mapping[Address, SampleMeans], baseline: str) -> list[Comparison]:
    """Compare the template scorers of every candidate with the baseline's, pooled over tasks.

    There is no test, and nothing of a test's power: these are properties to look at, and tests of them would cost the
    scores their power.
    """
    found = []
    known = pairs(means)
    for checkpoint, scorer in known:
        if checkpoint != baseline and (baseline, scorer) in known:
            reference, samples = pooled(means, baseline, scorer), pooled(means, checkpoint, scorer)
            compared = _compare("*", scorer, (baseline, reference), (checkpoint, samples), {})
            found.append(replace(compared, p=None, detectable=None, n_needed=None))
    return found


def _compare(
    task: str,
    scorer: str,
    baseline: tuple[str, SampleMeans],
    candidate: tuple[str, SampleMeans],
    labels: Mapping[str, str],
) -> Comparison:
    before, after = dict(baseline[1]), dict(candidate[1])
    paired = [key for key, value in before.items() if value is not None and after.get(key) is not None]
    pairs = [(a, b) for key in paired if (a := before[key]) is not None and (b := after[key]) is not None]
    n_dropped = len(before.keys() | after.keys()) - len(pairs)
    v0, w0, v1, w1 = (np.array(column, dtype=np.float64) for column in _columns(pairs))
    wins, losses = int((v1 > v0).sum()), int((v1 < v0).sum())
    mean0, mean1 = weighted_mean(v0, w0), weighted_mean(v1, w1)
    delta = mean1 - mean0 if mean0 is not None and mean1 is not None else None
    sides = (v1, w1), (v0, w0)
    if labels:
        places = [labels.get(key, key) for key in paired]
        sides = group_clusters(v1, w1, places), group_clusters(v0, w0, places)
    contest = judge(*sides, len(pairs)) if pairs else None
    return Comparison(
        task=task,
        scorer=scorer,
        baseline=baseline[0],
        candidate=candidate[0],
        delta=delta,
        low=contest.low if contest else None,
        high=contest.high if contest else None,
        p=contest.p if contest else None,
        p_adjusted=None,
        wins=wins,
        losses=losses,
        ties=len(pairs) - wins - losses,
        n_pairs=len(pairs),
        n_dropped=n_dropped,
        detectable=contest.detectable if contest else None,
        n_needed=contest.n_needed if contest else None,
    )


def _columns(pairs: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> tuple[list[float], ...]:
    return (
        [before[0] for before, _ in pairs],
        [before[1] for before, _ in pairs],
        [after[0] for _, after in pairs],
        [after[1] for _, after in pairs],
    )

"""Many checkpoints of any runs -> one ranked table: means, rank intervals, win rates."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from chateval.compare.curves import find_curves
from chateval.compare.entrants import HEADLINE, Bout, Entrants, find_entrants
from chateval.compare.subjects import Subject
from chateval.compare.tradeoffs import costs_of, find_tradeoffs
from chateval.errors import DataError
from chateval.records import Estimate, Run
from chateval.records.leaderboard import By, Leaderboard, LeftOut, Pair, RankedTask, Standing
from chateval.stats import Floats, group_clusters, mean_interval, weighted_mean
from chateval.stats.ranks import (
    ALPHA,
    contributions,
    macro_interval,
    pairwise_p,
    rank_intervals,
)

Columns = tuple[Floats, Floats]
"""(values, weights), shape [n_samples, n_subjects] each."""


def rank_runs(
    runs: Sequence[Run], *, tasks: Sequence[str] = (), scorer: str = HEADLINE, by: By = "mean"
) -> Leaderboard:
    """Rank the checkpoints of all runs on the samples that they share.

    Args:
        runs: At least one, of any harness.
        tasks: Those that count: a checkpoint that lacks one is listed, not ranked. Empty is the tasks that all have,
            or else those of the largest group of checkpoints that have one in common.
        scorer: `headline` is the first of each task; else the name of one.
        by: `mean` is the mean over tasks, each task equal; `win-rate` the share of samples won against the others.

    Raises:
        DataError: If a task or scorer is in no run, or nothing is left to rank on.
    """
    entrants = find_entrants(runs, tasks, scorer)
    columns = [entrants.columns(bout, entrants.sound) for bout in entrants.bouts]
    _check_weights(entrants, columns)
    wins = [(won(values), np.ones_like(values)) for values, _ in columns]
    ranked = wins if by == "win-rate" and len(entrants.sound) > 1 else columns
    scores = [_macro(ranked, place) for place in range(len(entrants.sound))]
    labels = [bout.clusters for bout in entrants.bouts]
    adjusted = _tests(ranked, labels) if entrants.sound else np.ones((0, 0))
    ranks: list[tuple[int, int] | None] = [*rank_intervals(scores, adjusted)]
    standings = [
        _standing(entrants, subject, ranks[place], (_column(columns, place), _column(wins, place)))
        for place, subject in enumerate(entrants.sound)
    ]
    order = sorted(range(len(standings)), key=lambda place: -scores[place])
    pairs = tuple(
        Pair(standings[i].checkpoint, standings[j].checkpoint, scores[i] - scores[j], float(adjusted[i, j]))
        for i, j in combinations(order, 2)
    )
    broken = _broken(entrants)
    costs = costs_of([*entrants.sound, *entrants.broken], [bout.task for bout in entrants.bouts])
    sound = tuple(replace(standings[place], cost=costs[standings[place].checkpoint]) for place in order)
    return Leaderboard(
        by=by,
        scorer=scorer,
        tasks=tuple(RankedTask(b.task, b.scorer, len(b.sample_ids), b.n_left_out, b.judges) for b in entrants.bouts),
        tasks_left_out=tuple(entrants.tasks_left_out),
        standings=(*sound, *(replace(found, cost=costs[found.checkpoint]) for found in broken)),
        unranked=tuple(entrants.unranked),
        pairs=pairs,
        tradeoffs=tuple(find_tradeoffs(sound, by)),
        curves=tuple(find_curves(sound, entrants.sound, pairs)),
        alpha=ALPHA,
        note=entrants.note,
    )


def _check_weights(entrants: Entrants, columns: Sequence[Columns]) -> None:
    for bout, (_, weights) in zip(entrants.bouts, columns, strict=True):
        for subject, total in zip(entrants.sound, weights.sum(axis=0), strict=True):
            if total <= 0:
                raise DataError(
                    f"{bout.task}: the scores of {subject.name} weigh nothing; name other tasks with --task"
                )


def won(values: Floats) -> Floats:
    """Return the share of the other subjects that each one beats on each sample, ties half; shape as `values`.

    Args:
        values: Shape [n_samples, n_subjects], without NaN.
    """
    n_subjects = values.shape[1]
    if n_subjects < 2:
        return np.full_like(values, 0.5)
    found: Floats = np.zeros_like(values)
    for place in range(n_subjects):
        mine = values[:, [place]]
        found[:, place] = (mine > values).sum(axis=1) + ((mine == values).sum(axis=1) - 1) / 2
    found /= n_subjects - 1
    return found


def _tests(columns: Sequence[Columns], labels: Sequence[Sequence[str]]) -> Floats:
    strata = [
        contributions(values, weights, clusters) / len(columns)
        for (values, weights), clusters in zip(columns, labels, strict=True)
    ]
    return pairwise_p(strata)


def _macro(columns: Sequence[Columns], place: int) -> float:
    means = [weighted_mean(values[:, place], weights[:, place]) or 0.0 for values, weights in columns]
    return sum(means) / len(means)


def _column(columns: Sequence[Columns], place: int) -> list[Columns]:
    return [(values[:, place], weights[:, place]) for values, weights in columns]


def _standing(
    entrants: Entrants,
    subject: Subject,
    rank: tuple[int, int] | None,
    found: tuple[Sequence[Columns], Sequence[Columns]],
) -> Standing:
    """Return the standing of one checkpoint from its columns of values and of wins; a list without wins gives none."""
    values, wins = found
    estimates = [_estimate(subject, bout, column) for bout, column in zip(entrants.bouts, values, strict=True)]
    mean, low, high = _over_tasks(entrants.bouts, values)
    rate = _over_tasks(entrants.bouts, wins) if wins and len(entrants.sound) > 1 else None
    summary = subject.summary
    return Standing(
        checkpoint=subject.name,
        run=subject.run.name,
        harness=subject.run.harness,
        kind=summary.kind,
        verdict=summary.template.verdict if summary.template else "not checked",
        best_rank=rank[0] if rank else None,
        worst_rank=rank[1] if rank else None,
        mean=mean,
        low=low,
        high=high,
        win_rate=rate[0] if rate else None,
        win_low=rate[1] if rate else None,
        win_high=rate[2] if rate else None,
        estimates=tuple(estimates),
        step=summary.step,
    )


def _estimate(subject: Subject, bout: Bout, column: Columns) -> Estimate:
    values, weights = _by_cluster(bout, column)
    interval = mean_interval(values, weights)
    n = int((~np.isnan(column[0])).sum())
    return Estimate(
        checkpoint=subject.name,
        task=bout.task,
        scorer=bout.scorer,
        mean=weighted_mean(values, weights),
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        n=n,
        n_unscored=len(bout.sample_ids) - n,
        n_clusters=len(values),
    )


def _by_cluster(bout: Bout, column: Columns) -> Columns:
    """Return the values and weights of one checkpoint by cluster, without samples that it has no value of."""
    has_value = ~np.isnan(column[0])
    labels = [label for label, kept in zip(bout.clusters, has_value, strict=True) if kept]
    return group_clusters(column[0][has_value], column[1][has_value], labels)


def _over_tasks(bouts: Sequence[Bout], columns: Sequence[Columns]) -> tuple[float, float, float]:
    """Return the macro mean of one checkpoint with its interval."""
    strata = [_by_cluster(bout, column) for bout, column in zip(bouts, columns, strict=True)]
    means = [weighted_mean(values, weights) or 0.0 for values, weights in strata]
    return (sum(means) / len(means), *macro_interval(strata))


def _broken(entrants: Entrants) -> list[Standing]:
    """Return the standings of those whose template is BROKEN, without ranks; who shares no sample is unranked."""
    found = []
    for subject in entrants.broken:
        columns = [entrants.columns(bout, [subject]) for bout in entrants.bouts]
        empty = [b.task for b, (_, weights) in zip(entrants.bouts, columns, strict=True) if weights.sum() <= 0]
        if empty:
            reason = f"shares no scored sample of {empty[0]} with the others; its template is BROKEN"
            entrants.unranked.append(LeftOut(subject.name, reason))
        else:
            found.append(_standing(entrants, subject, None, (_column(columns, 0), ())))
    return sorted(found, key=lambda standing: -standing.mean)

"""Scores -> estimates: the mean over samples, its interval, and what could not be scored."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from chateval.records import Estimate, Fault, Prompt, Response, Score
from chateval.stats import group_clusters, mean_interval, weighted_mean

Address = tuple[str, str, str]
"""(checkpoint, task, scorer)"""

SampleMeans = Mapping[str, tuple[float, float] | None]
"""Sample id -> (value, weight) over its repeats; None for a sample without a scored repeat."""


def sample_means(scores: Iterable[Score]) -> dict[Address, dict[str, tuple[float, float] | None]]:
    """Group scores by address and average the repeats of each sample; unscored repeats do not count."""
    grouped: dict[Address, dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    for score in scores:
        grouped[score.checkpoint, score.task, score.scorer][score.sample_id].append(score)
    return {
        address: {sample_id: _mean(repeats) for sample_id, repeats in samples.items()}
        for address, samples in grouped.items()
    }


def _mean(repeats: Sequence[Score]) -> tuple[float, float] | None:
    scored = [score for score in repeats if score.value is not None]
    if not scored:
        return None
    weight = sum(score.weight for score in scored)
    if weight == 0:
        return sum(float(score.value or 0.0) for score in scored) / len(scored), 0.0
    return sum(float(score.value or 0.0) * score.weight for score in scored) / weight, weight / len(scored)


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
    labels = [clusters.get(sample_id) or sample_id for sample_id in found]
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


def pool(scores: Iterable[Score]) -> dict[tuple[str, str], dict[str, tuple[float, float] | None]]:
    """Return the samples of all tasks together: (checkpoint, scorer) -> task/sample id -> (value, weight)."""
    pooled: dict[tuple[str, str], dict[str, tuple[float, float] | None]] = defaultdict(dict)
    for (checkpoint, task, scorer), samples in sample_means(scores).items():
        pooled[checkpoint, scorer].update({f"{task}/{sample_id}": value for sample_id, value in samples.items()})
    return pooled


def audit(scores: Iterable[Score]) -> list[Estimate]:
    """Return the template scorers of each checkpoint over all tasks; samples they do not apply to are left out."""
    return [
        estimate((checkpoint, "*", scorer), {key: value for key, value in samples.items() if value is not None}, {})
        for (checkpoint, scorer), samples in pool(scores).items()
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

"""Scores of two checkpoints on the same samples -> comparisons, and the samples that flipped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chateval.compare.aggregate import Address, SampleMeans, pairs, pooled
from chateval.messages import content_text
from chateval.records import Comparison, Flip, Response, Sample
from chateval.stats import (
    group_clusters,
    holm,
    is_share,
    mcnemar,
    newcombe,
    paired_bootstrap,
    paired_permutation,
    weighted_mean,
)

SHOWN_CHARACTERS = 2_000
"""Longest excerpt of an answer or question in a flip."""


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
    for (checkpoint, task, scorer), samples in means.items():
        reference = means.get((baseline, task, scorer))
        if checkpoint != baseline and reference is not None:
            labels = {sample_id: (clusters or {}).get((task, sample_id)) or sample_id for sample_id in samples}
            found.append(_compare(task, scorer, (baseline, reference), (checkpoint, samples), labels))
    adjusted = holm([comparison.p for comparison in found])
    return [replace(comparison, p_adjusted=p) for comparison, p in zip(found, adjusted, strict=True)]


def compare_behaviour(means: Mapping[Address, SampleMeans], baseline: str) -> list[Comparison]:
    """Compare the template scorers of every candidate with the baseline's, pooled over tasks.

    There is no test: these are properties to look at, and tests of them would cost the scores their power.
    """
    found = []
    known = pairs(means)
    for checkpoint, scorer in known:
        if checkpoint != baseline and (baseline, scorer) in known:
            reference, samples = pooled(means, baseline, scorer), pooled(means, checkpoint, scorer)
            labels = {key: key for key in samples}
            compared = _compare("*", scorer, (baseline, reference), (checkpoint, samples), labels)
            found.append(replace(compared, p=None))
    return found


def _compare(
    task: str,
    scorer: str,
    baseline: tuple[str, SampleMeans],
    candidate: tuple[str, SampleMeans],
    labels: Mapping[str, str],
) -> Comparison:
    before, after = baseline[1], candidate[1]
    paired = [key for key in before if before[key] is not None and after.get(key) is not None]
    pairs = [(a, b) for key in paired if (a := before[key]) is not None and (b := after[key]) is not None]
    n_dropped = len(before.keys() | after.keys()) - len(pairs)
    v0, w0, v1, w1 = (np.array(column, dtype=np.float64) for column in _columns(pairs))
    wins, losses = int((v1 > v0).sum()), int((v1 < v0).sum())
    mean0, mean1 = weighted_mean(v0, w0), weighted_mean(v1, w1)
    delta = mean1 - mean0 if mean0 is not None and mean1 is not None else None
    interval: tuple[float, float] | None = None
    p: float | None = None
    if delta is not None:
        places = [labels[key] for key in paired]
        (v0, w0), (v1, w1) = group_clusters(v0, w0, places), group_clusters(v1, w1, places)
        if is_share(v0, w0) and is_share(v1, w1):
            both, won, lost = (int(found.sum()) for found in ((v0 == 1) & (v1 == 1), v1 > v0, v1 < v0))
            interval = newcombe(both, lost, won, len(v0) - both - won - lost)
            p = mcnemar(won, lost)
        else:
            interval = paired_bootstrap(v1, v0, (w1, w0))
            p = paired_permutation(v1, v0, (w1, w0))
    return Comparison(
        task=task,
        scorer=scorer,
        baseline=baseline[0],
        candidate=candidate[0],
        delta=delta,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        p=p,
        p_adjusted=None,
        wins=wins,
        losses=losses,
        ties=len(pairs) - wins - losses,
        n_pairs=len(pairs),
        n_dropped=n_dropped,
    )


def _columns(pairs: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> tuple[list[float], ...]:
    return (
        [before[0] for before, _ in pairs],
        [before[1] for before, _ in pairs],
        [after[0] for _, after in pairs],
        [after[1] for _, after in pairs],
    )


def find_flips(
    means: Mapping[Address, SampleMeans],
    baseline: str,
    samples: Mapping[tuple[str, str], Sample],
    shown: Mapping[tuple[str, str], Mapping[str, str]],
    reasons: Mapping[Address, Mapping[str, str]],
) -> list[Flip]:
    """Return every sample that one side has right (value 1) and the other has not.

    Args:
        means: By address.
        baseline: Name of the baseline.
        samples: (task, sample id) -> sample.
        shown: (checkpoint, task) -> sample id -> the answer to be shown.
        reasons: By address -> sample id -> what the scorer said of it.
    """
    flips = []
    for (checkpoint, task, scorer), after in means.items():
        before = means.get((baseline, task, scorer))
        if checkpoint == baseline or before is None:
            continue
        for sample_id, value in after.items():
            reference = before.get(sample_id)
            if value is None or reference is None or (value[0] == 1) == (reference[0] == 1):
                continue
            sample = samples[task, sample_id]
            flips.append(
                Flip(
                    task=task,
                    scorer=scorer,
                    baseline=baseline,
                    candidate=checkpoint,
                    sample_id=sample_id,
                    won=value[0] == 1,
                    baseline_value=reference[0],
                    candidate_value=value[0],
                    baseline_text=shown[baseline, task][sample_id][:SHOWN_CHARACTERS],
                    candidate_text=shown[checkpoint, task][sample_id][:SHOWN_CHARACTERS],
                    baseline_reason=reasons[baseline, task, scorer][sample_id],
                    candidate_reason=reasons[checkpoint, task, scorer][sample_id],
                    question=_question(sample),
                    target=sample.target[:SHOWN_CHARACTERS],
                )
            )
    return flips


def _question(sample: Sample) -> str:
    users = [content_text(message) for message in sample.messages if message["role"] == "user"]
    text = str(users[-1]) if users else ""
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:200]} [...] {text[-SHOWN_CHARACTERS + 200 :]}"


def shown_answer(response: Response, sample: Sample, choice: str | None) -> str:
    """Return what a report shows as the answer: the text, the choice taken, or the error."""
    if response.error is not None:
        return f"[error: {response.error}]"
    return (choice or "") if sample.choices and not response.text else response.text

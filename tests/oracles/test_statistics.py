"""Means, standard errors and paired tests that other harnesses published, from the scores they published with them."""

import csv
import gzip
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from oracle import Agreement, oracle_path, oracle_rows
from scipy.stats import norm
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from chateval.stats import (
    count_pairs,
    mcnemar,
    mean_interval,
    newcombe,
    paired_error,
    paired_interval,
    paired_permutation,
    standard_error,
)

pytestmark = pytest.mark.oracle

ALPACA_MODELS = ("phi-2", "phi-2-sft")
FIRST, SECOND = "openai/gpt-5-nano-2025-08-07", "openai/gpt-5.4-mini-2026-03-17"
ROUNDING = 1e-9


def preferences(model: str) -> np.ndarray:
    """Return 1 where the model was preferred, 0 where the reference was, 0.5 for a draw; rows without are left out."""
    given = [row["preference"] for row in oracle_rows(f"peer_alpaca_eval/{model}__alpaca_eval_gpt4")]
    values = [float(value) for value in given if value is not None and not math.isnan(value)]
    return np.array([0.5 if value == 0 else value - 1 for value in values])


def leaderboard() -> dict[str, dict[str, str]]:
    path = oracle_path("peer_alpaca_eval/leaderboard_alpaca_eval_gpt4.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return {row[""]: row for row in csv.DictReader(lines)}


def lm_eval_errors() -> Iterator[tuple[str, float, float, int]]:
    """Yield task and metric, mean, standard error and n of every 0/1 metric of a single task that lm-eval published."""
    for path in sorted(oracle_path("peer_lm_eval/results_json").glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        groups = {name for name, parts in found.get("group_subtasks", {}).items() if parts}
        for task, metrics in found["results"].items():
            n = found["n-samples"].get(task, {}).get("effective")
            for name in ("acc", "acc_norm"):
                error = metrics.get(f"{name}_stderr,none")
                if task not in groups and n and isinstance(error, float):
                    yield f"{path.stem[-40:]} {task} {name}", metrics[f"{name},none"], error, n


def of_share(mean: float, n: int) -> float | None:
    values = np.zeros(n)
    values[: round(mean * n)] = 1.0
    return standard_error(values)


def repeats_of_gpqa() -> Mapping[str, Mapping[str, list[float]]]:
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    path = oracle_path("peer_inspect_ai/tests__scorer__data__gpqa_diamond_scores.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            scores[row["model_id"]][row["item_id"]].append(float(row["score"]))
    return scores


def gpqa() -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over five repeats of each of 198 questions, of both models."""
    scores = repeats_of_gpqa()
    first, second = ([np.mean(scores[model][item]) for item in sorted(scores[FIRST])] for model in (FIRST, SECOND))
    return np.array(first), np.array(second)


def winogrande() -> tuple[np.ndarray, np.ndarray]:
    """Return acc of each row from its stored log-likelihoods, of Mistral 7B and Llama 13B on the same rows."""
    sides = []
    for model in ("mistral7b", "llama13b"):
        rows = {row["doc_id"]: row for row in oracle_rows(f"peer_lm_eval/winogrande_{model}")}
        sides.append(
            [float((rows[key]["logit_1"] > rows[key]["logit_0"]) == bool(rows[key]["truth"])) for key in sorted(rows)]
        )
    return np.array(sides[0]), np.array(sides[1])


@pytest.mark.parametrize("model", ALPACA_MODELS)
def test_win_rates_and_their_standard_errors_are_those_of_alpaca_eval(model):
    published, values = leaderboard()[model], preferences(model)

    assert len(values) == int(published["n_total"])
    assert 100 * values.mean() == pytest.approx(float(published["win_rate"]), abs=ROUNDING)
    assert 100 * standard_error(values) == pytest.approx(float(published["standard_error"]), abs=ROUNDING)


@pytest.mark.parametrize("model", ALPACA_MODELS)
def test_intervals_of_win_rates_are_about_two_published_standard_errors_wide_on_either_side(model):
    published, values = leaderboard()[model], preferences(model)

    low, high = mean_interval(values, np.ones(len(values)))

    assert 100 * (high - low) / 2 == pytest.approx(1.96 * float(published["standard_error"]), rel=0.01)


def test_every_standard_error_of_a_share_is_that_of_lm_evaluation_harness():
    published = list(lm_eval_errors())

    assert len(published) > 50
    for name, mean, error, n in published:
        assert of_share(mean, n) == pytest.approx(error, abs=ROUNDING), name


def test_the_paired_test_of_repeated_answers_is_that_of_inspect():
    first, second = gpqa()
    weights = (np.ones(198), np.ones(198))
    delta, (error, degrees) = first.mean() - second.mean(), paired_error(first, second, weights)
    apart = math.hypot(standard_error(first), standard_error(second))

    # Inspect's own test publishes 0.035 for pairs of means over repeats, 0.148 for two samples, a ratio of 2.12
    assert 2 * norm.sf(delta / error) == pytest.approx(0.035, abs=0.001)
    assert 2 * norm.sf(delta / apart) == pytest.approx(0.148, abs=0.001)
    assert (apart / error) ** 2 == pytest.approx(2.12, abs=0.01)
    assert degrees == pytest.approx(197)
    assert paired_permutation(first, second, weights) == pytest.approx(0.035, abs=0.006)
    assert paired_interval(first, second, weights)[0] > 0


def test_repeats_as_clusters_have_the_error_of_their_means():
    scores = repeats_of_gpqa()[FIRST]
    values = np.array([value for repeats in scores.values() for value in repeats])
    labels = [item for item, repeats in scores.items() for _ in repeats]

    assert standard_error(values, labels=labels) == pytest.approx(standard_error(gpqa()[0]))
    assert standard_error(values) < 0.6 * standard_error(values, labels=labels)


def test_the_same_rows_of_winogrande_tell_two_models_apart_no_better_than_statsmodels_does():
    candidate, baseline = winogrande()
    both, lost, won, neither = count_pairs(candidate, baseline)

    assert (round(candidate.mean(), 6), round(baseline.mean(), 6)) == (0.802548, 0.785032)
    assert mcnemar(won, lost) == pytest.approx(statsmodels_mcnemar([[both, lost], [won, neither]], exact=True).pvalue)
    assert mcnemar(won, lost) > 0.05
    low, high = newcombe(both, lost, won, neither)
    assert low < 0 < high
    error, _ = paired_error(candidate, baseline, (np.ones(628), np.ones(628)))
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.05)


def agreements() -> list[Agreement]:
    """Return how far the published means and errors are ours, each a verdict."""
    alpaca = {}
    for model in ALPACA_MODELS:
        published, values = leaderboard()[model], preferences(model)
        alpaca[f"{model} win rate"] = (100 * values.mean(), float(published["win_rate"]))
        alpaca[f"{model} standard error"] = (100 * (standard_error(values) or 0.0), float(published["standard_error"]))
    errors = {name: (of_share(mean, n) or 0.0, error) for name, mean, error, n in lm_eval_errors()}
    return [
        _agreement("Win rates and standard errors", "AlpacaEval", alpaca),
        _agreement("Standard errors of shares", "lm-evaluation-harness", errors),
    ]


def _agreement(name: str, judge: str, pairs: Mapping[str, tuple[float, float]]) -> Agreement:
    differing = {key: f"{ours:g} here" for key, (ours, theirs) in pairs.items() if abs(ours - theirs) > ROUNDING}
    return Agreement(name, judge, len(pairs), differing)

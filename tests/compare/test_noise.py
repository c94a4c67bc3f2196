"""Noise of the baseline in a report, of one run or of several."""

from dataclasses import replace

import hand_made
import pytest

from chateval.compare import with_noise
from chateval.compare.pick import pick
from chateval.compare.runs import compare_runs
from chateval.records import Noise
from chateval.stats import noise_bound

NOISE = (Noise("facts", "exact", 2, 40, 6.0, 0.05),)
BOUND = noise_bound(6.0, n_reruns=2, n_samples=40)


@pytest.fixture
def run():
    return replace(hand_made.run({"base": [1] * 40, "sft": hand_made.share(38, 40)}), noise=NOISE)


def test_noise_bounds_the_differences_of_its_task_and_scorer(run):
    report = with_noise(compare_runs([replace(run, noise=())]), [*NOISE, Noise("other", "exact", 1, 0, 0.0, 0.0)])

    assert [one.noise for one in report.comparisons] == [BOUND]
    assert len(report.noise) == 2


@pytest.mark.parametrize(
    ("baseline", "expected"), [(None, (NOISE, [BOUND])), ("sft", ((), [None])), ("base", (NOISE, [BOUND]))]
)
def test_compared_runs_carry_the_noise_of_the_checkpoint_that_it_was_measured_on(run, baseline, expected):
    report = compare_runs([run], baseline)

    assert (report.noise, [one.noise for one in report.comparisons]) == expected


def test_the_noise_of_another_run_than_the_baselines_is_not_used(run):
    other = hand_made.run({"old": [1] * 40}, name="old")

    assert compare_runs([other, run]).noise == ()
    assert compare_runs([run, other]).noise == NOISE


def test_a_picked_checkpoint_keeps_the_noise_only_if_it_is_the_baseline(run):
    assert pick(run, {"base": "first", "sft": "sft"}).noise == NOISE
    assert pick(run, {"sft": "sft"}).noise == ()

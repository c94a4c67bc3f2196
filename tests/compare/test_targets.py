"""Digests of targets: what shows that a run without texts was held against something else."""

from dataclasses import replace

import hand_made
import pytest

from chateval.compare.runs import compare_runs
from chateval.compare.targets import target_digest
from chateval.records import Sample

PLAIN = hand_made.sample(1)


@pytest.mark.parametrize("said", [{"target": "2"}, {"alternatives": ("one",)}, {"choices": ("1", "2")}])
def test_the_digest_is_of_targets_and_choices(said):
    assert len(target_digest(PLAIN)) == 8
    assert target_digest(replace(PLAIN, **said)) != target_digest(PLAIN)
    assert target_digest(replace(PLAIN, tags=("x",), id="other")) == target_digest(PLAIN)


def test_of_a_sample_without_texts_nothing_is_known():
    assert target_digest(Sample("1", inputs={})) == ""


def textless(run, digests):
    """Return a run as a baseline file has it; `digests` takes a sample to its digest."""
    samples = run.samples["facts"]
    return replace(
        run,
        samples={"facts": {name: Sample(name, inputs={}) for name in samples}},
        target_digests={"facts": {name: digests(sample) for name, sample in samples.items()}},
    )


@pytest.fixture
def runs():
    return hand_made.run({"base": [1] * 20}, name="old"), hand_made.run({"sft": [1] * 20}, name="new")


def test_equal_targets_are_compared_and_nothing_is_said(runs):
    report = compare_runs([textless(runs[0], target_digest), runs[1]])

    assert (report.refusals, [one.n_pairs for one in report.comparisons]) == ((), [20])
    assert not any(change.kind == "data" for change in report.changes)


def test_another_target_of_some_samples_refuses_the_task(runs):
    before, after = runs
    moved = {name: replace(one, target="none") for name, one in list(after.samples["facts"].items())[:3]}
    after = replace(after, samples={"facts": {**after.samples["facts"], **moved}})

    report = compare_runs([textless(before, target_digest), after])

    [refusal] = report.refusals
    assert refusal.reason.startswith("another target or other choices for 3 of 20 samples, such as 0000000000000000")
    assert report.comparisons == ()


def test_targets_that_were_not_written_down_are_told_and_compared(runs):
    report = compare_runs([textless(runs[0], lambda sample: ""), runs[1]])

    assert [one.n_pairs for one in report.comparisons] == [20]
    [words] = [change.words for change in report.changes if change.kind == "data"]
    assert words == "facts: targets of 20 of 20 pairs were not written down; they may not be the same"

"""Parts of runs: some of their checkpoints, some of their samples, and samples that only have an address."""

from dataclasses import replace

import hand_made
import pytest

from chateval.compare.aggregate import sample_means
from chateval.compare.pick import pick
from chateval.compare.runs import compare_runs
from chateval.compare.tagged import all_tags, only_tagged, report_on_tag
from chateval.compare.textless import is_textless, with_texts
from chateval.errors import GateError
from chateval.records import Answered, Decoding, Prompt, Response, Sample

TAGS = dict.fromkeys(range(12), ("persian",))


@pytest.fixture
def run():
    return hand_made.run({"base": [1] * 40, "sft": [0] * 12 + [1] * 28}, tags=TAGS)


def test_the_report_on_a_tag_has_its_samples_only(run):
    whole = compare_runs([run])

    part = report_on_tag(whole, sample_means(run.scores), run.samples, "persian")

    assert [(one.checkpoint, one.mean, one.n) for one in part.estimates] == [("base", 1.0, 12), ("sft", 0.0, 12)]
    assert [(one.delta, one.n_pairs) for one in part.comparisons] == [(-1.0, 12)]
    assert [(one.delta, one.n_pairs) for one in whole.comparisons] == [(pytest.approx(-0.3), 40)]


def test_intervals_that_hold_at_any_stop_hold_on_a_tag_too(run):
    whole = compare_runs([run])

    [plain] = report_on_tag(whole, sample_means(run.scores), run.samples, "persian").comparisons
    part = report_on_tag(replace(whole, is_anytime=True), sample_means(run.scores), run.samples, "persian")

    [wide] = part.comparisons
    assert wide.high - wide.low > plain.high - plain.low
    assert (wide.p, wide.n_pairs) == (None, 12)
    assert all(one.high - one.low > 0.2 for one in part.estimates)


def test_checkpoints_keep_their_names_on_a_tag(run):
    first = replace(run, name="a")
    other = hand_made.run({"base": [1] * 39 + [0], "dpo": [1] * 40}, name="b", tags=TAGS)
    other = replace(other, checkpoints=(first.checkpoints[0], other.checkpoints[1]))

    whole = compare_runs([first, other])
    part = compare_runs([first, other], whole.baseline, tag="persian")

    assert whole.baseline == "a/base"
    assert [one.name for one in part.checkpoints] == [one.name for one in whole.checkpoints]
    assert {one.n for one in part.estimates} == {12}


def test_a_tag_of_nobody_leaves_nothing(run):
    part = report_on_tag(compare_runs([run]), sample_means(run.scores), run.samples, "french")

    assert (part.estimates, part.comparisons) == ((), ())
    assert all_tags(run.samples) == {"persian"}


def test_the_samples_of_a_tag_are_those_that_any_run_gives_it(run):
    other = hand_made.run({"old": [1] * 40}, name="old")

    found = only_tagged([other, run], "persian")

    assert [len(one.scores) for one in found] == [12, 24]
    assert [len(one.samples["facts"]) for one in found] == [12, 12]


def test_a_picked_checkpoint_comes_alone_and_under_its_new_name(run):
    [sample, *_] = run.samples["facts"].values()
    answer = Answered("sft", "facts", Prompt(sample.id, (), "", (), Decoding()), Response(sample.id, "", "eos"))
    found = pick(replace(run, answers=[answer, replace(answer, checkpoint="base")]), {"sft": "new"})

    assert (found.baseline, [one.name for one in found.checkpoints]) == ("new", ["new"])
    assert {score.checkpoint for score in found.scores} == {"new"}
    assert [one.checkpoint for one in found.answers] == ["new"]
    assert [one.checkpoint for one in found.answers] == ["new"]  # gone through once more
    assert [one.checkpoint for one in (*found.audits, *found.efforts)] == ["new", "new"]


def test_a_checkpoint_that_is_not_there_cannot_be_picked(run):
    with pytest.raises(GateError, match="no checkpoint 'dpo' in it; there are: base, sft"):
        pick(run, {"dpo": "dpo"})


def test_a_sample_without_texts_takes_those_of_its_namesake(run):
    known = run.samples["facts"]
    bare = replace(run, samples={"facts": {name: Sample(name, inputs={}) for name in [*known, "unknown"]}})

    filled, same = with_texts([bare, run])

    assert {name: filled.samples["facts"][name] for name in known} == known
    assert is_textless(filled.samples["facts"]["unknown"])
    assert same.samples == run.samples

import json
from functools import partial

import numpy as np
import pytest

from chateval.config import Suite
from chateval.engine import FakeEngine
from chateval.errors import GateError
from chateval.pipeline import Checks, evaluate, evaluate_early, rescore
from chateval.pipeline.early import is_decided
from chateval.records import CheckpointSpec, Rule, Verdict

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} + {{ b }} ="}]
target: "{{ a + b }}"
decoding: {max_new_tokens: 8}
scorers: [number]
"""


GATE = (Rule(scorer="number", max_drop=0.1),)


class Quiet:
    """A watcher that says nothing."""

    def stage(self, text): ...
    def begin(self, checkpoint, task, n_total, n_stored): ...
    def advance(self, n): ...


def adder(share_right: float) -> FakeEngine:
    """Return an engine that adds rightly for so many of all samples, whichever they are."""

    def reply(prompt):
        a, _, b, _ = prompt.messages[0]["content"].split()
        is_right = np.random.default_rng([int(a), int(b)]).random() < share_right
        return str(int(a) + int(b)) if is_right else "no"

    return FakeEngine(reply)


@pytest.fixture
def run(tiny_chat, tiny_other, cache_dir, tmp_path):
    folder = tmp_path / "sums"
    folder.mkdir()
    (folder / "task.yaml").write_text(TASK)
    rows = [{"a": a, "b": b} for a in range(40) for b in range(20)]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def go(candidate, *, gate=GATE, limit=None):
        engines = {"base": adder(0.9), "sft": adder(candidate)}
        checkpoints = (CheckpointSpec("base", str(tiny_chat)), CheckpointSpec("sft", str(tiny_other)))
        suite = Suite(checkpoints, (str(folder),), baseline="base", gate=gate, limit=limit)
        one = partial(
            evaluate,
            out=tmp_path / "run",
            cache_dir=cache_dir,
            open_engine=lambda subject: engines[subject.checkpoint.name],
            watcher=Quiet(),
            checks=Checks(is_anytime=True),
        )
        result = evaluate_early(suite, one)
        return result, engines["sft"].n_calls

    return go


def test_a_clear_regression_stops_the_run_early(run):
    result, n_asked = run(0.2)

    assert result.exit_code == 1
    assert n_asked == 50


def test_a_clear_pass_stops_before_all_samples_are_asked(run):
    result, n_asked = run(0.9)

    assert result.exit_code == 0
    assert n_asked < 800


def test_what_stays_unclear_is_asked_to_the_end_and_each_sample_once(run):
    result, n_asked = run(0.8)

    assert result.exit_code == 3
    assert n_asked == 800


def test_the_limit_of_the_suite_stays_the_most_samples(run):
    _, n_asked = run(0.8, limit=70)

    assert n_asked == 70


def test_no_test_stands_beside_an_interval_that_was_looked_at_often(run):
    result, _ = run(0.2)

    [comparison] = result.report.comparisons
    assert result.report.is_anytime
    assert (comparison.p, comparison.p_adjusted, comparison.q) == (None, None, None)
    assert -1 <= comparison.low < comparison.delta < comparison.high < -0.1


def test_samples_come_in_an_order_that_knows_nothing_of_the_data(run, tmp_path):
    run(0.2)

    lines = (tmp_path / "run" / "samples.jsonl").read_text().splitlines()
    assert len({json.loads(line)["sample"]["inputs"]["a"] for line in lines}) > 15


def test_scoring_again_keeps_the_intervals_that_allow_looking(run, tmp_path):
    result, _ = run(0.2)

    again = rescore(tmp_path / "run", watcher=Quiet())

    assert again == result.report


@pytest.mark.parametrize(
    ("verdicts", "decided"),
    [
        ([("t/number max_drop 0.1", "fail"), ("max_truncated 0.05", "pass")], True),
        ([("t/number max_drop 0.1", "inconclusive"), ("template error", "fail")], True),
        ([("t/number max_drop 0.1", "inconclusive"), ("max_truncated 0.05", "fail")], False),
        ([("t/number max_drop 0.1", "pass"), ("max_truncated 0.05", "pass")], False),
        ([("t/number [hard] min_value 0.1", "pass"), ("template error", "pass")], True),
        ([("t/number min_value 0.1", "pass"), ("template error", "inconclusive")], False),
    ],
)
def test_only_what_more_samples_cannot_turn_ends_the_run(verdicts, decided):
    assert is_decided([Verdict(rule, "sft", outcome, "") for rule, outcome in verdicts]) is decided


def test_without_a_gate_there_is_nothing_to_decide(run):
    with pytest.raises(GateError, match="nothing to decide"):
        run(0.2, gate=())

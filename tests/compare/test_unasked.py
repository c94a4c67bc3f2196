from dataclasses import replace

import hand_made
import pytest

from chateval.compare.runs import compare_runs
from chateval.pipeline.against import against, gate_runs
from chateval.records import Rule


def part(run, n_samples, n_available):
    [task] = run.tasks
    return replace(run, tasks=(replace(task, n_samples=n_samples, n_available=n_available),))


def asked(n, *, n_said=None, name):
    """Return a run of `sft` on the first `n` of 200 samples, which says that it took `n_said`."""
    return part(hand_made.run({"sft": [1.0] * n}, name=name), n if n_said is None else n_said, 200)


@pytest.mark.parametrize(
    ("before", "after", "n_unasked"),
    [
        (asked(200, name="a"), asked(50, name="b"), 150),
        (asked(50, name="a"), asked(200, name="b"), 150),
        (asked(50, name="a"), asked(50, name="b"), 0),
        (asked(200, name="a"), asked(50, n_said=60, name="b"), 0),
        (asked(200, name="a"), asked(50, n_said=200, name="b"), 0),
    ],
)
def test_samples_are_unasked_if_a_run_took_a_part_and_has_all_of_that(before, after, n_unasked):
    [found] = compare_runs([before, after]).comparisons

    assert found.n_dropped == abs(size(before) - size(after))
    assert found.n_unasked == n_unasked


def size(run):
    return len(run.scores)


@pytest.mark.parametrize(("n_said", "outcome"), [(100, "pass"), (110, "inconclusive"), (200, "inconclusive")])
def test_a_gate_decides_on_what_both_were_asked_and_never_explains_what_is_missing(n_said, outcome):
    before, after = asked(200, name="a"), asked(100, n_said=n_said, name="b")

    [verdict] = gate_runs(against(before, [after]), [Rule(task="*", scorer="*", max_drop=0.1)]).verdicts

    assert verdict.outcome == outcome
    expected = "100 more samples were asked of one side only" if outcome == "pass" else "could not be evaluated"
    assert expected in verdict.reason

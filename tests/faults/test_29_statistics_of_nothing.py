"""Fault 29: statistics of nothing, of one, of no spread, of numbers that are none, and of very many."""

import json
import math
import time
from dataclasses import asdict, replace

import hand_made
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chateval import stats
from chateval.codec import encode
from chateval.compare import compare_all, estimate
from chateval.compare.aggregate import sample_means
from chateval.compare.runs import compare_runs
from chateval.errors import GateError
from chateval.gate import check, exit_code
from chateval.gate.rules import describe
from chateval.records import Rule, Score

FUZZ = settings(derandomize=True, deadline=None, max_examples=60, print_blob=True)
NAN, INF = float("nan"), float("inf")


def floats(*values):
    return np.array(values, dtype=np.float64)


def marks(checkpoint, values, weights=None):
    """Return the scores of a checkpoint; a value may be None."""
    weights = weights or [1.0] * len(values)
    return [
        Score(checkpoint, "t", "number", f"s{n}", value, weight=weight, reason="" if value is not None else "late")
        for n, (value, weight) in enumerate(zip(values, weights, strict=True))
    ]


def compared(before, after, w0=None, w1=None, clusters=None):
    means = sample_means([*marks("base", before, w0), *marks("sft", after, w1)])
    estimates = [estimate(address, found, {}) for address, found in means.items()]
    labels = {("t", name): label for name, label in (clusters or {}).items()}
    return estimates, compare_all(means, "base", labels)


CONSTANT = {
    "n = 1, right": ([1.0], [1.0]),
    "n = 1, won": ([0.0], [1.0]),
    "n = 1, graded": ([0.3], [0.7]),
    "all right": ([1.0] * 30, [1.0] * 30),
    "all wrong": ([0.0] * 30, [0.0] * 30),
    "all lost": ([1.0] * 30, [0.0] * 30),
    "no discordant pairs": ([0.0, 1.0] * 15, [0.0, 1.0] * 15),
    "constant, graded": ([0.3] * 30, [0.3] * 30),
    "constant difference": ([0.2, 0.4] * 15, [0.4, 0.6] * 15),
    "next to 1": ([1.0, 1 - 1e-16] * 15, [1.0, 1.0] * 15),
    "minus zero": ([-0.0, 0.0] * 15, [0.0, -0.0] * 15),
    "subnormal": ([5e-324] * 30, [0.0, 5e-324] * 15),
    "subnormal difference": ([0.5] * 30, [0.5] * 29 + [0.5 + 1e-16]),
    "nothing scored": ([None] * 5, [None] * 5),
    "one side unscored": ([1.0] * 5, [None] * 5),
    "no pair": ([1.0, None], [None, 1.0]),
    "no sample": ([], []),
}


@pytest.mark.parametrize("case", CONSTANT)
@pytest.mark.parametrize("clusters", ["own", "one", "pairs"])
@pytest.mark.parametrize("weight", [1.0, 0.0, 5e-324, 1e12])
def test_an_interval_is_in_range_or_not_defined_and_never_nan(case, clusters, weight):
    before, after = CONSTANT[case]
    labels = {"own": {}, "one": dict.fromkeys(ids(before), "c"), "pairs": {n: n[:2] for n in ids(before)}}[clusters]

    estimates, comparisons = compared(before, after, [weight] * len(before), [weight] * len(after), labels)

    for found in estimates:
        json.dumps(asdict(found), allow_nan=False)
        assert (found.mean is None) == (found.low is None) == (found.high is None)
        if found.low is not None:
            assert 0 <= found.low <= found.high <= 1
    for found in comparisons:
        encode(found)
        assert (found.delta is None) == (found.low is None)
        if found.low is not None:
            assert -1 <= found.low <= found.high <= 1
            assert 0 <= found.p <= found.p_adjusted <= 1
            assert 0 <= found.q <= 1
        assert found.detectable is None or 0 <= found.detectable <= 1
        assert found.n_needed is None or 2 <= found.n_needed <= 10**12


def ids(values):
    return [f"s{n}" for n in range(len(values))]


@pytest.mark.parametrize("adjust", [stats.holm, stats.benjamini_hochberg])
@pytest.mark.parametrize("absent", [None, NAN])
def test_a_test_that_is_missing_or_nan_is_left_out_and_changes_no_other(adjust, absent):
    assert adjust([0.01, absent, 0.03, absent]) == [adjust([0.01, 0.03])[0], None, adjust([0.01, 0.03])[1], None]
    assert adjust([absent]) == [None]
    assert adjust([]) == []


@FUZZ
@given(st.lists(st.none() | st.floats(0, 1) | st.just(NAN), max_size=8))
def test_adjusted_p_is_at_least_p_at_most_1_and_in_the_same_order(given_p):
    for adjust in (stats.holm, stats.benjamini_hochberg):
        found = adjust(given_p)
        known = sorted((p, q) for p, q in zip(given_p, found, strict=True) if q is not None)
        assert [q is None for q in found] == [p is None or math.isnan(p) for p in given_p]
        assert all(p - 1e-15 <= q <= 1 for p, q in known)
        assert [q for _, q in known] == sorted(q for _, q in known)


SHARES = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))
WEIGHTS = st.one_of(st.just(1.0), st.floats(0, 1e12))
PAIRS = st.lists(st.tuples(SHARES, SHARES, WEIGHTS, WEIGHTS, st.sampled_from("abc")), min_size=1, max_size=24)


@FUZZ
@given(PAIRS)
def test_means_and_differences_have_ordered_intervals_in_range_that_turn_with_the_sides(rows):
    one, two, w1, w2 = (floats(*(row[n] for row in rows)) for n in range(4))
    low_high = stats.mean_interval(one, w1)
    there, back = stats.paired_interval(one, two, (w1, w2)), stats.paired_interval(two, one, (w2, w1))
    p, p_back = stats.paired_permutation(one, two, (w1, w2)), stats.paired_permutation(two, one, (w2, w1))

    assert low_high is None or 0 <= low_high[0] <= low_high[1] <= 1
    mean = stats.weighted_mean(one, w1)
    assert (mean is None) == (low_high is None)
    assert mean is None or low_high[0] - 1e-9 <= mean <= low_high[1] + 1e-9
    assert (there is None) == (back is None)
    if there is not None:
        assert -1 <= there[0] <= there[1] <= 1
        assert there == pytest.approx((-back[1], -back[0]), abs=1e-6)
    assert 0 <= p <= 1
    assert p == pytest.approx(p_back, abs=1e-9)
    error = stats.standard_error(one, w1, [row[4] for row in rows])
    assert error is None or (math.isfinite(error) and error >= 0)


@FUZZ
@given(st.integers(1, 10**6), st.data())
def test_shares_and_their_tests_keep_their_range(n, data):
    right = data.draw(st.integers(0, n))
    low, high = stats.wilson(right, n)
    cells = [data.draw(st.integers(0, 10**5)) for _ in range(4)]
    assert 0 <= low <= right / n <= high <= 1
    if right < n:
        assert stats.wilson(right + 1, n)[0] >= low
    if sum(cells):
        below, above = stats.newcombe(*cells)
        delta = (cells[2] - cells[1]) / sum(cells)
        assert -1 <= below <= delta + 1e-12
        assert delta - 1e-12 <= above <= 1
    p = stats.mcnemar(cells[1], cells[2])
    assert 0 <= p <= 1
    assert p == pytest.approx(stats.mcnemar(cells[2], cells[1]))


@FUZZ
@given(st.integers(1, 3000), st.floats(0, 1), st.floats(-1, 1))
def test_power_is_a_chance_and_what_is_needed_is_a_number(n, discordant, delta):
    assert 0 <= stats.mcnemar_power(n, discordant, delta) <= 1
    for needed in (stats.needed_share(discordant, delta), stats.needed_mean(abs(discordant), 2, delta)):
        assert needed is None or 1 <= needed <= 10**12
    reach = stats.detectable_share(n, discordant)
    assert reach is None or 0 < reach <= 1


@FUZZ
@given(st.floats(0, 1), st.integers(1, 9), st.integers(1, 5000))
def test_noise_is_a_share_and_grows_with_the_flips(share, n_reruns, n_samples):
    few, many = (
        stats.noise_bound(part * n_samples, n_reruns=n_reruns, n_samples=n_samples) for part in (share / 2, share)
    )
    assert 0 <= few <= many <= 1


@FUZZ
@given(st.floats(-1, 1), st.floats(1e-6, 1), st.floats(1e-6, 1), st.floats(0, 1))
def test_non_inferiority_agrees_with_its_p(delta, below, above, margin):
    found = stats.non_inferiority(delta, (delta - below, delta + above), margin)

    assert 0 <= found.p <= 1
    assert found.outcome != "pass" or found.p <= 0.025 + 1e-9
    assert found.outcome != "fail" or found.p >= 0.975 - 1e-9


@FUZZ
@given(st.lists(st.lists(SHARES, min_size=1, max_size=4), max_size=8), st.booleans())
def test_repeats_of_unequal_counts_have_an_interval_in_range_or_none(values, same_samples):
    found = stats.hierarchical_interval([floats(*one) for one in values], same_samples=same_samples)

    assert found is None or -1e-12 <= found[0] <= found[1] <= 1 + 1e-12


@FUZZ
@given(st.lists(st.floats(-1, 1), max_size=60))
def test_a_confidence_sequence_stays_in_its_range_and_narrows(values):
    low, high = stats.confidence_sequence(floats(*values))
    before = stats.confidence_sequence(floats(*values[:-1]))

    assert -1 <= low <= high <= 1
    assert high - low <= before[1] - before[0] + 1e-9


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.wilson(0, 0),
        lambda: stats.wilson(2, 1),
        lambda: stats.newcombe(0, 0, 0, 0),
        lambda: stats.non_inferiority(NAN, (NAN, NAN), 0.1),
        lambda: stats.non_inferiority(0.0, (-1.0, INF), 0.1),
        lambda: stats.non_inferiority(0.0, (0.0, 0.0), NAN),
        lambda: stats.noise_bound(NAN, n_reruns=1, n_samples=1),
        lambda: stats.noise_bound(2, n_reruns=1, n_samples=1),
        lambda: stats.paired_permutation(floats(NAN, 1), floats(0, 0), (floats(1, 1), floats(1, 1))),
        lambda: stats.paired_permutation(floats(1, 1), floats(0, 0), (floats(INF, 1), floats(1, 1))),
        lambda: stats.confidence_sequence(floats(NAN, 1)),
    ],
)
def test_what_is_no_number_is_refused_and_not_carried_on(call):
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize("weights", [(1e308, 1e308), (INF, 1.0), (NAN, 1.0), (0.0, 0.0)])
def test_weights_that_leave_the_numbers_have_no_mean_and_no_interval(weights):
    values, w = floats(0.3, 0.5), floats(*weights)

    assert stats.weighted_mean(values, w) is None
    assert stats.mean_interval(values, w) is None
    assert stats.paired_interval(values, values, (w, floats(1, 1))) is None


def test_a_delta_that_rounding_left_needs_no_number_of_pairs():
    assert stats.needed_share(0.5, 5e-324) is None
    assert stats.needed_mean(0.1, 30, 1e-17) is None


def test_draws_that_are_no_number_are_left_out():
    assert stats.bootstrap(np.ones((3, 1)), lambda sums: NAN) is None


def test_a_noise_that_no_count_of_flips_can_exceed_is_not_cut_off():
    """Where all samples flip, all that the prediction puts beyond them is at their number."""
    assert stats.noise_bound(100, n_reruns=9, n_samples=100) >= stats.noise_bound(99, n_reruns=9, n_samples=100) >= 0.18


@pytest.mark.slow
def test_a_million_samples_take_seconds():
    generator = np.random.default_rng(0)
    values, other = generator.random(10**6), generator.random(10**6)
    rows = np.stack([values, np.ones(10**6)], axis=1)
    start = time.process_time()

    low, high = stats.mean_interval(values, other)
    assert stats.paired_interval(values, other, (other, values)) is not None
    assert stats.paired_permutation(values, other, (other, values)) > 0
    assert stats.noise_bound(1e6, n_reruns=3, n_samples=10**6) == pytest.approx(0.00196, rel=0.01)
    drawn = stats.bootstrap(rows, lambda sums: float(sums[0] / sums[1]))
    assert high - low < 0.002
    assert drawn[1] - drawn[0] == pytest.approx(2 * 1.96 * 0.2887 / 1000, rel=0.1)
    assert time.process_time() - start < 15


def report(values, *, low=0.0, high=0.0, delta=0.0, n_unscored=0):
    """Return a report of two checkpoints in which everything has the given numbers."""
    made = compare_runs([hand_made.run({"base": values, "sft": values})])
    return replace(
        made,
        estimates=tuple(replace(one, low=low, high=high, n_unscored=n_unscored) for one in made.estimates),
        comparisons=tuple(
            replace(one, delta=delta, low=low, high=high, n_dropped=n_unscored) for one in made.comparisons
        ),
    )


RULES = [Rule(min_value=0.0), Rule(max_drop=1.0), Rule(max_drop=0.0), Rule(min_value=1.0)]


@pytest.mark.parametrize("rule", RULES, ids=describe)
@pytest.mark.parametrize(
    "found",
    [
        {"low": NAN, "high": NAN},
        {"low": NAN, "high": 1.0, "delta": NAN},
        {"low": None, "high": None, "delta": None},
        {"low": None, "high": 1.0, "delta": 1.0},
        {"low": 1.0, "high": 1.0, "delta": 1.0, "n_unscored": 1},
    ],
)
def test_a_gate_does_not_pass_on_numbers_that_are_none_or_on_what_is_unscored(rule, found):
    verdicts = check([rule], report([1.0] * 20, **found), {})

    assert {one.outcome for one in verdicts} == {"inconclusive"}
    assert exit_code(verdicts, n_unscored=0) == 3


@pytest.mark.parametrize("rule", RULES, ids=describe)
@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 9, [None] * 20])
def test_a_gate_does_not_pass_on_nothing_or_on_too_little(rule, values):
    verdicts = check([rule], compare_runs([hand_made.run({"base": values, "sft": values})]), {})

    assert verdicts
    assert "pass" not in {one.outcome for one in verdicts}
    assert exit_code(verdicts, n_unscored=0) in (1, 3)


@pytest.mark.parametrize(
    "rule",
    [
        Rule("absent", "exact", min_value=0.0),
        Rule("facts", "absent", min_value=0.0),
        Rule("facts", "exact", "absent", min_value=0.0),
    ],
    ids=describe,
)
def test_a_rule_that_names_nothing_is_refused(rule):
    with pytest.raises(GateError):
        check([rule], report([1.0] * 20), {})


def test_a_rule_on_a_tag_without_samples_is_undecided():
    for tagged in ({}, {"rare": compare_runs([hand_made.run({"base": [], "sft": []})])}):
        verdicts = check([Rule(min_value=0.0, tag="rare")], report([1.0] * 20), {}, tagged=tagged)
        assert exit_code(verdicts, n_unscored=0) == 3

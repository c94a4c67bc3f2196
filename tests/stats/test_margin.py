"""Non-inferiority: the outcome, and the p that goes with it."""

import numpy as np
import pytest
from scipy.stats import norm

from chateval.stats.interval import Z
from chateval.stats.margin import non_inferiority


@pytest.mark.parametrize(
    ("interval", "margin", "outcome"),
    [
        ((-0.01, 0.03), 0.02, "pass"),
        ((-0.02, 0.03), 0.02, "pass"),
        ((-0.03, 0.03), 0.02, "inconclusive"),
        ((-0.09, -0.02), 0.02, "inconclusive"),
        ((-0.09, -0.03), 0.02, "fail"),
        ((-0.01, 0.03), 0.0, "inconclusive"),
        ((-0.5, 0.1), 1.0, "pass"),
    ],
)
def test_the_outcome_follows_where_the_margin_lies(interval, margin, outcome):
    found = non_inferiority(sum(interval) / 2, interval, margin)

    assert found.outcome == outcome
    assert (found.p <= 0.025 + 1e-12) == (outcome == "pass")
    assert (found.p > 0.975) == (outcome == "fail")


@pytest.mark.parametrize(("delta", "deviation"), [(0.01, 0.02), (-0.02, 0.02), (-0.08, 0.02), (0.3, 0.1)])
def test_for_a_normal_interval_p_is_that_of_the_one_sided_z_test(delta, deviation):
    found = non_inferiority(delta, (delta - Z * deviation, delta + Z * deviation), 0.02)

    assert found.p == pytest.approx(norm.sf((delta + 0.02) / deviation))


def test_an_uneven_interval_is_read_on_the_side_of_the_margin():
    above, below = non_inferiority(0.0, (-0.1, 0.02), 0.05), non_inferiority(-0.1, (-0.3, -0.04), 0.05)

    assert above.p == pytest.approx(norm.sf(0.05 / 0.1 * Z))
    assert below.p == pytest.approx(norm.sf(-0.05 / 0.06 * Z))


@pytest.mark.parametrize(("delta", "p"), [(0.0, 0.0), (-0.1, 0.5), (-0.2, 1.0)])
def test_an_interval_without_width_yields_a_number(delta, p):
    assert non_inferiority(delta, (delta, delta), 0.1).p == p


@pytest.mark.parametrize("margin", [-0.01, 1.5])
def test_a_margin_outside_its_range_is_refused(margin):
    with pytest.raises(ValueError, match=r"margin lies in \[0, 1\]"):
        non_inferiority(0.0, (-0.1, 0.1), margin)


def test_a_candidate_that_is_worse_by_just_the_margin_passes_in_one_of_forty():
    generator = np.random.default_rng(31)
    means = generator.normal(-0.05, 0.02, 20_000)
    passed = [non_inferiority(mean, (mean - Z * 0.02, mean + Z * 0.02), 0.05).outcome == "pass" for mean in means]

    assert np.mean(passed) == pytest.approx(0.025, abs=0.003)

"""How far the baseline differs from itself -> what that explains of each difference."""

from collections.abc import Sequence
from dataclasses import replace

from chateval.records import Noise, Report
from chateval.stats import noise_bound


def with_noise(report: Report, noise: Sequence[Noise]) -> Report:
    """Return the report with the noise of its baseline, and with what that explains of each difference."""
    bounds = {
        (one.task, one.scorer): noise_bound(one.n_flips, n_reruns=one.n_reruns, n_samples=one.n_samples)
        for one in noise
        if one.n_samples
    }
    comparisons = [replace(one, noise=bounds.get((one.task, one.scorer))) for one in report.comparisons]
    return replace(report, noise=tuple(noise), comparisons=tuple(comparisons))

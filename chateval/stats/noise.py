"""How large a difference the noise of reruns alone explains."""

import math

import numpy as np

_MOST_EXACT = 10_000
"""Flips beyond which the normal limit stands for the sum of coins."""
_Z = 1.959963984540054


def noise_bound(n_flips: float, *, n_reruns: int, n_samples: int) -> float:
    """Return the largest absolute delta that noise alone explains in 95 % of comparisons.

    Each rerun of one checkpoint is a comparison in which nothing changed. The flips of the next one are predicted from
    those seen, each a win or a loss with equal chance. A sample's value moves by at most 1, so that for graded scores
    the bound is on the safe side.

    Args:
        n_flips: Samples whose value differs from the first run's, mean over reruns, at least 0.
        n_reruns: Reruns seen, at least 1.
        n_samples: Samples in each, at least 1.

    Returns:
        In [0, 1]; 0 where nothing flipped: the checkpoint answers alike each time.

    Raises:
        ValueError: If there is no rerun or no sample, or n_flips is no number or more than there are samples.

    Source:
        Flips are Poisson with Jeffreys' prior on the rate, so that those of the next rerun are negative binomial:
        Gelman et al. (2013), Bayesian Data Analysis, section 2.6.
    """
    if n_reruns < 1 or n_samples < 1:
        raise ValueError(f"noise needs a rerun and a sample, not {n_reruns} and {n_samples}")
    if not 0 <= n_flips <= n_samples:
        raise ValueError(f"of {n_samples} samples {n_flips:g} cannot flip")
    if n_flips == 0:
        return 0.0
    from scipy.stats import binom, nbinom

    prediction = nbinom(n_flips * n_reruns + 0.5, n_reruns / (n_reruns + 1))
    if n_flips > _MOST_EXACT:
        return min(1.0, _Z * math.sqrt(float(prediction.mean())) / n_samples)
    flips = np.arange(1, min(n_samples, int(prediction.isf(1e-6)) + 1) + 1)
    chances = prediction.pmf(flips)
    chances[-1] += float(prediction.sf(flips[-1]))  # no more than all can flip
    lowest, highest = 0, int(flips[-1])
    while lowest < highest:
        excess = (lowest + highest) // 2
        # wins - losses > excess  <=>  wins > (flips + excess) / 2
        beyond = 2 * float(chances @ binom.sf(np.floor((flips + excess) / 2), flips, 0.5))
        lowest, highest = (lowest, excess) if beyond <= 0.05 else (excess + 1, highest)
    return lowest / n_samples

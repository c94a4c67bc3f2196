"""Statistics: pure functions over numbers."""

from chateval.stats.interval import (
    group_clusters,
    is_binary,
    is_share,
    mean_interval,
    newcombe,
    paired_bootstrap,
    weighted_mean,
    wilson,
)
from chateval.stats.paired import holm, mcnemar, paired_permutation

__all__ = [
    "group_clusters",
    "holm",
    "is_binary",
    "is_share",
    "mcnemar",
    "mean_interval",
    "newcombe",
    "paired_bootstrap",
    "paired_permutation",
    "weighted_mean",
    "wilson",
]

"""Statistics: pure functions over numbers."""

from chateval.stats.interval import (
    Interval,
    count_pairs,
    group_clusters,
    is_binary,
    is_share,
    mean_interval,
    newcombe,
    paired_interval,
    score_interval,
    weighted_mean,
    wilson,
)
from chateval.stats.many import benjamini_hochberg, holm
from chateval.stats.margin import NonInferiority, non_inferiority
from chateval.stats.noise import noise_bound
from chateval.stats.paired import mcnemar, paired_permutation
from chateval.stats.power import detectable_mean, detectable_share, mcnemar_power, needed_mean, needed_share
from chateval.stats.repeats import hierarchical_interval
from chateval.stats.resample import bootstrap, bootstrap_difference, sum_clusters
from chateval.stats.sequence import confidence_sequence
from chateval.stats.spread import Floats, paired_error, standard_error

__all__ = [
    "Floats",
    "Interval",
    "NonInferiority",
    "benjamini_hochberg",
    "bootstrap",
    "bootstrap_difference",
    "confidence_sequence",
    "count_pairs",
    "detectable_mean",
    "detectable_share",
    "group_clusters",
    "hierarchical_interval",
    "holm",
    "is_binary",
    "is_share",
    "mcnemar",
    "mcnemar_power",
    "mean_interval",
    "needed_mean",
    "needed_share",
    "newcombe",
    "noise_bound",
    "non_inferiority",
    "paired_error",
    "paired_interval",
    "paired_permutation",
    "score_interval",
    "standard_error",
    "sum_clusters",
    "weighted_mean",
    "wilson",
]

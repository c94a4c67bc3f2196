"""Scores -> estimates, comparisons and flips; runs -> what may be compared, what changed, and where it comes from."""

from chateval.compare.aggregate import SHOWN_FAULTS, Column, audit, estimate, find_faults, sample_means
from chateval.compare.pairs import SHOWN_CHARACTERS, compare_all, compare_behaviour, find_flips, shown_answer

__all__ = [
    "SHOWN_CHARACTERS",
    "SHOWN_FAULTS",
    "Column",
    "audit",
    "compare_all",
    "compare_behaviour",
    "estimate",
    "find_faults",
    "find_flips",
    "sample_means",
    "shown_answer",
]

"""Scores -> estimates, comparisons and flips; runs -> what may be compared, what changed, and where it comes from."""

from chateval.compare.aggregate import SHOWN_FAULTS, Column, SampleMean, audit, estimate, find_faults, sample_means
from chateval.compare.anytime import with_anytime
from chateval.compare.causes import Seen, see
from chateval.compare.changes import Side, find_changes
from chateval.compare.crossed import find_crossings
from chateval.compare.flips import Evidence, evidence_of, find_flips, shown_answer
from chateval.compare.noise import with_noise
from chateval.compare.pairs import compare_all, compare_behaviour
from chateval.compare.slices import SampleFacts, find_slices

__all__ = [
    "SHOWN_FAULTS",
    "Column",
    "Evidence",
    "SampleFacts",
    "SampleMean",
    "Seen",
    "Side",
    "audit",
    "compare_all",
    "compare_behaviour",
    "estimate",
    "evidence_of",
    "find_changes",
    "find_crossings",
    "find_faults",
    "find_flips",
    "find_slices",
    "sample_means",
    "see",
    "shown_answer",
    "with_anytime",
    "with_noise",
]

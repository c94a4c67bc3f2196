"""Scores -> estimates, comparisons and flips; runs -> what may be compared, what changed, and where it comes from."""

from chateval.compare.aggregate import SHOWN_FAULTS, Column, SampleMean, audit, estimate, find_faults, sample_means
from chateval.compare.anytime import with_anytime
from chateval.compare.causes import Seen, see
from chateval.compare.changes import Side, find_changes
from chateval.compare.crossed import find_crossings
from chateval.compare.dialogues import Dialogues
from chateval.compare.flips import Evidence, evidence_of, find_flips, shown_answer
from chateval.compare.ladder import with_ladder
from chateval.compare.noise import with_noise
from chateval.compare.pairs import compare_all, compare_behaviour
from chateval.compare.reasons import Reasons
from chateval.compare.slices import SampleFacts, find_slices
from chateval.compare.thinking import ThinkingSums
from chateval.compare.written import helpers_of

__all__ = [
    "SHOWN_FAULTS",
    "Column",
    "Dialogues",
    "Evidence",
    "Reasons",
    "SampleFacts",
    "SampleMean",
    "Seen",
    "Side",
    "ThinkingSums",
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
    "helpers_of",
    "sample_means",
    "see",
    "shown_answer",
    "with_anytime",
    "with_ladder",
    "with_noise",
]

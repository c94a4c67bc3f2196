"""Rules of the gate and scorers with judges: they are gated where they are named."""

import pytest

from chateval.errors import GateError
from chateval.gate.rules import check_rules, matches
from chateval.records import Rule

FAMILIES = {"exact": "accuracy", "rated": "judge"}


@pytest.mark.parametrize(
    ("scorer", "spoken_of"),
    [("*", {"exact"}), (None, {"exact"}), ("judge", {"rated"}), ("rated", {"rated"}), ("accuracy", {"exact"})],
)
def test_a_star_means_every_scorer_without_judges(scorer, spoken_of):
    rule = Rule(scorer=scorer, min_value=0.5)

    assert {name for name in FAMILIES if matches(rule, name, FAMILIES)} == spoken_of


def test_a_star_over_nothing_but_judges_is_refused_and_says_what_there_is():
    with pytest.raises(GateError, match="scorers: rated; families: judge"):
        check_rules([Rule(task="*", scorer="*", min_value=0.5)], {"t": ["rated"]}, ["base"], FAMILIES, baseline="base")

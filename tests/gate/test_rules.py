"""What a rule speaks of: its limit, the scorers it matches, and which rules could never be decided."""

import pytest

from chateval.errors import GateError
from chateval.gate.rules import check_rules, limit_of, matches
from chateval.records import Rule

SCORERS = {"facts": ["exact", "json_valid"], "sums": ["number"]}
FAMILIES = {"exact": "accuracy", "number": "accuracy"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(min_value=0.5), ("min_value", 0.5)),
        (Rule(max_drop=0), ("max_drop", 0.0)),
        (Rule(template="error"), ("template", 0.0)),
    ],
)
def test_a_rule_has_one_limit(rule, expected):
    assert limit_of(rule) == expected


@pytest.mark.parametrize(
    ("asked", "scorer", "expected"),
    [
        (None, "exact", True),
        ("*", "exact", True),
        ("exact", "exact", True),
        ("accuracy", "exact", True),
        ("number", "exact", False),
        ("format", "exact", False),
        ("mine:own", "mine:own", True),
        ("accuracy", "mine:own", False),
    ],
)
def test_a_rule_matches_by_name_by_family_or_by_star(asked, scorer, expected):
    assert matches(Rule(scorer=asked, min_value=0), scorer, FAMILIES) is expected


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            [Rule(scorer="letter", min_value=1)],
            "gate rule */letter min_value 1: no scorer 'letter' there; scorers: exact, json_valid, number; "
            "families: accuracy, json_valid",
        ),
        (
            [Rule(scorer="*", min_value=1, tag="hard")],
            "gate rule */* [hard] min_value 1: no sample has the tag 'hard'; tags: none",
        ),
        (
            [Rule(max_cost=1), Rule(task="poems", scorer="*", min_value=1)],
            "gate rule poems/* min_value 1: no task 'poems' in this run; there are facts, sums",
        ),
    ],
)
def test_a_rule_that_could_never_be_decided_is_refused_wherever_it_stands(rules, message):
    with pytest.raises(GateError) as caught:
        check_rules(rules, SCORERS, ["base", "sft"], FAMILIES, baseline="base", tags=[])

    assert str(caught.value) == message

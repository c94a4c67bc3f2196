"""A leaderboard does not mix what judges say with what was computed."""

from dataclasses import replace

import pytest
from made_runs import run, task

from chateval.compare.leaderboard import rank_runs

JUDGED = replace(task("notes"), families=("judge",))
BOTH = run("r", {"a": "11", "b": "10"}, tasks=(task("facts"), JUDGED))


@pytest.mark.parametrize(
    ("found", "asked", "ranked"),
    [
        (BOTH, (), ["facts"]),
        (BOTH, ("facts", "notes"), ["facts", "notes"]),
        (BOTH, ("notes",), ["notes"]),
        (run("r", {"a": "11", "b": "10"}, tasks=(JUDGED,)), (), ["notes"]),
    ],
)
def test_a_task_with_a_judges_headline_is_ranked_where_it_is_named_or_alone(found, asked, ranked):
    assert [one.name for one in rank_runs([found], tasks=asked).tasks] == ranked

"""Score against cost: who is dominated."""

import pytest
from made_runs import checkpoint, run, task

from chateval.compare.leaderboard import rank_runs
from chateval.compare.tradeoffs import dominated_by
from chateval.records import Effort

POINTS = [("small", 1.0, 0.5), ("large", 9.0, 0.9), ("poor", 9.0, 0.4), ("same", 1.0, 0.5)]


@pytest.mark.parametrize(
    ("name", "is_less_better", "by"),
    [
        ("small", True, None),
        ("large", True, None),
        ("poor", True, "large"),
        ("same", True, None),
        ("small", False, "large"),
        ("large", False, None),
    ],
)
def test_a_point_is_dominated_by_one_that_costs_no_more_and_scores_no_less(name, is_less_better, by):
    point = next(found for found in POINTS if found[0] == name)

    assert dominated_by(point, POINTS, is_less_better=is_less_better) == by


def test_costs_are_those_of_the_run_and_equal_ones_are_no_tradeoff():
    small, large = (checkpoint(name, n_parameters=size, n_responses=4) for name, size in (("s", 10**6), ("l", 10**9)))
    efforts = tuple(Effort(name, 2.0, 4, 100, 100, peak_bytes=10**9) for name in ("s", "l"))
    board = rank_runs([run("r", {small: "0000", large: "0111"}, efforts=efforts)])

    assert [found.cost for found in board.tradeoffs] == ["parameters"]
    assert board.standings[0].cost.tokens_per_second == 100
    assert [point.dominated_by for point in board.tradeoffs[0].points] == [None, None]


BOTH = (task(), task("essay", prompt_digest="p2"))


def costs(board):
    return {found.checkpoint: found.cost for found in board.standings}


def test_only_the_answers_to_ranked_tasks_are_paid_for():
    said = {"n_responses": 8, "n_output_tokens": 8000}
    wide = run("wide", {checkpoint("a", **said): "1100"}, tasks=BOTH)
    narrow = run("narrow", {checkpoint("b", n_responses=4, n_output_tokens=12): "1100"})

    found = costs(rank_runs([wide, narrow]))

    assert {name: cost.output_tokens for name, cost in found.items()} == {"a": 3.0, "b": 3.0}
    assert rank_runs([wide, narrow]).tradeoffs == ()


def test_tokens_of_other_tasks_do_not_count_where_no_answer_is_kept():
    wide = run("wide", {checkpoint("a", n_responses=8, n_output_tokens=8000): "1100"}, tasks=BOTH, answers=())

    assert costs(rank_runs([wide], tasks=["facts"]))["a"].output_tokens is None
    assert costs(rank_runs([wide]))["a"].output_tokens == 1000


def test_speed_and_memory_of_other_work_do_not_count():
    def spent(name):
        return {"efforts": (Effort(name, 2.0, 4, 100, 100, peak_bytes=10**9),)}

    wide, narrow = run("wide", {"a": "10"}, tasks=BOTH, **spent("a")), run("narrow", {"b": "10"}, **spent("b"))

    assert {(c.tokens_per_second, c.peak_bytes) for c in costs(rank_runs([wide, narrow])).values()} == {(None, None)}
    assert costs(rank_runs([narrow]))["b"].tokens_per_second == 100


def test_a_run_without_costs_has_no_tradeoffs():
    assert rank_runs([run("r", {"a": "10", "b": "11"})]).tradeoffs == ()

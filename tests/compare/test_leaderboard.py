"""Planted differences among checkpoints -> ranks, win rates, and what is left out."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hand_made import template
from made_runs import checkpoint, run, sample, task

from chateval.compare.leaderboard import rank_runs, won
from chateval.errors import DataError
from chateval.records import Run, Sample, Score

FIVE = {
    "best": "1111111111" * 4,
    "twin": "1111100000" * 4,
    "other twin": "1111100000" * 4,
    "worse": "1100000000" * 4,
    "worst": "0000000000" * 4,
}


def with_broken(found):
    """The run with the template of its first checkpoint BROKEN."""
    first, *others = found.checkpoints
    return replace(found, checkpoints=(replace(first, template=template("BROKEN")), *others))


def ranks(board):
    return {found.checkpoint: (found.best_rank, found.worst_rank) for found in board.standings}


def reasons(left_out):
    return {found.name: found.reason for found in left_out}


def test_a_clearly_better_checkpoint_is_first_and_twins_share_a_rank():
    board = rank_runs([run("r", FIVE)])

    assert ranks(board) == {"best": (1, 1), "twin": (2, 3), "other twin": (2, 3), "worse": (4, 4), "worst": (5, 5)}
    assert [found.checkpoint for found in board.standings] == ["best", "twin", "other twin", "worse", "worst"]


def test_few_samples_tell_nobody_apart():
    board = rank_runs([run("r", {"a": "1110", "b": "1010", "c": "0000"})])

    assert set(ranks(board).values()) == {(1, 3)}


def test_the_mean_is_that_of_tasks_and_not_of_samples():
    tasks = (task("few"), task("many"))
    samples = {"few": [sample(0)], "many": [sample(i) for i in range(4)]}
    scores = (Score("a", "few", "exact", "0", 1.0), *(Score("a", "many", "exact", str(i), 0.0) for i in range(4)))
    [found] = rank_runs(
        [run("r", {"a": "1"}, tasks=tasks, samples=samples | {"many": [sample(0)]}, scores=scores)]
    ).standings

    assert found.mean == 0.5
    assert [estimate.mean for estimate in found.estimates] == [1.0, 0.0]
    assert found.low < 0.5 < found.high


def test_win_rates_count_ties_half_and_sum_to_half():
    board = rank_runs([run("r", {"a": "11", "b": "10", "c": "00"})], by="win-rate")

    assert [found.win_rate for found in board.standings] == [0.875, 0.5, 0.125]
    assert board.by == "win-rate"


def test_won_is_the_share_of_others_beaten():
    assert won(np.array([[0.5, 0.5, 1.0]])).tolist() == [[0.25, 0.25, 1.0]]


def test_runs_of_other_times_are_ranked_on_the_samples_they_share():
    board = rank_runs([run("old", {"a": "1" * 30}), run("new", {"b": "0" * 20})])

    assert [(found.n_samples, found.n_left_out) for found in board.tasks] == [(20, 10)]
    assert ranks(board) == {"a": (1, 1), "b": (2, 2)}


def test_an_unscored_sample_counts_for_nobody():
    board = rank_runs([run("r", {"a": "1111", "b": "1.00"})])

    assert [(found.n_samples, found.n_left_out) for found in board.tasks] == [(3, 1)]
    assert board.standings[0].estimates[0].n == 3


def test_checkpoints_of_one_name_are_called_by_their_run():
    board = rank_runs([run("old", {"sft": "10"}), run("new", {"sft": "01"})])

    assert sorted(ranks(board)) == ["new/sft", "old/sft"]


def test_a_task_that_not_all_have_is_left_out_and_named():
    board = rank_runs([run("r", {"a": "11"}, tasks=(task(), task("sums"))), run("s", {"b": "10"})])

    assert [found.name for found in board.tasks] == ["facts"]
    assert "b (run s does not have sums)" in reasons(board.tasks_left_out)["sums"]


def test_who_lacks_a_task_that_was_asked_for_is_not_averaged_over_fewer():
    runs = [run("r", {"a": "11"}, tasks=(task(), task("sums"))), run("s", {"b": "10"})]
    board = rank_runs(runs, tasks=["facts", "sums"])

    assert [found.checkpoint for found in board.standings] == ["a"]
    assert reasons(board.unranked) == {"b": "run s does not have sums"}


def test_a_task_that_the_first_run_lacks_ranks_the_others():
    runs = [run("r", {"a": "11"}), *(run(name, {name: "11"}, tasks=(task("sums"),)) for name in ("s", "t"))]
    board = rank_runs(runs, tasks=["sums"])

    assert ranks(board) == {"s": (1, 2), "t": (1, 2)}
    assert reasons(board.unranked) == {"a": "run r does not have sums"}


def test_what_was_asked_otherwise_is_not_ranked_and_says_why():
    runs = [run("r", {"a": "11"}), run("s", {"b": "11"}, tasks=(task(prompt_digest="p2"),))]
    board = rank_runs(runs, tasks=["facts"])

    assert "asked otherwise" in reasons(board.unranked)["b"]


def test_a_broken_template_stands_below_all_others_and_has_no_rank():
    board = rank_runs([with_broken(run("r", {"broken": "1111", "a": "1000", "b": "0001"}))])

    assert [found.checkpoint for found in board.standings] == ["a", "b", "broken"]
    assert ranks(board)["broken"] == (None, None)
    assert board.standings[-1].mean == 1.0
    assert {ranks(board)["a"], ranks(board)["b"]} == {(1, 2)}


def test_what_a_broken_checkpoint_could_not_answer_costs_the_others_nothing():
    board = rank_runs([with_broken(run("r", {"broken": "1...", "a": "1000"}))])

    assert board.tasks[0].n_samples == 4
    assert board.standings[-1].estimates[0].n_unscored == 3


def test_who_shares_no_sample_is_listed_with_the_reason():
    board = rank_runs([run("r", {"a": "11.", "b": "..1", "c": "100"})])

    assert reasons(board.unranked) == {"b": "shares no scored sample of facts with the others"}
    assert board.tasks[0].n_samples == 2


def test_a_scorer_of_another_name_is_ranked_by():
    tasks = (task(scorers=("exact", "f1"), families=("accuracy", "accuracy"), scorer_digests=("s1", "s2")),)
    board = rank_runs([run("r", {"a": "11", "b": "00"}, tasks=tasks)], scorer="f1")

    assert [(found.name, found.scorer) for found in board.tasks] == [("facts", "f1")]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tasks": ["none"]}, "task none: in no run; known: facts"),
        ({"scorer": "none"}, "scorer none: not a scorer of any task; known: headline, exact"),
        ({"scorer": "none", "tasks": ["facts"]}, "not a scorer of task facts"),
    ],
)
def test_a_name_that_is_nowhere_lists_those_that_are(options, said):
    with pytest.raises(DataError, match=said):
        rank_runs([run("r", {"a": "11"})], **options)


def test_nothing_in_common_is_an_error_that_says_what_to_do():
    with pytest.raises(DataError, match=r"no two of the 2 checkpoints have a task in common; known: facts, sums"):
        rank_runs([run("r", {"a": "11"}), run("s", {"b": "11"}, tasks=(task("sums"),))])


def test_where_no_task_is_everyones_the_largest_group_is_ranked_and_that_is_said():
    runs = [
        run("r", {"a": "11", "b": "10"}),
        run("s", {"c": "01"}, tasks=(task("facts"), task("logic"))),
        run("t", {"d": "11"}, tasks=(task("sums"),)),
    ]

    board = rank_runs(runs)

    assert {found.checkpoint for found in board.standings} == {"a", "b", "c"}
    assert [found.name for found in board.tasks] == ["facts"]
    assert reasons(board.tasks_left_out) == {
        "logic": "1 of 4 checkpoints have it",
        "sums": "1 of 4 checkpoints have it",
    }
    assert reasons(board.unranked) == {"d": "run t does not have facts"}
    assert board.note.startswith("no task counts for all 4 checkpoints: ranked are the 3 that have facts; ")
    assert rank_runs(runs[:1]).note == ""


def test_scores_that_weigh_nothing_are_an_error():
    weightless = run("r", {"a": "11", "b": "10"})
    scores = tuple(replace(score, weight=0.0) for score in weightless.scores)

    with pytest.raises(DataError, match="facts: the scores of a weigh nothing"):
        rank_runs([replace(weightless, scores=scores)])


def test_clusters_are_kept():
    said = {"facts": [sample(i, cluster=f"passage {i // 10}") for i in range(20)]}
    together, alone = (
        rank_runs([run("r", {"a": "1" * 20, "b": "0" * 20}, **kept)]) for kept in ({"samples": said}, {})
    )

    assert set(ranks(together).values()) == {(1, 2)}
    assert ranks(alone) == {"a": (1, 1), "b": (2, 2)}
    assert together.standings[0].estimates[0].n_clusters == 2


def test_equal_runs_give_equal_boards():
    assert rank_runs([run("r", FIVE)]) == rank_runs([run("r", FIVE)])


def test_ten_checkpoints_on_ten_tasks_of_a_thousand_samples_take_seconds():
    generator = np.random.default_rng(0)
    names = [f"c{i}" for i in range(10)]
    tasks = tuple(task(f"t{i}") for i in range(10))
    asked = {one.name: {str(i): Sample(str(i), {"of": one.name}) for i in range(1000)} for one in tasks}
    values = generator.random((10, 10, 1000)).tolist()
    scores = tuple(
        Score(who, one.name, "exact", str(i), value)
        for who, of_who in zip(names, values, strict=True)
        for one, of_task in zip(tasks, of_who, strict=True)
        for i, value in enumerate(of_task)
    )
    many = Run("r", "r", "x", "c0", tuple(map(checkpoint, names)), tasks, asked, scores)
    start = time.process_time()
    board = rank_runs([many])

    assert len(board.standings) == 10
    assert time.process_time() - start < 5

"""Checkpoints of a training -> its curve."""

from made_runs import checkpoint, run

from chateval.compare.leaderboard import rank_runs
from chateval.report.leaderboard.words import curve_words

LONG = {0: "0" * 40, 50: "1" * 40, 100: "1" * 20 + "0" * 20}


def training(name, marks=LONG, **said):
    return {checkpoint(f"{name}-{step}", step=step, **said): text for step, text in marks.items()}


def test_a_training_that_fell_says_so_in_words():
    board = rank_runs([run("r", training("sft"))])
    [curve] = board.curves

    assert (curve.name, curve.best, [point.step for point in curve.points]) == ("sft", "sft-50", [0, 50, 100])
    assert curve_words(board, curve) == (
        "best at step 50; the last step 100 is worse than step 50 (0.500 after 1.000, p<0.001)"
    )


def test_a_last_step_that_may_be_as_good_is_not_called_worse():
    board = rank_runs([run("r", training("sft", {10: "1100", 20: "1000"}))])

    assert "the last step 20 cannot be told apart from it" in curve_words(board, board.curves[0])


def test_a_training_that_rose_is_best_at_its_end():
    board = rank_runs([run("r", training("sft", {10: "1000", 20: "1100"}))])

    assert curve_words(board, board.curves[0]) == "best at step 20, the last (0.500)"


def test_runs_of_one_checkpoint_each_are_one_curve():
    runs = [run(f"step-{step:06}", {checkpoint("lora", step=step, weights_digest=str(step)): "10"}) for step in (0, 5)]

    assert [point.checkpoint for point in rank_runs(runs).curves[0].points] == ["step-000000/lora", "step-000005/lora"]


def test_two_trainings_of_the_same_steps_are_told_apart_by_name():
    board = rank_runs([run("r", training("a") | training("b"))])

    assert [curve.name for curve in board.curves] == ["a", "b"]


def test_two_trainings_of_other_steps_are_told_apart_by_name():
    board = rank_runs([run("r", training("a-step", {50: "10"}) | training("b-step", {100: "11"}))])

    assert board.curves == ()


def test_adapters_of_another_base_are_another_training():
    on = {"adapter_digest": "x", "kind": "lora"}
    one = training("l", {1: "10"}, weights_digest="w", **on)
    other = training("l", {2: "10", 3: "10"}, weights_digest="v", **on)

    [curve] = rank_runs([run("r", one | other)]).curves

    assert [point.step for point in curve.points] == [2, 3]


def test_without_steps_there_is_no_curve():
    assert rank_runs([run("r", {"a": "10", "b": "11"})]).curves == ()

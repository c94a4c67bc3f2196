"""What was measured survives, and a run takes the place of the one before it."""

from dataclasses import replace

from benchmarks.state import Measured, State

RUN = Measured("cell", "lm-eval", 0, 12.5, 10.0, 2.0, 16, 0.3, warnings=("WARNING slow",))


def test_a_state_is_read_back_as_it_was_kept(tmp_path):
    state = State(tmp_path / "results.json", machine={"cores": "2"}, figures={"again": {}})
    state.add(RUN)

    assert State.open(state.path) == state


def test_a_run_with_a_fault_is_not_done_and_gives_way(tmp_path):
    state = State(tmp_path / "results.json")
    state.add(replace(RUN, fault="exit code 1"))

    assert not state.done("cell", "lm-eval", 0)

    state.add(RUN)

    assert state.done("cell", "lm-eval", 0) and state.runs == [RUN]


def test_the_best_size_is_the_fastest_that_ended(tmp_path):
    state = State(tmp_path / "results.json", sizes={"rows": {"lm-eval": {"1": 9.0, "8": 4.0, "64": "over 3 s"}}})

    assert (state.best_size("rows", "lm-eval"), state.best_size("rows", "lighteval")) == (8, None)

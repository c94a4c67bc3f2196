"""Ratios are taken within a turn, and a bar is held against their median."""

from dataclasses import replace

import pytest

from benchmarks.cells import Cell
from benchmarks.ratio import ratios
from benchmarks.state import Measured

CELL = Cell("a cell", "choices_short", {"lm-eval": 3.0})


def run(tool: str, repeat: int, seconds: float, **other) -> Measured:
    whole = {"model_seconds": None, "load_seconds": None, "batch_size": None, "busy": 0.0} | other
    return Measured("cell", tool, repeat, seconds, **whole)


def test_a_ratio_is_taken_within_its_turn():
    runs = [run("chateval", 0, 10), run("lm-eval", 0, 40), run("chateval", 1, 20), run("lm-eval", 1, 40)]

    [found] = ratios({"cell": CELL}, runs)

    assert (found.ratio.least, found.ratio.middle, found.ratio.most) == (2.0, 3.0, 4.0)


@pytest.mark.parametrize(("seconds", "is_met"), [(30, True), (29.9, False)])
def test_a_bar_is_met_by_the_median(seconds, is_met):
    [found] = ratios({"cell": CELL}, [run("chateval", 0, 10), run("lm-eval", 0, seconds)])

    assert found.is_met is is_met


@pytest.mark.parametrize("runs", [[run("chateval", 0, 10), run("lm-eval", 1, 40)], [run("lm-eval", 0, 40)], []])
def test_a_run_without_its_fellow_of_the_turn_gives_no_ratio(runs):
    assert ratios({"cell": CELL}, runs) == []


def test_a_run_with_a_fault_gives_no_ratio():
    runs = [run("chateval", 0, 10), run("lm-eval", 0, 40, fault="exit code 1: no memory")]

    assert ratios({"cell": CELL}, runs) == []


def test_a_cell_without_load_compares_what_is_left_of_the_models_time():
    cell = replace(CELL, without_load=True)
    own = run("chateval", 0, 50, model_seconds=45.0, load_seconds=35.0)
    peer = run("lm-eval", 0, 44, model_seconds=42.0, load_seconds=2.0)

    [found] = ratios({"cell": cell}, [own, peer])

    assert found.ratio.middle == 4.0

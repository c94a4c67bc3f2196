"""Ladders as terminal, Markdown and words show them."""

from dataclasses import replace

import pytest
from terminal_reports import shown

from chateval.records import CheckpointSummary, Comparison, Ladder, Report, Rung
from chateval.report import to_markdown
from chateval.report.ladder import ladder_lines, ladder_words


def step(before, after, delta, p, scorer="number"):
    return Comparison("t", scorer, before, after, delta, delta - 0.05, delta + 0.05, p, p, 5, 1, 4, 10, 0)


def ladder(*deltas, p=0.001, scorer="number"):
    names = [f"rung{n}" for n in range(len(deltas) + 1)]
    means = [0.5, *(0.5 + sum(deltas[: n + 1]) for n in range(len(deltas)))]
    steps = [None, *(step(names[n], names[n + 1], delta, p, scorer) for n, delta in enumerate(deltas))]
    rungs = (
        Rung(name, mean, mean - 0.1, mean + 0.1, 10, one) for name, mean, one in zip(names, means, steps, strict=True)
    )
    return Ladder("t", scorer, tuple(rungs))


def report(*ladders):
    names = [rung.checkpoint for rung in ladders[0].rungs] if ladders else []
    checkpoints = tuple(CheckpointSummary(n, "sft", "float32", "", "", n, None, 1, 0, 0, 0, 1, 1) for n in names)
    return Report("rung0", checkpoints, (), (), (), (), (), ladders=ladders)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            (ladder(0.2, -0.3), ladder(0.2, 0.1, scorer="format")),
            "the first regression is at rung2, worse on t/number.",
        ),
        ((ladder(-0.2, -0.3),), "the first regression is at rung1, worse on t/number."),
        ((ladder(-0.2, 0.3, p=0.2),), "the first regression is at rung1, perhaps worse on t/number."),
        ((ladder(0.2, 0.1),), "no rung is worse than the one before, as far as these samples show."),
    ],
)
def test_the_first_rung_at_which_something_got_worse_is_named(found, said):
    assert ladder_words(report(*found)) == f"Ladder rung0 > rung1 > rung2, each rung against the one before: {said}"


def test_a_report_without_a_ladder_says_nothing_of_one():
    assert ladder_words(report()) == ""
    assert "adder" not in to_markdown(report()) + shown(report())


def test_bars_are_as_high_as_the_means_and_ascii_where_nothing_else_shows():
    [line] = ladder_lines(report(ladder(0.4, -0.8)))

    assert line.spark() == "▅█▁"
    assert line.spark(is_ascii=True) == "=#_"


def test_bars_of_a_measure_lie_between_its_lowest_and_its_highest():
    rungs = tuple(Rung(name, mean, None, None, 9) for name, mean in (("a", -3.0), ("b", None), ("c", 12.0)))

    [line] = ladder_lines(report(Ladder("t", "margin", rungs, unit="nats")))

    assert line.spark() == "▁?█"
    assert [rung.mean for rung in line.rungs] == ["-3", "not measured", "12"]


def test_the_terminal_has_a_line_for_each_rung_with_its_step():
    found = shown(report(ladder(0.2, -0.3)))

    assert "▅▆▄  t / number" in found
    assert "rung2  0.400 [0.300, 0.500]  -0.300 [-0.350, -0.250] p=0.001  ▼ worse" in found


def test_markdown_has_a_column_for_each_rung():
    found = to_markdown(report(ladder(0.2, -0.3)))

    assert "| task | scorer |  | rung0 | rung1 | rung2 |" in found
    assert "▼ -0.300" in found


def test_names_of_others_stay_text():
    hostile = ladder(0.2)
    renamed = tuple(replace(rung, checkpoint="<script>|\u202e\x1b[2J") for rung in hostile.rungs)

    found = report(replace(hostile, rungs=renamed))

    assert "\x1b[2J" not in shown(found)
    assert "<script>" not in to_markdown(found)

"""The terminal: text of others neither acts on it nor is taken for markup."""

import io
import re
from dataclasses import replace

import pytest
from hostile_report import HOSTILE, hostile_report
from rich.console import Console

from chateval.records import (
    Estimate,
)
from chateval.report.terminal import show


def shown(report, *, is_terminal=False, markup=True, width=400):
    stream = io.StringIO()
    show(
        report,
        Console(
            file=stream,
            width=width,
            force_terminal=is_terminal,
            color_system="standard" if is_terminal else None,
            markup=markup,
        ),
    )
    return stream.getvalue()


@pytest.mark.parametrize("text", [text[:500] for text in HOSTILE.values()], ids=HOSTILE)
@pytest.mark.parametrize("markup", [True, False])
def test_text_brings_no_control_character_to_the_screen(text, markup):
    found = shown(replace(hostile_report(text), baseline=f"sft {text}"), markup=markup)

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", found)


def test_only_colours_are_escape_sequences():
    found = shown(hostile_report(HOSTILE["escape"]), is_terminal=True)

    assert "\x1b[" in found
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", found)


def test_square_brackets_in_names_are_no_markup():
    text = "[bold]x[/bold] [/nothing] :warning:"

    found = shown(replace(hostile_report(text), baseline=text))

    assert found.count(text) >= 6
    assert f"against {text}" in found


def test_a_mean_stands_with_its_difference():
    found = shown(hostile_report("x"))

    assert "0.750 [0.200, 0.900]" in found
    assert "▲ +0.250 [+0.100, +0.400] p=0.004" in found
    assert "sft x against base: better on facts/exact." in found


@pytest.mark.parametrize("width", [100, 400])
def test_a_mean_stands_beside_its_scorer_however_narrow_the_screen_is(width):
    report = hostile_report("x")
    tasks = (replace(report.tasks[0], n_available=123_456),)

    [line] = [line for line in shown(replace(report, tasks=tasks), width=width).split("\n") if "  exact " in line]

    assert "0.500 [0.200, 0.900]" in line


def test_unscored_samples_are_counted_beside_the_mean():
    report = hostile_report("x")
    estimates = tuple(replace(one, n_unscored=2) for one in report.estimates)

    assert shown(replace(report, estimates=estimates)).count("n=4, 2 unscored") == 2


def test_flips_are_counted_in_both_directions():
    report = hostile_report("x")
    won, lost = report.flips

    table = shown(replace(report, flips=(won, lost, lost))).partition("Flips;")[2].split("\n\n")[0]

    # no longer right 2, right only now 1
    assert re.search(r"facts / exact\W+sft x\W+2\W+1\W", table)


def test_a_side_without_flips_is_counted_as_zero():
    report = hostile_report("x")

    table = shown(replace(report, flips=report.flips[:1])).partition("Flips;")[2]

    assert re.search(r"facts / exact\W+sft x\W+0\W+1\W", table)


def test_without_flips_there_is_no_table_of_them():
    assert "Flips" not in shown(replace(hostile_report("x"), flips=()))


def test_the_summary_stands_last():
    last = shown(hostile_report("x")).rstrip().split("\n")[-1]

    assert last.rstrip() == "sft x against base: better on facts/exact."


def test_a_verdict_says_when_it_is_a_warning():
    assert "inconclusive (warning)" in shown(hostile_report("x"))


def test_without_verdicts_there_is_no_gate():
    assert "Gate" not in shown(replace(hostile_report("x"), verdicts=()))


def test_an_audit_that_does_not_apply_says_so():
    nothing = Estimate("base", "*", "clean_stop", None, None, None, n=0, n_unscored=0, n_clusters=0)

    assert shown(replace(hostile_report("x"), audits=(nothing,))).count("does not apply") == 2

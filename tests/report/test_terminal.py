"""The terminal: the verdict first, lines that fit, and text of others that neither acts on it nor is markup."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_report import HOSTILE, hostile_report, template
from rich.cells import cell_len
from terminal_reports import NAMES, report_of, shown

from chateval.records import Estimate, Figure
from chateval.report.terminal import SHOWN_FLIPS

GOLDEN = Path(__file__).with_name("terminal_80.txt")


def test_three_checkpoints_stand_on_80_columns_as_written_down():
    assert shown(report_of(*NAMES[:3]), width=80) == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("n", range(1, 7))
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_screen(width, n, encoding):
    lines = shown(report_of(*NAMES[:n]), width=width, encoding=encoding).split("\n")

    assert [line for line in lines if cell_len(line) > width] == []
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("n", [3, 6])
def test_every_mean_difference_and_p_is_there_at_any_width(width, n):
    found = shown(report_of(*NAMES[:n]), width=width)

    assert found.count("[0.102, 0.499]") == n + (n - 1)  # the gate repeats it
    assert found.count("+0.500 [+0.200, +0.800]") == n - 1
    assert found.count("p=0.004") == n - 1
    assert all(name in found for name in NAMES[:n])


@pytest.mark.parametrize("width", [60, 80, 120])
def test_names_in_wide_letters_keep_the_columns(width):
    found = shown(report_of("base", "微調整"), width=width)

    rows = [line for line in found.split("\n") if re.match("  (base|微調整) .*0\\.500 \\[0\\.250", line)]

    assert len({cell_len(row[: row.index("0.500 [0.250")]) for row in rows}) == 1


def test_the_verdict_stands_first_and_names_what_is_worse():
    first = shown(report_of(*NAMES[:3]), width=80).split("\n")[:7]

    assert first[1] == "  sft   ▲ better 1  ▼ worse 0  ▽ worse? 1"
    assert first[2] == "    ▽ worse?: facts/f1"
    assert first[3].endswith("template BROKEN")


def test_a_difference_is_told_by_word_and_sign_where_there_is_no_colour():
    found = shown(report_of("base", "sft"), width=80)

    assert "+0.500 [+0.200, +0.800]  p=0.004  ▲ better" in found
    assert "-0.200 [-0.400, -0.010]  p=0.300  ▽ worse?" in found


def test_better_is_blue_and_worse_is_orange():
    found = shown(replace(report_of("base", "sft")), is_terminal=True, width=80)

    assert re.search(r"\x1b\[1;34m▲ better", found)
    assert not re.search(r"\x1b\[[0-9;]*32m", found)


def test_a_screen_without_unicode_gets_ascii():
    found = shown(report_of(*NAMES[:3]), width=120, encoding="ascii")

    assert "+ better" in found
    assert "[---o---]" in found.replace("-----", "---") or re.search(r"\[-+o-+\]", found)


def test_an_interval_is_drawn_where_there_is_room():
    report = report_of("base", "sft")

    assert "●" not in shown(report, width=80)
    assert re.search("├─+●─+┤", shown(report, width=120))


@pytest.mark.parametrize(
    ("mean", "low", "high", "drawn"),
    [(0.5, 0.0, 1.0, "├────●────┤"), (0.0, 0.0, 0.2, "●─┤"), (1.0, 1.0, 1.0, "          ●"), (None, None, None, "")],
)
def test_a_whisker_is_drawn_to_scale(mean, low, high, drawn):
    from chateval.report.terminal_rows import whisker

    assert whisker(Estimate("base", "t", "s", mean, low, high, 4, 0, 4), 11, is_ascii=False) == drawn


def test_findings_are_folded_to_their_codes_and_the_page_says_where_they_are():
    found = shown(report_of(*NAMES[:3]), width=80)

    assert "error CT201 x2, warning CT208" in found.replace("\n    ", " ")
    assert "starts elsewhere" not in found
    assert "the 5 template findings in words" in found.replace("\n", " ")


def test_claims_that_hold_everywhere_are_named_only():
    found = shown(report_of(*NAMES[:3]), width=80)

    assert "hold wherever they apply: single_bos\n" in found
    assert "does not apply: readable_tool_calls\n" in found
    assert re.search(r" clean_stop\n  base  0\.750 ", found)


def test_flips_beyond_a_screen_are_counted():
    report = report_of("base", "sft")
    flips = [replace(report.flips[0], candidate=f"c{i}") for i in range(SHOWN_FLIPS + 3)]

    assert "and 3 lines more" in shown(replace(report, flips=tuple(flips)), width=80)


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


def test_a_name_wider_than_the_screen_is_cut_in_its_middle_and_that_is_said():
    found = shown(hostile_report("x" * 300), width=80)

    assert re.search(r"\n  sft x+…x+\n    0\.750 \[0\.200, 0\.900\]  ▲ better\n    \+0\.250", found)
    assert "names in full" in found


def test_unscored_samples_are_counted_under_the_mean():
    report = hostile_report("x")
    estimates = tuple(replace(one, n_unscored=2) for one in report.estimates)

    assert shown(replace(report, estimates=estimates)).count("n=4, 2 unscored") == 2


def test_what_a_checkpoint_was_not_asked_is_named_once():
    report = report_of(*NAMES[:3])
    estimates = tuple(e for e in report.estimates if e.checkpoint == "base" or e.scorer == "exact")

    found = shown(replace(report, estimates=estimates), width=80)

    assert " f1\n  base  0.500 [0.250, 0.750]\n        n=10\n  not run: sft, lora\n" in found


def test_samples_without_a_pair_are_counted():
    assert "2 without a pair" in shown(report_of("base", "sft"), width=80)


def test_flips_are_counted_in_both_directions():
    report = hostile_report("x")
    won, lost = report.flips

    table = shown(replace(report, flips=(won, lost, lost))).partition("Flips:")[2].split("\n\n")[0]

    # no longer right 2, right only now 1
    assert re.search(r"-2 +\+1 +sft x +facts / exact", table)


def test_without_flips_there_is_no_table_of_them():
    assert "Flips" not in shown(replace(hostile_report("x"), flips=()))


def test_a_verdict_says_when_it_is_a_warning():
    assert "inconclusive (warning)" in shown(hostile_report("x"))


def test_without_verdicts_there_is_no_gate():
    found = shown(replace(hostile_report("x"), verdicts=()))

    assert "Gate" not in found
    assert "gate:" not in found


def test_an_audit_that_does_not_apply_says_so():
    nothing = Estimate("base", "*", "clean_stop", None, None, None, n=0, n_unscored=0, n_clusters=0)

    assert "does not apply: clean_stop" in shown(replace(hostile_report("x"), audits=(nothing,)))


def test_a_template_that_was_not_checked_says_so():
    report = report_of("base", "sft")
    checkpoints = tuple(replace(checkpoint, template=None) for checkpoint in report.checkpoints)

    assert shown(replace(report, checkpoints=checkpoints), width=80).count("not checked") == 2


def test_a_template_without_fidelity_and_family_is_shown():
    report = report_of("base")
    bare = replace(template("x"), fidelity=None, family=None, verdict="UNVERIFIED", reason="nothing to hold it against")
    checkpoints = (replace(report.checkpoints[0], template=bare),)

    found = shown(replace(report, checkpoints=checkpoints), width=80)

    assert "UNVERIFIED  family unknown, fidelity not measured" in found
    assert "nothing to hold it against" in found


def test_examples_are_no_count_of_faults_and_one_flip_is_one():
    report = hostile_report("x")

    found = " ".join(shown(replace(report, flips=report.flips[:1])).split())

    assert "both answers of 1 flip," in found
    assert "1 example of prompts and answers at fault" in found


def test_codes_are_explained_only_where_there_are_some():
    report = hostile_report("x")
    checkpoints = tuple(replace(one, template=None) for one in report.checkpoints)

    assert "template explain" in shown(report)
    assert "template explain" not in shown(replace(report, checkpoints=checkpoints))


def test_results_without_samples_have_no_empty_parts():
    figure = Figure("base", "facts", "acc", 0.5, None, None, "", False, 0, 0)
    bare = replace(hostile_report("x"), tasks=(), estimates=(), comparisons=(), audits=(), flips=(), figures=(figure,))
    task = replace(hostile_report("x").tasks[0], name="facts", scorers=())

    found = shown(replace(bare, tasks=(task,)))

    assert " facts / acc\n" in found
    assert not re.search(r"\(\)|n=0|Scores|Prompts and answers", found)


def test_flips_that_all_have_a_cause_are_counted_once():
    report = hostile_report("x")
    caused = tuple(replace(flip, cause="truncated") for flip in report.flips)

    assert "Flips:" not in shown(replace(report, flips=caused))
    assert "Flips:" in shown(replace(report, flips=(*caused, report.flips[0])))


def test_a_run_that_may_stop_speaks_of_no_p():
    report = report_of("base", "sft")
    sequences = tuple(replace(c, p=None, p_adjusted=None) for c in report.comparisons)

    found = shown(replace(report, comparisons=sequences, is_anytime=True), width=120)

    assert "Against base, by confidence sequences:" in found
    assert "brackets are 95 % confidence sequences" in found
    assert '"?" is by its confidence sequence alone, without a test' in found
    assert "facts (12 of 120 samples, in the order of their ids)" in found
    assert "△ better?" in found
    assert "stopped at 12 of 120 samples: the gate was decided" in found
    assert "adjusted" not in found

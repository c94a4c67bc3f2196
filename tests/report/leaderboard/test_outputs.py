"""A leaderboard as Markdown, JSON, CSV, a page, and lines on a terminal."""

import csv
import io
import json

import pytest
from boards import full_board
from hostile_report import HOSTILE
from made_runs import run
from rich.console import Console

from chateval.compare.leaderboard import rank_runs
from chateval.report.leaderboard import SITE, show_board, to_csv, to_json, to_markdown


def shown(board, width=80):
    file = io.StringIO()
    show_board(board, Console(file=file, width=width, highlight=False, markup=False, color_system=None))
    return file.getvalue()


def test_the_terminal_says_who_leads_and_who_does_not_count():
    text = shown(full_board())

    assert text.splitlines()[0] == "sft -50 is clearly better than all others."
    assert "BROKEN, a score under it is no score: not ranked" in " ".join(text.split())
    assert "Not ranked: poor : run s  does not have facts ." in " ".join(text.split("\n"))
    assert "the last step 100 is worse than step 50" in " ".join(text.split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_table_fits(width):
    board = rank_runs([run("a-run-with-a-long-name", {"x" * 70: "10", "y": "11"})])

    assert max(map(len, shown(board, width).splitlines())) <= max(width, 65)


def test_the_terminal_table_is_this():
    board = rank_runs([run("r", {"base": "0" * 20, "sft": "1" * 20})])

    assert shown(board).splitlines() == [
        "sft is clearly better than all others.",
        "",
        "rank   checkpoint  mean                  wins   template",
        "1      sft         1.000 [0.839, 1.000]  1.000  not checked",
        "2      base        0.000 [0.000, 0.161]  0.000  not checked",
        "",
        "2 checkpoints ranked by mean over 1 task (the headline scorer of each), 20",
        "  shared samples.",
    ]


def test_csv_has_a_row_for_each_checkpoint_and_the_reason_of_who_is_not_ranked():
    rows = list(csv.DictReader(io.StringIO(to_csv(full_board()))))

    assert [row["best_rank"] for row in rows] == ["1", "2", "2", "4", "", ""]
    assert rows[-1]["reason"] == "run s  does not have facts "
    assert rows[0]["sums/exact"] == "1.0"
    assert rows[0]["sums/exact n"] == "40"


def test_csv_does_not_hand_formulas_to_a_spreadsheet():
    [row] = csv.DictReader(io.StringIO(to_csv(rank_runs([run("r", {"=HYPERLINK(1)": "10"})]))))

    assert row["checkpoint"] == "'=HYPERLINK(1)"


def test_json_is_the_whole_board():
    board = json.loads(to_json(full_board()))

    assert [found["checkpoint"] for found in board["standings"]][:2] == ["sft -50", "sft -100"]
    assert board["curves"][0]["best"] == "sft -50"


def test_markdown_has_the_table_the_costs_and_the_curve():
    text = to_markdown(full_board())

    assert "| 1 | **sft -50** | 1.000 [0.954, 1.000] |" in text
    assert "UNVERIFIED (?)" in text
    assert "## Training: sft" in text
    assert "| - | **broken" in text


@pytest.mark.parametrize("name", sorted(SITE))
def test_equal_boards_give_equal_bytes(name):
    assert SITE[name](full_board()) == SITE[name](full_board.__wrapped__())


@pytest.mark.parametrize("name", sorted(set(HOSTILE) - {"long", "empty"}))
def test_hostile_names_stay_text(name):
    board = full_board(HOSTILE[name])
    markdown, terminal, data = to_markdown(board), shown(board), to_csv(board)

    assert "<script>" not in markdown
    assert "\x1b" not in markdown + terminal
    assert "\u202e" not in markdown + terminal
    data.encode()
    json.loads(to_json(board))
    assert len(list(csv.DictReader(io.StringIO(data, newline="")))) == 6

"""`chateval leaderboard` and the tables of `chateval report`, on finished runs."""

import json
import sys

import pytest

from chateval.__main__ import main

COLUMNS = ["checkpoint", "task", "sample_id", "scorer", "score", "question", "target"]


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    """Run a command beside two score files; return (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    for name, right in (("old", 3), ("new", 18)):
        rows = [[name, "sums", str(i), "exact", str(float(i < right)), f"{i}+1=", str(i + 1)] for i in range(20)]
        (tmp_path / f"{name}.csv").write_text("\n".join(",".join(row) for row in [COLUMNS, *rows]) + "\n")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


def test_score_files_of_any_harness_are_ranked(chateval):
    code, text, _ = chateval("leaderboard", "old.csv", "new.csv")

    assert code == 0
    assert text.splitlines()[0] == "new is clearly better than all others."


@pytest.mark.parametrize(
    ("option", "begins"), [("--markdown", "# Leaderboard"), ("--csv", "best_rank,"), ("--json", '{\n "by": "mean"')]
)
def test_it_is_printed_for_people_and_for_scripts(chateval, option, begins):
    code, text, _ = chateval("leaderboard", "old.csv", "new.csv", option)

    assert code == 0
    assert text.startswith(begins)


def test_a_folder_gets_the_page_and_the_data(chateval, tmp_path):
    code, _, said = chateval("leaderboard", "old.csv", "new.csv", "--by", "win-rate", "--out", "board")
    names = sorted(path.name for path in (tmp_path / "board").iterdir())

    assert code == 0
    assert names == ["index.html", "leaderboard.csv", "leaderboard.json", "leaderboard.md"]
    assert json.loads((tmp_path / "board" / "leaderboard.json").read_text())["by"] == "win-rate"
    assert "index.html" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["old.csv", "--task", "none"], "task none: in no run; known: sums"),
        (["old.csv", "--json", "--csv"], "choose one"),
        (["nowhere"], "nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(chateval, arguments, said):
    code, _, error = chateval("leaderboard", *arguments)

    assert code == 2
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("table", ["scores", "estimates", "comparisons", "flips"])
def test_a_run_of_another_harness_is_written_as_tables(chateval, tmp_path, table):
    code, text, said = chateval("report", "old.csv", "--table", table, "--csv", "out.csv", "--parquet", "out.parquet")

    assert (code, text) == (0, "")
    assert f"{table}: " in said
    assert (tmp_path / "out.csv").is_file()
    assert (tmp_path / "out.parquet").is_file()


def test_a_run_of_another_harness_is_shown(chateval):
    code, text, _ = chateval("report", "old.csv", "--markdown")

    assert code == 0
    assert "sums" in text


def test_where_no_task_is_everyones_most_are_ranked_and_stderr_says_so(chateval, tmp_path):
    (tmp_path / "far.csv").write_text((tmp_path / "new.csv").read_text().replace("new,sums", "far,logic"))

    code, text, said = chateval("leaderboard", "old.csv", "new.csv", "far.csv")

    assert code == 0
    assert "no task counts for all 3 checkpoints: ranked are the 2 that have sums; --task NAME ranks" in said
    assert "Not ranked: far: run far does not have sums." in text
    assert "Task logic does not count: 1 of 3 checkpoints have it." in text


def test_runs_without_a_common_task_are_a_mistake_in_one_short_line(chateval, tmp_path):
    (tmp_path / "far.csv").write_text((tmp_path / "new.csv").read_text().replace("new,sums", "far,logic"))

    code, _, said = chateval("leaderboard", "new.csv", "far.csv")

    assert code == 2
    assert said == "chateval: no two of the 2 checkpoints have a task in common; known: sums, logic\n"

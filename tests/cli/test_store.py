"""`chateval store` from the command line."""

import json

import pytest
from typer.testing import CliRunner

from chateval.cli.app import app


def said(*arguments):
    found = CliRunner().invoke(app, ["store", *map(str, arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.output


def test_it_says_where_the_answers_are_and_how_many(finished_run, cache_dir):
    code, text = said()

    assert (code, text.count("\n")) == (0, 1)
    assert text.startswith(f"{cache_dir}/responses.sqlite: 4 answers, 0.0 MB")
    assert json.loads(said("--json")[1])["n_responses"] == 4


def test_a_whole_store_and_a_whole_run_are_verified(finished_run):
    code, text = said("verify", finished_run)

    assert code == 0
    assert "4 answers, all as they were put\nruns: 1, all as they were written" in text
    assert json.loads(said("verify", finished_run, "--json")[1])["is_whole"] is True


def test_a_changed_run_fails_verification_with_one_line(finished_run):
    (finished_run / "scores.jsonl").write_text("")

    code, text = said("verify", finished_run)

    assert code == 2
    assert f"{finished_run}/scores.jsonl: not as it was written (SHA256SUMS)" in text


def test_old_answers_are_shown_and_go_only_when_told(finished_run, monkeypatch):
    from chateval.store.database import day

    later = day() + 40
    for module in ("database", "upkeep"):
        monkeypatch.setattr(f"chateval.store.{module}.day", lambda: later)

    shown, removed = said("gc", "--unused", 30), said("gc", "--unused", 30, "--yes")

    assert shown[0] == removed[0] == 0
    assert "4 of 4 answers (0.0 MB) were not asked for in 30 days; --yes removes them" in shown[1]
    assert "removed 4 of 4 answers" in removed[1]
    assert json.loads(said("--json")[1])["n_responses"] == 0


@pytest.mark.parametrize("name", ["answers.sqlite", "answers.jsonl", "answers.jsonl.gz"])
def test_answers_are_exported(name, finished_run, tmp_path):
    assert said("export", tmp_path / name) == (0, f"{tmp_path / name}: 4 answers\n")
    assert (tmp_path / name).stat().st_size > 0

"""`chateval report --html`: the page of a finished run, made again."""

import sys

import pytest

from chateval.__main__ import main


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder; return (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


@pytest.fixture
def finished(chateval, tiny_chat):
    code, _, err = chateval(
        "run",
        "--engine",
        "fake",
        "--checkpoint",
        f"base={tiny_chat}",
        "--task",
        "arithmetic",
        "--limit",
        2,
        "--out",
        "run",
    )
    assert code == 0, err


def test_the_page_made_again_is_that_of_the_run(chateval, finished, tmp_path):
    code, _, err = chateval("report", "run", "--html", "new/page.html")

    assert (code, err.split()) == (0, ["page:", "new/page.html"])
    assert (tmp_path / "new/page.html").read_bytes() == (tmp_path / "run/report.html").read_bytes()
    assert b'id="data-details-0"' in (tmp_path / "run/report.html").read_bytes()


def test_of_a_report_alone_there_is_the_overview(chateval, finished, tmp_path):
    code, _, _ = chateval("report", "run/report.json", "--html", "page.html")

    assert code == 0
    assert b'id="data-details-0"' not in (tmp_path / "page.html").read_bytes()
    assert b'id="scores"' in (tmp_path / "page.html").read_bytes()


def test_a_page_that_cannot_be_written_is_the_users_to_mend(chateval, finished, tmp_path):
    (tmp_path / "page.html").mkdir()

    code, _, err = chateval("report", "run", "--html", "page.html")

    assert code == 2
    assert "page.html: cannot be written" in err
    assert not list(tmp_path.glob(".page.html.*"))


@pytest.mark.parametrize("option", [(), ("--markdown",), ("--html", "page.html")])
def test_a_table_that_goes_nowhere_is_refused(chateval, finished, option):
    code, out, err = chateval("report", "run", "--table", "flips", *option)

    assert (code, out) == (2, "")
    assert "--table flips: say --csv FILE or --parquet FILE, too" in err


def test_the_page_is_named_where_it_lies_and_else_how_it_is_had(chateval, finished, tmp_path):
    _, there, _ = chateval("report", "run")
    (tmp_path / "run/report.html").unlink()
    _, gone, _ = chateval("report", "run")

    assert "In run/report.html: " in there
    assert "With --html FILE: " in gone

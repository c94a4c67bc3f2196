"""`chateval share` and `chateval report --schema` from the command line."""

import json
import logging
import sys
from importlib.util import find_spec

import pytest
from sealed import seal_again
from shared_run import shared_report
from typer.testing import CliRunner

from chateval.cli.app import app
from chateval.integrations.trackers.library import quiet
from chateval.report import to_json
from chateval.store import Seal, write_manifest

SFT = "sft x"


@pytest.fixture
def run_folder(tmp_path):
    """A finished run without answers."""
    folder = tmp_path / "night"
    folder.mkdir()
    (folder / "report.json").write_text(to_json(shared_report("x")), encoding="utf-8")
    manifest = {"checkpoints": [], "tasks": [], "baseline": "base", "libraries": {"chateval": "0.1.0"}}
    write_manifest(Seal(folder), manifest)
    seal_again(folder)
    return folder


def said(*arguments):
    """Run the command line; return its exit code and what it said, errors of ours as one line."""
    found = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return getattr(found.exception, "exit_code", found.exit_code), found.output or str(found.exception)


def test_a_card_is_written_where_it_was_asked_for(run_folder, tmp_path):
    code, output = said("share", run_folder, "--to", "hub", "--checkpoint", SFT, "--out", tmp_path / "card")

    assert code == 0
    assert "1 results" in output
    assert "local-facts" in (tmp_path / "card" / "README.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "tensorboard"], "--to tensorboard: say one of hub, trackio, wandb, mlflow"),
        (["--to", "hub", "--option", "colour"], "--option colour: say it as NAME=VALUE"),
        (["--to", "wandb", "--push", "me/model"], "--push goes with --to hub"),
        (["--to", "mlflow", "--checkpoint", "lora"], "--checkpoint lora: the run has base, sft x"),
    ],
)
def test_a_mistake_is_said_before_anything_is_written(run_folder, arguments, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    code, output = said("share", run_folder, *arguments)

    assert (code, message in output) == (2, True)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["trackio", "wandb", "mlflow", "hub"])
def test_a_place_that_cannot_be_written_is_one_line(run_folder, name, tmp_path):
    if name != "hub" and find_spec(name) is None:
        pytest.skip(f"{name} is not installed: pip install 'chateval[track]'")
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "inside"

    code, output = said("share", run_folder, "--to", name, "--checkpoint", SFT, "--out", place)

    assert code == 2
    assert f"{place}" in output
    assert "cannot be written" in output
    assert "Traceback" not in output


def test_what_a_library_prints_is_shown_only_if_it_fails(capsys):
    def work():
        print("\x1b[1mhello\x1b[0m")
        logging.getLogger("library").info("migrating")

    with quiet({}):
        work()
    assert capsys.readouterr() == ("", "")
    with pytest.raises(ValueError, match="x"), quiet({}):
        work()
        raise ValueError("x")
    assert capsys.readouterr() == ("", "\\u001b[1mhello\\u001b[0m\n")
    assert logging.root.manager.disable == 0


@pytest.mark.parametrize("name", ["trackio", "wandb", "mlflow"])
def test_a_tracker_that_is_not_installed_is_said(run_folder, name, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr("chateval.integrations.trackers.library.find_spec", lambda module: None)

    code, output = said("share", run_folder, "--to", name, "--out", tmp_path)

    assert code == 2
    assert f"{name} is not installed; say `pip install 'chateval[track]'`" in output


def test_the_schema_is_printed_without_a_run():
    code, output = said("report", "--schema")

    assert code == 0
    assert json.loads(output)["$id"] == "urn:chateval:report:1"

"""Fault 5: a file of a run folder is truncated at every byte, or has a broken line."""

import os
import re
import sys

import pytest
from faults import Scene
from typer.testing import CliRunner

from chateval.cli.app import app
from chateval.errors import StoreError
from chateval.integrations.runs import open_run
from chateval.store import SEALED, check_seal

REFUSED = "not as it was written (SHA256SUMS); give the run's command again: its answers are in the store"
STRIDES = {"manifest.json": 31, "samples.jsonl": 1, "responses.jsonl": 1, "scores.jsonl": 1, "report.json": 31}
"""Bytes from one place where a file is cut to the next."""


def refusal(*arguments):
    """Run a command; return the one line that it refuses with, and its exit code."""
    error = CliRunner().invoke(app, [str(argument) for argument in arguments]).exception
    assert isinstance(error, StoreError), error
    return str(error), error.exit_code


@pytest.fixture
def sealed(fault_server, models, tmp_path):
    """A finished run of two checkpoints on two samples, and its files."""
    scene = Scene(fault_server, tmp_path / "scene", models, n_samples=2)
    assert scene.run().code == 0
    return scene, scene.files()


def test_a_file_cut_at_any_byte_is_refused_and_the_same_command_mends_it_without_a_model(sealed):
    scene, files = sealed
    for name, stride in STRIDES.items():
        path, data = scene.out / name, files[name]
        for n_bytes in range(len(data) - 1, -1, -stride):
            os.truncate(path, n_bytes)
            with pytest.raises(StoreError) as refused:
                check_seal(scene.out, (name,))
            assert str(refused.value) == f"{path}: {REFUSED}"
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(StoreError, match=re.escape(f"{path}: {REFUSED}")):
            open_run(scene.out)

        ended = scene.run()

        assert (ended.code, ended.of("asked"), scene.files()) == (0, [], files)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines[:-1], lines[-1][:-9]],
        lambda lines: [lines[0][:40], *lines[1:]],
        lambda lines: lines[:-1],
        lambda lines: [*lines, lines[-1]],
        lambda lines: lines[::-1],
        lambda lines: [line.replace(b"eos", b"stop") for line in lines],
        lambda lines: [b"\xff\n", *lines],
        lambda lines: [b"\n".join(lines).replace(b"\n", b"\r\n")],
    ],
    ids=["last line cut", "first cut", "one lost", "one twice", "reordered", "edited", "not UTF-8", "CRLF"],
)
def test_a_changed_line_anywhere_is_refused_before_anything_is_read(change, sealed):
    scene, files = sealed
    path = scene.out / "responses.jsonl"
    path.write_bytes(b"".join(change(files["responses.jsonl"].splitlines(keepends=True))))

    line, code = refusal("score", scene.out)

    assert (line, code) == (f"{path}: {REFUSED}", 2)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["report"], "report.json"),
        (["report", "--csv", "out.csv"], "scores.jsonl"),
        (["report", "--html", "out.html"], "responses.jsonl"),
        (["gate", "--max-drop", "0.1"], "report.json"),
        (["compare"], "samples.jsonl"),
        (["compare"], "manifest.json"),
        (["leaderboard"], "scores.jsonl"),
        (["score"], "manifest.json"),
        (["share", "--to", "hub"], "report.json"),
        (["store", "verify"], "samples.jsonl"),
    ],
    ids=lambda found: found if isinstance(found, str) else " ".join(found),
)
def test_each_command_refuses_the_file_that_it_reads(command, name, sealed, tmp_path, monkeypatch):
    scene, files = sealed
    monkeypatch.chdir(tmp_path)
    (scene.out / name).write_bytes(files[name][:-5])

    if command[0] == "store":
        found = CliRunner().invoke(app, [*command, str(scene.out)])
        assert (found.exit_code, found.output.count("\n")) == (2, 1)
        return
    line, code = refusal(command[0], scene.out, *command[1:])

    assert code == 2
    assert line.startswith(f"{scene.out / name}: not as it was written (SHA256SUMS); give the run's command again")
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize("name", [*SEALED, "SHA256SUMS"])
def test_a_file_that_is_gone_is_named_and_made_again_without_a_model(name, sealed):
    scene, files = sealed
    (scene.out / name).unlink()

    with pytest.raises(StoreError, match=r"SHA256SUMS.*give the run's command again"):
        open_run(scene.out)
    ended = scene.run()

    assert (ended.code, ended.of("asked"), scene.files()) == (0, [], files)


def test_a_report_json_alone_in_another_place_is_read_without_a_seal(sealed, tmp_path):
    _, files = sealed
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "report.json").write_bytes(files["report.json"])

    assert CliRunner().invoke(app, ["report", str(tmp_path / "elsewhere" / "report.json")]).exit_code == 0


def test_scoring_again_seals_again_and_a_run_that_breaks_off_in_it_says_so(sealed, monkeypatch):
    scene, files = sealed
    assert CliRunner().invoke(app, ["score", str(scene.out)]).exit_code == 0
    assert scene.files()["responses.jsonl"] == files["responses.jsonl"]
    open_run(scene.out)

    module = sys.modules["chateval.pipeline.rescore"]
    monkeypatch.setattr(module, "make_report", lambda *args, **kwargs: 1 / 0)
    assert isinstance(CliRunner().invoke(app, ["score", str(scene.out)]).exception, ZeroDivisionError)

    with pytest.raises(StoreError, match="no SHA256SUMS in it: this run did not end, .* give the run's command again"):
        open_run(scene.out)
    assert scene.run().of("asked") == []
    assert scene.files() == files

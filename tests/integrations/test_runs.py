"""What a path is, by its content; names on the command line; and what is no run."""

import gzip
import json
import logging
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chateval.cli.app import app
from chateval.compare.runs import compare_runs
from chateval.errors import ConfigError, DataError, StoreError
from chateval.integrations.importers import files
from chateval.integrations.runs import IMPORTERS, open_report, open_run, open_runs, parse_run
from chateval.task import load_task

LOGS = Path(__file__).parents[1] / "data" / "importers"

TABLE = "model,id,score\nm,a,1\nm,b,0\n"


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("path", "harness"),
    [
        (LOGS / "lm_eval", "lm-eval"),
        (LOGS / "inspect", "inspect_ai"),
        (LOGS / "inspect" / "tiny.eval", "inspect_ai"),
        (LOGS / "promptfoo", "promptfoo"),
        (LOGS / "lighteval", "lighteval"),
    ],
)
def test_a_path_is_known_by_its_content(path, harness):
    assert open_run(path).harness.startswith(harness)


@pytest.mark.parametrize("name", ["log.bin", "log", "scores.csv.eval"])
def test_the_name_of_a_file_does_not_decide(tmp_path, name):
    shutil.copy(LOGS / "inspect" / "tiny.eval", tmp_path / name)

    assert open_run(tmp_path / name).harness.startswith("inspect_ai")


def test_a_sample_file_of_lm_eval_may_be_called_anything(tmp_path):
    [path] = (LOGS / "lm_eval" / "models__sft").glob("samples_tiny_sums*")
    shutil.copy(path, tmp_path / "log.txt")

    run = open_run(tmp_path / "log.txt")

    assert (run.harness, len(run.scores)) == ("lm-eval", 12)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: None, "not there"),
        (lambda path: path.mkdir(), "not a run; understood are run folders and baselines of chateval, lm-evaluation"),
        (lambda path: path.write_bytes(b""), "not a run"),
        (lambda path: path.write_bytes(b"\x00\xff\xfe" * 100), "not a run"),
        (lambda path: path.write_text("hello"), "not a run"),
        (lambda path: path.write_text("[]"), "not a run"),
        (lambda path: path.write_text('{"results": 3}'), "not a run"),
        (lambda path: path.write_text("[" * 100_000), "not a run"),
        (lambda path: path.write_text('{"a":' * 100_000), "not a run"),
        (lambda path: path.write_bytes(b"PAR1" + b"\x00" * 50), "not a run"),
        (lambda path: path.write_bytes(b"PK\x05\x06" + b"\x00" * 18), "not a run"),
        (lambda path: path.write_bytes(gzip.compress(b"x" * 1000)[:-9]), "not a run"),
    ],
)
def test_what_is_no_run_is_one_line_that_says_what_would_be(tmp_path, make, error):
    make(tmp_path / "x")

    with pytest.raises(StoreError, match=error):
        open_run(tmp_path / "x")


def test_deep_json_in_a_line_is_an_error_with_its_line(tmp_path):
    first = json.dumps({"doc_id": 0, "doc": {}, "acc": 1})
    path = write(tmp_path / "x.jsonl", first + '\n{"doc_id": 1, "doc": ' + "[" * 50_000 + "\n")

    with pytest.raises(DataError, match=r"x\.jsonl:2: (nested too deeply|not valid JSON)"):
        open_run(path)


def test_a_line_that_is_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("chateval.reading.MAX_LINE_BYTES", 200)
    first = json.dumps({"doc_id": 0, "doc": {}, "acc": 1})
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(gzip.compress((first + "\n" + " " * 100_000 + "\n").encode()))

    with pytest.raises(DataError, match=r"x\.jsonl\.gz:2: a line of more than 200 bytes"):
        open_run(path)


def test_the_harness_may_be_named_and_a_wrong_name_lists_those_known(tmp_path):
    path = write(tmp_path / "x.csv", TABLE)

    assert len(open_run(path, harness="table").scores) == 2
    with pytest.raises(ConfigError, match="known: lm-eval, inspect, promptfoo, lighteval, table"):
        open_run(path, harness="helm")
    assert list(IMPORTERS) == ["lm-eval", "inspect", "promptfoo", "lighteval", "table"]


def test_a_run_is_named_on_the_command_line(tmp_path):
    path = write(tmp_path / "x.csv", TABLE)

    assert parse_run(f"new={path}") == ("new", path)
    assert parse_run(str(path)) == (None, path)
    assert [run.name for run in open_runs([f"new={path}", str(path), str(path)])] == ["new", "x", "x-2"]


def test_a_path_with_an_equals_sign_is_a_path(tmp_path):
    path = write(tmp_path / "lr=3.csv", TABLE)

    assert parse_run(str(path)) == (None, path)


def test_two_runs_of_one_given_name_are_refused(tmp_path):
    path = write(tmp_path / "x.csv", TABLE)

    with pytest.raises(ConfigError, match="a=: two runs cannot have the same name"):
        open_runs([f"a={path}", f"a={path}"])


def test_what_was_left_out_is_logged_where_a_command_opens_runs(tmp_path, caplog):
    path = write(tmp_path / "x.csv", "model,id,score\nm,a,10\nm,b,90\n")

    with caplog.at_level(logging.WARNING, logger="chateval"):
        open_runs([str(path)])

    assert caplog.messages == ["x: x: score lies in [10, 90] and not in [0, 1]: shown as a figure, not compared"]


def test_a_run_of_another_harness_has_a_report():
    report = open_report(str(LOGS / "lm_eval"))

    assert report == compare_runs([open_run(LOGS / "lm_eval")])
    assert {task.name for task in report.tasks} == {"tiny_sums", "tiny_pick"}


def test_equal_logs_make_equal_runs():
    first, second = (open_run(LOGS / "lm_eval" / "models__sft") for _ in range(2))

    assert first == second


@pytest.mark.parametrize("command", ["compare", "report", "leaderboard"])
@pytest.mark.parametrize("log", ["lm_eval", "promptfoo", "lighteval"])
def test_commands_take_the_logs_of_every_harness(command, log):
    result = CliRunner().invoke(app, [command, str(LOGS / log)])

    assert result.exit_code == 0, result.output


def test_a_broken_log_is_one_line_and_the_users_mistake(tmp_path):
    path = write(tmp_path / "x.csv", "id,score\na,1\n")

    result = CliRunner().invoke(app, ["compare", str(path)])

    assert isinstance(result.exception, DataError)
    assert "columns missing: checkpoint" in str(result.exception)


def test_a_run_of_chateval_and_one_of_lm_eval_pair_on_the_rows_of_a_data_set(tmp_path):
    own = open_run(LOGS / "lm_eval" / "models__sft")
    rows = [sample.inputs for sample in own.samples["tiny_sums"].values()]
    text = "".join(json.dumps(row) + "\n" for row in rows[:5])
    (tmp_path / "tiny_sums").mkdir()
    write(tmp_path / "tiny_sums" / "samples.jsonl", text)
    write(
        tmp_path / "tiny_sums" / "task.yaml",
        "name: tiny_sums\nversion: 1\ndescription: sums\nsource: own\nlicence: CC0-1.0\nsamples: samples.jsonl\n"
        'messages: [{role: user, content: "{{ question }}"}]\ntarget: "{{ answer }}"\nscorers: [number]\n',
    )

    task = load_task(str(tmp_path / "tiny_sums"), check=lambda *_: None)

    assert [sample.id for sample in task.samples] == list(own.samples["tiny_sums"])[:5]


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.txt"])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_file_is_parsed_once_whoever_looks_at_it(tmp_path, monkeypatch, name, indent):
    output = json.loads((LOGS / "promptfoo" / "echoes.json").read_text("utf-8"))
    write(tmp_path / name, json.dumps(output, indent=indent))
    sizes = []

    def parse(data, *, where):
        sizes.append(len(data))
        return files.parse_(data, where=where)

    monkeypatch.setattr(files, "parse_", files.parse, raising=False)
    monkeypatch.setattr(files, "parse", parse)

    open_run(tmp_path / name)

    assert [size for size in sizes if size > 1000] == [(tmp_path / name).stat().st_size]


def test_what_was_parsed_is_not_kept_for_the_next_time(tmp_path):
    path = write(tmp_path / "x.json", json.dumps([{"model": "m", "id": "a", "score": 1}]))
    assert [one.value for one in open_run(path).scores] == [1.0]
    write(path, json.dumps([{"model": "m", "id": "a", "score": 0}]))

    assert [one.value for one in open_run(path).scores] == [0.0]

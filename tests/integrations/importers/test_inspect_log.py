"""Logs of Inspect: ours of a small task, and those that others published with the metrics Inspect computed."""

import json
import math
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from oracle import oracle_path

from chateval.errors import DataError, StoreError
from chateval.integrations.importers.archive import Archive, is_archive
from chateval.integrations.importers.inspect_sample import number_of
from chateval.integrations.runs import notes_of, open_run
from chateval.pipeline.against import gate_runs
from chateval.records import Rule

LOG = Path(__file__).parents[2] / "data" / "importers" / "inspect" / "tiny.eval"

SAMPLE = {
    "id": 1,
    "epoch": 1,
    "input": "What is 1 plus 1?",
    "target": "2",
    "messages": [],
    "output": {"choices": [{"message": {"content": "2"}, "stop_reason": "stop"}], "completion": "2"},
    "scores": {"match": {"value": "C", "answer": "2"}},
}


def log(*samples, **fields):
    about = {"task": "sums", "model": "openai/small", "created": "2025-01-01", "config": {"epochs": 1}}
    return {"version": 2, "status": "success", "eval": about, "samples": list(samples), **fields}


def write(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def computed(path):
    """Yield (scorer, metric, value) as Inspect computed it."""
    if is_archive(path):
        with Archive(path) as archive:
            results = archive.read("header.json").get("results")
    else:
        results = json.loads(path.read_text("utf-8")).get("results")
    for score in (results or {}).get("scores", []):
        name = score["name"] if score["name"] == score["scorer"] else f"{score['scorer']}[{score['name']}]"
        for metric, one in score["metrics"].items():
            yield name, metric, one["value"]


def recomputed(run, scorer, metric):
    by_sample = defaultdict(list)
    for score in run.scores:
        if score.scorer == scorer:
            by_sample[score.sample_id].append(score.value)
    means = np.array([sum(found) / len(found) for found in by_sample.values()])
    if metric == "stderr":
        return means.std(ddof=1) / math.sqrt(len(means)) if len(means) > 1 else 0.0
    return means.mean()


def test_means_and_standard_errors_over_epochs_are_those_that_inspect_computed():
    run = open_run(LOG)

    compared = {}
    for scorer, metric, value in computed(LOG):
        if scorer == "long":
            [figure] = [one for one in run.figures if one.measure == "long"]
            found = figure.value if metric == "mean" else value
        else:
            found = recomputed(run, scorer, metric)
        compared[scorer, metric] = (found, value)

    assert len(compared) == 9
    for found, value in compared.values():
        assert found == pytest.approx(value)


def test_epochs_are_repeats_and_equal_samples_stay_apart():
    run = open_run(LOG)

    assert len(run.samples["tiny"]) == 4
    assert {one.response.repeat for one in run.answers} == {0, 1}
    [task] = run.tasks
    assert (task.version, task.decoding.temperature, task.decoding.repeats) == (3, 0.5, 2)
    assert task.decoding.max_new_tokens == 64
    assert run.harness == "inspect_ai 0.3.285"


@pytest.mark.parametrize(
    ("value", "number"),
    [("C", 1.0), ("I", 0.0), ("P", 0.5), ("N", 0.0), ("yes", 1.0), ("No", 0.0), (0.25, 0.25), (True, True), ("x", "x")],
)
def test_letters_count_as_they_do_in_inspect(value, number):
    assert number_of(value) == number


def test_a_failed_sample_is_unscored_with_its_error(tmp_path):
    broken = {**SAMPLE, "id": 2, "input": "?", "scores": None, "error": {"message": "out of memory"}}

    run = open_run(write(tmp_path / "x.json", log(SAMPLE, broken)))

    assert [(score.value, score.reason) for score in run.scores] == [(1.0, ""), (None, "out of memory")]
    [checkpoint] = run.checkpoints
    assert (checkpoint.name, checkpoint.n_errors) == ("small", 1)


def test_an_image_is_left_out_with_a_marker(tmp_path):
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image", "image": "data:image/png;base64,AAAA"}]

    run = open_run(write(tmp_path / "x.json", log({**SAMPLE, "input": [{"role": "user", "content": parts}]})))

    [sample] = run.samples["sums"].values()
    assert sample.messages[0]["content"] == "What is it?\n[image left out]"
    assert notes_of(run) == ("messages with image parts: shown as [image left out]",)


def test_values_of_a_dict_and_nan_are_scores_of_their_own(tmp_path):
    scores = {"both": {"value": {"a": 1, "b": float("nan")}, "explanation": "why"}}

    run = open_run(write(tmp_path / "x.json", log({**SAMPLE, "scores": scores})))

    assert [(score.scorer, score.value) for score in run.scores] == [("both[a]", 1.0), ("both[b]", None)]


def test_an_answer_at_the_limit_is_known_as_cut(tmp_path):
    output = {"choices": [{"message": {"content": "2"}, "stop_reason": "max_tokens"}]}

    run = open_run(write(tmp_path / "x.json", log({**SAMPLE, "output": output})))

    assert [one.response.finish for one in run.answers] == ["length"]
    assert [one.response.text for one in run.answers] == ["2"]


@pytest.mark.parametrize("field", sorted(SAMPLE))
@pytest.mark.parametrize("value", [None, 3, "x", [], [[]], {}, {"a": {"b": 1}}, [None, 1]])
def test_a_field_of_the_wrong_type_is_never_a_traceback(tmp_path, field, value):
    second = {**SAMPLE, "id": 2, "input": "another", field: value}

    run = open_run(write(tmp_path / "x.json", log(SAMPLE, second)))

    assert run.scores or run.figures


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("chateval.integrations.importers.archive.MAX_MEMBER_BYTES", 100_000)
    path = tmp_path / "x.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(log()))
        archive.writestr("samples/1_epoch_1.json", b" " * 5_000_000 + b"{}")

    with pytest.raises(DataError, match=r"x\.eval: samples/1_epoch_1\.json: unpacks to more than 100,000 bytes"):
        open_run(path)


def test_a_zstd_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("chateval.integrations.importers.archive.MAX_MEMBER_BYTES", 1_000)

    with pytest.raises(DataError, match="unpacks to more than 1,000 bytes"):
        open_run(LOG)


@pytest.mark.parametrize("place", range(0, 26_000, 1_300))
def test_a_damaged_archive_is_an_error_and_not_a_traceback(tmp_path, place):
    data = bytearray(LOG.read_bytes())
    data[place : place + 40] = b"\xff" * 40
    path = tmp_path / "x.eval"
    path.write_bytes(bytes(data))

    try:
        run = open_run(path)
    except (DataError, StoreError) as error:
        assert "x.eval" in str(error)
    else:
        assert run.harness.startswith("inspect_ai")


@pytest.mark.oracle
def test_every_published_log_has_the_metrics_that_inspect_computed():
    folder = oracle_path("peer_inspect_ai")
    paths = sorted([*folder.glob("*.eval"), *folder.glob("*.json")])

    n_logs = n_metrics = 0
    for path in paths:
        run = open_run(path)
        n_logs += 1
        for scorer, metric, value in computed(path):
            if not run.scores:
                [figure] = [one for one in run.figures if one.measure == f"{scorer}[accuracy]"]
                found = figure.value if metric == "accuracy" else (figure.high - figure.value) / 1.959964
            else:
                found = recomputed(run, scorer, metric)
            assert found == pytest.approx(value), (path.name, scorer, metric)
            n_metrics += 1

    assert (n_logs, n_metrics) == (12, 24)


@pytest.mark.oracle
def test_of_several_logs_of_one_task_and_model_one_counts():
    run = open_run(oracle_path("peer_inspect_ai"))

    addresses = [(one.checkpoint, one.task, one.scorer, one.sample_id, one.repeat) for one in run.scores]

    assert len(set(addresses)) == len(addresses)
    assert any("another log of the same was left out" in note for note in notes_of(run))


def test_without_the_library_for_zstd_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)

    with pytest.raises(DataError, match=r"packed with zstd; install what reads it: pip install 'chateval\[inspect\]'"):
        open_run(LOG)


def cancelled(*samples, **dataset):
    found = log(*samples, status="cancelled")
    return {**found, "eval": {**found["eval"], "dataset": {"name": "sums", **dataset}}}


@pytest.mark.parametrize(
    ("dataset", "names"),
    [
        ({"samples": 4}, ["missing-1", "missing-2", "missing-3"]),
        ({"samples": 9, "sample_ids": [1, 2, "b"]}, ["missing-2", "missing-b"]),
    ],
)
def test_samples_that_a_cancelled_log_lacks_are_unscored(tmp_path, dataset, names):
    run = open_run(write(tmp_path / "x.json", cancelled(SAMPLE, **dataset)))

    missing = [one for one in run.scores if one.value is None]
    assert [one.sample_id for one in missing] == names
    assert {one.reason for one in missing} == {"the log ended as cancelled before this sample"}
    assert len(run.samples["sums"]) == 1 + len(names)
    assert run.checkpoints[0].n_errors is None
    assert any(f"{len(names)} answers are missing" in note for note in notes_of(run))


def test_an_epoch_that_a_cancelled_log_lacks_is_unscored(tmp_path):
    found = cancelled(SAMPLE, sample_ids=[1])
    found["eval"]["config"] = {"epochs": 3}

    run = open_run(write(tmp_path / "x.json", found))

    assert [(one.repeat, one.value) for one in run.scores] == [(0, 1.0), (1, None), (2, None)]
    assert len(run.samples["sums"]) == 1


def test_a_limit_says_how_many_samples_a_cancelled_log_should_have(tmp_path):
    found = cancelled(SAMPLE, samples=100)
    found["eval"]["config"] = {"limit": 3}

    assert len(open_run(write(tmp_path / "x.json", found)).scores) == 3


def test_a_cancelled_log_does_not_pass(tmp_path):
    samples = [{**SAMPLE, "id": place, "input": f"What is {place} plus 1?"} for place in range(40)]
    whole = {**log(*samples), "eval": {**log()["eval"], "model": "base"}}
    write(tmp_path / "a.json", whole)
    write(tmp_path / "b.json", cancelled(*samples[:3], samples=40, sample_ids=list(range(40))))

    report = gate_runs([open_run(tmp_path)], [Rule(scorer="*", max_drop=0.9, min_samples=1), Rule(max_unscored=0)])

    [comparison] = report.comparisons
    assert (comparison.n_pairs, comparison.n_dropped) == (3, 37)
    [unscored, drop] = [one for one in report.verdicts if one.checkpoint == "small"]
    assert (unscored.outcome, drop.outcome) == ("fail", "inconclusive")
    assert "37 of 40" in unscored.reason


def test_a_sample_without_a_score_among_others_is_unscored(tmp_path):
    run = open_run(write(tmp_path / "x.json", log(SAMPLE, {**SAMPLE, "id": 2, "input": "?", "scores": {}})))

    assert [one.reason for one in run.scores] == ["", "the log has no score of this sample"]


def test_an_end_that_inspect_does_not_know_is_unknown(tmp_path):
    output = {"choices": [{"message": {"content": "2"}, "stop_reason": "unknown"}]}

    run = open_run(write(tmp_path / "x.json", log({**SAMPLE, "output": output})))

    assert [one.response.finish for one in run.answers] == ["unknown"]
    assert run.checkpoints[0].n_length is None


def test_what_a_log_says_of_its_settings_is_written_down():
    [entry] = open_run(LOG).manifest["tasks"]

    assert set(entry["written"]) == {"version", "repeats", "temperature", "max_new_tokens"}
    assert entry["system_instruction"] == "Answer briefly."
    assert entry["solvers"] == ["system_message", "generate"]

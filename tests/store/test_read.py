from dataclasses import replace

import pytest
from sealed import seal_again

from chateval.codec import encode
from chateval.errors import StoreError
from chateval.records import Effort, Noise
from chateval.report import read_report
from chateval.store import is_run, read_efforts, read_run, write_efforts


def test_a_finished_run_is_read_with_its_samples_scores_and_answers(finished_run):
    run = read_run(finished_run)

    assert [checkpoint.name for checkpoint in run.checkpoints] == ["base", "sft"]
    assert {score.sample_id for score in run.scores} == set(run.samples["arithmetic"])
    assert [len(list(run.answers)) for _ in range(2)] == [8, 8]
    assert run.harness.startswith("chateval ")


def test_scores_become_a_table_with_a_row_each(finished_run):
    run = read_run(finished_run)

    frame = run.to_pandas()

    assert len(frame) == len(run.scores)
    assert set(frame["checkpoint"]) == {"base", "sft"}
    assert frame["value"].dtype == "float64"


def test_a_folder_without_samples_is_not_a_finished_run(finished_run):
    (finished_run / "samples.jsonl").unlink()

    with pytest.raises(StoreError, match=r"samples.jsonl: not there, though SHA256SUMS has it; give the run's command"):
        read_run(finished_run)


def test_noise_is_that_of_the_report(finished_run):
    report = read_report(finished_run)
    noise = Noise("arithmetic", "number", 1, 4, 0.0, 0.0)
    (finished_run / "report.json").write_text(encode(replace(report, noise=(noise,))))
    seal_again(finished_run)

    assert read_run(finished_run).noise == (noise,)


def test_only_a_folder_with_a_manifest_is_a_run(finished_run, tmp_path):
    assert is_run(finished_run)
    assert not is_run(tmp_path / "nothing")


def test_an_effort_is_kept_while_all_answers_come_from_the_store(tmp_path):
    write_efforts(tmp_path, [Effort("base", 2.0, 10, 100, 50)])
    write_efforts(tmp_path, [Effort("base", 0.1, 0, 0, 0), Effort("sft", 1.0, 10, 100, 20)])

    assert [(one.checkpoint, one.tokens_per_second) for one in read_efforts(tmp_path)] == [
        ("base", 75.0),
        ("sft", 120.0),
    ]

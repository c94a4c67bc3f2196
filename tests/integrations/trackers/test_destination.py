"""What of a report goes to a tracker."""

import math
from dataclasses import replace

import pytest
from shared_run import shared_report, shared_run

from chateval.errors import ConfigError
from chateval.integrations.trackers import TRACKERS, Destination, open_tracker
from chateval.integrations.trackers.destination import config, entries, metrics, tables, write_files

REPORT = shared_report("x")
SFT = "sft x"


def test_a_mean_goes_with_its_interval_its_n_and_its_difference():
    found = metrics(REPORT, SFT)

    assert found["facts/exact"] == 0.75
    assert (found["facts/exact/low"], found["facts/exact/high"], found["facts/exact/n"]) == (0.2, 0.9, 4)
    assert found["facts/exact/delta"] == 0.25
    assert (found["facts/exact/delta/low"], found["facts/exact/delta/high"]) == (0.1, 0.4)
    assert found["facts/exact/delta/p_adjusted"] == 0.004
    assert found["prompts and answers/single_bos"] == 1.0
    assert found["gate/inconclusive"] == 1


def test_what_could_not_be_scored_is_absent_and_not_nan():
    nothing = replace(REPORT.estimates[1], mean=None, low=None, high=None, n=0, n_unscored=4)

    found = metrics(replace(REPORT, estimates=(nothing,)), SFT)

    assert "facts/exact" not in found
    assert found["facts/exact/n_unscored"] == 4
    assert all(math.isfinite(value) for value in found.values())


def test_settings_are_flat_and_hold_digests_and_versions(tmp_path):
    found = config(shared_run(REPORT, tmp_path), REPORT, REPORT.checkpoints[1])

    assert found["weights_digest"] == "b" * 64
    assert found["library/torch"] == "2.13.0"
    assert found["facts/max_new_tokens"] == 128
    assert found["template_verdict"] == "BROKEN"
    assert found["limit"] == 4
    assert "adapter_digest" not in found


def test_settings_that_another_harness_did_not_write_down_are_absent(tmp_path):
    report = replace(REPORT, tasks=tuple(replace(task, prompt_digest="") for task in REPORT.tasks))

    found = config(shared_run(report, tmp_path), report, report.checkpoints[1])

    assert found["facts/n_samples"] == 4
    assert "facts/temperature" not in found


def test_each_checkpoint_is_an_entry_of_its_own(tmp_path):
    found = entries(shared_run(REPORT, tmp_path), REPORT, Destination())

    assert [(one.name, one.step) for one in found] == [("night/base", 0), (f"night/{SFT}", 300)]


def test_under_one_name_checkpoints_are_points_by_step(tmp_path):
    report = shared_report("x", steps=(600, 300))

    found = entries(shared_run(report, tmp_path), report, Destination(name="curve"))

    assert [(one.name, one.checkpoint, one.step) for one in found] == [("curve", SFT, 300), ("curve", "base", 600)]


def test_two_points_at_one_step_under_one_name_are_refused(tmp_path):
    report = shared_report("x", steps=(None, None))

    with pytest.raises(ConfigError, match=r"--name curve: base and sft x are both at step 0; name one of them"):
        entries(shared_run(report, tmp_path), report, Destination(name="curve"))


def test_a_checkpoint_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(ConfigError, match=r"--checkpoint lora: the run has base, sft x"):
        entries(shared_run(REPORT, tmp_path), REPORT, Destination(checkpoints=("lora",)))


def test_a_table_without_rows_is_absent():
    assert tables(REPORT, "base") == {}
    assert list(tables(REPORT, SFT)) == ["comparisons", "verdicts", "flips"]


def test_all_forms_of_the_report_are_written(tmp_path):
    paths = write_files(shared_run(REPORT, tmp_path / "run"), REPORT, tmp_path)

    assert [path.name for path in paths] == ["report.json", "report.md", "report.html"]
    assert all(path.stat().st_size for path in paths)


def test_the_page_of_a_run_folder_goes_along_as_it_is(tmp_path):
    run = shared_run(REPORT, tmp_path / "run")
    (tmp_path / "run" / "report.html").write_text("<p>with all answers</p>")

    write_files(run, REPORT, tmp_path)

    assert (tmp_path / "report.html").read_text() == "<p>with all answers</p>"


def test_an_unknown_tracker_lists_those_that_are_known():
    with pytest.raises(ConfigError, match="--to tensorboard: say one of hub, trackio, wandb, mlflow"):
        open_tracker("tensorboard", Destination())


@pytest.mark.parametrize("name", TRACKERS)
def test_an_unknown_option_is_refused(name):
    with pytest.raises(ConfigError, match="--option colour: not known here; known: "):
        open_tracker(name, Destination(options={"colour": "blue"}))

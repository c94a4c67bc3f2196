"""Details of lighteval: of its own tracker, and the flat ones of its older versions."""

import shutil
from pathlib import Path

import pytest

from chateval.compare.runs import compare_runs
from chateval.integrations.importers.lighteval_details import _slug
from chateval.integrations.importers.lighteval_setting import setting_of
from chateval.integrations.runs import notes_of, open_run

DETAILS = Path(__file__).parents[2] / "data" / "importers" / "lighteval"


@pytest.fixture
def logs(tmp_path):
    """Return the folder as lighteval names its files."""
    shutil.copytree(DETAILS, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*=*"):
        path.rename(path.with_name(path.name.replace("=", "|")))
    return tmp_path / "out"


def write_parquet(path, rows):
    import pyarrow
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def test_means_are_those_that_lighteval_computed(logs):
    report = compare_runs([open_run(logs)])

    found = {(one.checkpoint, one.task, one.scorer): one.mean for one in report.estimates}
    assert found["tiny-base", "lighteval_tiny_sums", "exact_match"] == 0.75
    assert found["tiny-sft", "lighteval_tiny_pick", "acc"] == 1.0
    assert found["tiny-base", "lighteval_tiny_pick", "acc"] == 0.5


def test_two_models_pair_and_equal_rows_stay_apart(logs):
    report = compare_runs([open_run(logs)])

    pairs = {(one.task, one.scorer): one.n_pairs for one in report.comparisons}
    assert pairs["lighteval_tiny_sums", "exact_match"] == 4
    assert pairs["lighteval_tiny_pick", "acc"] == 2


def test_choices_answers_and_decoding_are_kept(logs):
    run = open_run(logs)

    tasks = {task.name: task for task in run.tasks}
    assert tasks["lighteval_tiny_pick"].output == "choose"
    assert tasks["lighteval_tiny_sums"].decoding.max_new_tokens == 16
    sample = next(iter(run.samples["lighteval_tiny_pick"].values()))
    assert (sample.choices, sample.target) == (("honey", "steel", "glass"), "honey")


def test_one_file_of_details_is_a_run_named_by_its_folders(logs):
    [path] = (logs / "details" / "org" / "tiny-sft").rglob("details_tiny_sums*.parquet")

    run = open_run(path)

    assert [one.name for one in run.checkpoints] == ["tiny-sft"]
    assert len(run.scores) == 8


def test_results_without_details_are_figures_and_said(logs):
    [path] = (logs / "results" / "org" / "tiny-sft").glob("*.json")

    run = open_run(path)

    assert ("lighteval_tiny_pick", "acc", 1.0) in [(one.task, one.measure, one.value) for one in run.figures]
    assert any("--save-details" in note for note in notes_of(run))


def test_the_flat_details_of_older_versions_are_read(tmp_path):
    rows = [
        {
            "example": "What is 1 plus 1?",
            "full_prompt": "Q: What is 1 plus 1?",
            "predictions": "['2']",
            "gold": "['2']",
            "choices": "['2']",
            "metrics": "{'em': 1.0}",
        },
        {
            "example": "Cold?",
            "full_prompt": "Q: Cold?",
            "predictions": "[[-1.5, False], [-0.5, True]]",
            "gold": "['ice']",
            "choices": "['fire', 'ice']",
            "metrics": "{'em': 0.0}",
        },
    ]
    path = (
        tmp_path / "details" / "m" / "2024-01-02T03-04-05.6" / "details_lighteval|mix|0_2024-01-02T03-04-05.6.parquet"
    )

    run = open_run(write_parquet(path, rows))

    assert [(one.checkpoint, one.scorer, one.value) for one in run.scores] == [("m", "em", 1.0), ("m", "em", 0.0)]
    assert [one.response.choice_logprobs for one in run.answers] == [(), ((-1.5,), (-0.5,))]


@pytest.mark.parametrize(
    ("name", "slug", "n_demos"),
    [
        ("gsm8k|5", "lighteval_gsm8k", 5),
        ("lighteval|gsm8k|5|1", "lighteval_gsm8k", 5),
        ("custom|my:task|0|0", "lighteval_my_task", 0),
        ("mmlu", "lighteval_mmlu", 0),
    ],
)
def test_a_task_is_named_as_chateval_names_it(name, slug, n_demos):
    assert _slug(name) == (slug, n_demos)


def test_what_is_written_of_a_task_and_what_is_not(logs):
    run = open_run(logs)

    written = {entry["name"]: set(entry["written"]) for entry in run.manifest["tasks"]}
    assert written["lighteval_tiny_sums"] == {"n_demos", "temperature", "max_new_tokens", "stop"}
    assert {entry["engine"]["generation_parameters"]["temperature"] for entry in run.manifest["checkpoints"]} == {0}


def test_how_answers_ended_is_unknown(logs):
    run = open_run(logs)

    assert {one.response.finish for one in run.answers if one.task == "lighteval_tiny_sums"} == {"unknown"}
    assert {(one.n_errors, one.n_length) for one in run.checkpoints} == {(None, None)}


def test_settings_of_the_model_count_before_those_of_the_task():
    config = {
        "model_config": {"generation_parameters": {"max_new_tokens": 9, "temperature": 0.5}, "system_prompt": "Be."}
    }
    metrics = [{"metric_name": "perplexed", "higher_is_better": False}]
    results = {"config_general": config, "versions": {"a|5": 2}, "config_tasks": {"a|5": {"metrics": metrics}}}

    found = setting_of(results, "a|5", 5)

    assert (found.decoding.max_new_tokens, found.decoding.temperature) == (9, 0.5)
    assert (found.version, found.n_demos, found.system, found.less_better) == (2, 5, "Be.", {"perplexed"})
    assert found.written == {"version", "n_demos", "system", "max_new_tokens", "temperature"}

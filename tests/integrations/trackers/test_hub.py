"""Model cards: results in the folder of the checkpoint, and nothing of the card lost."""

from dataclasses import replace

import pytest
import yaml
from huggingface_hub import ModelCard
from huggingface_hub._eval_results import parse_eval_result_entries
from shared_run import shared_report, shared_run

from chateval.errors import ConfigError
from chateval.integrations.trackers import Destination
from chateval.integrations.trackers.hub import HubTracker

REPORT = shared_report("")
SFT = "sft "

TASK = """
name: facts
version: 1
description: d
source: s
licence: MIT
dataset: {path: openai/gsm8k, name: main, revision: 740312add88f781978c0658806c59bc2815b9866}
messages: [{role: user, content: "{{ question }}"}]
target: "{{ answer }}"
scorers: [exact, single_bos]
"""


@pytest.fixture
def hub_task(tmp_path):
    """The task file that the run's manifest names."""
    (tmp_path / "facts").mkdir()
    path = tmp_path / "facts" / "task.yaml"
    path.write_text(TASK)
    return path


def card_of(folder):
    return ModelCard.load(folder / "README.md")


def test_the_card_gets_the_results_of_each_candidate_and_none_of_the_baseline(tmp_path):
    said = HubTracker(Destination()).share(shared_run(REPORT, tmp_path), REPORT)

    [result] = card_of(tmp_path / "models" / "sft").data.eval_results
    assert (result.metric_type, result.metric_value) == ("exact", 0.75)
    assert result.metric_args == {"low": 0.2, "high": 0.9, "n": 4, "n_unscored": 0}
    assert result.dataset_type == "local-facts"
    assert said == f"{tmp_path / 'models' / 'sft' / 'README.md'}: 1 results"
    assert not (tmp_path / "models" / "base" / "README.md").exists()
    assert not (tmp_path / "models" / "sft" / ".eval_results").exists()


def test_a_task_of_the_hub_has_its_data_set_in_both_files(tmp_path, hub_task):
    HubTracker(Destination()).share(shared_run(REPORT, tmp_path), REPORT)

    folder = tmp_path / "models" / "sft"
    [entry] = parse_eval_result_entries(yaml.safe_load((folder / ".eval_results" / "chateval.yaml").read_text()))
    assert (entry.dataset_id, entry.task_id, entry.value) == ("openai/gsm8k", "main", 0.75)
    assert entry.dataset_revision == "740312add88f781978c0658806c59bc2815b9866"
    assert "scorer exact" in entry.notes
    assert "[0.200, 0.900]" in entry.notes
    [result] = card_of(folder).data.eval_results
    assert (result.dataset_type, result.dataset_config, result.dataset_split) == ("openai/gsm8k", "main", "test")


@pytest.mark.parametrize(("digest", "is_said"), [("e" * 64, True), ("", False)])
def test_decoding_is_said_only_where_it_is_known(tmp_path, digest, is_said):
    report = replace(REPORT, tasks=(replace(REPORT.tasks[0], prompt_digest=digest),))

    HubTracker(Destination()).share(shared_run(report, tmp_path), report)

    [result] = card_of(tmp_path / "models" / "sft").data.eval_results
    assert ("greedy" in result.metric_name) is is_said


def test_a_part_of_a_data_set_is_in_no_ranking(tmp_path, hub_task):
    report = replace(REPORT, tasks=(replace(REPORT.tasks[0], n_available=1319),))

    said = HubTracker(Destination()).share(shared_run(report, tmp_path), report)

    folder = tmp_path / "models" / "sft"
    assert not (folder / ".eval_results").exists()
    assert "facts (a part was run)" in said
    assert card_of(folder).data.eval_results[0].dataset_name == "facts (the first 4 of 1319 samples)"


@pytest.mark.parametrize(
    "change",
    [("version: 1", "version: 2"), ("openai/gsm8k", "./here"), ("name: main", "name: [main, socratic]")],
    ids=["another version", "a local folder", "several configurations"],
)
def test_what_is_not_one_data_set_of_the_hub_is_local(tmp_path, hub_task, change):
    hub_task.write_text(TASK.replace(*change))

    HubTracker(Destination()).share(shared_run(REPORT, tmp_path), REPORT)

    assert card_of(tmp_path / "models" / "sft").data.eval_results[0].dataset_type == "local-facts"


def test_other_data_than_the_tasks_own_is_local(tmp_path, hub_task):
    run = shared_run(REPORT, tmp_path)
    run.manifest["tasks"][0]["data"] = "mine.jsonl"

    HubTracker(Destination()).share(run, REPORT)

    assert card_of(tmp_path / "models" / "sft").data.eval_results[0].dataset_type == "local-facts"


def test_a_card_keeps_its_text_its_metadata_and_the_results_of_others(tmp_path):
    run = shared_run(REPORT, tmp_path)
    other = "{task: {type: text-generation}, dataset: {name: MMLU, type: mmlu}, metrics: [{type: acc, value: 0.5}]}"
    path = tmp_path / "models" / "sft" / "README.md"
    path.write_text(
        f"---\nlicense: mit\ntags: [sft]\nmodel-index: [{{name: mine, results: [{other}]}}]\n---\n# Mine\n\nText.\n"
    )

    HubTracker(Destination()).share(run, REPORT)
    said = HubTracker(Destination()).share(run, REPORT)

    card = card_of(path.parent)
    assert [result.metric_type for result in card.data.eval_results] == ["acc", "exact"]
    assert (card.data.license, card.data.tags, card.data.model_name) == ("mit", ["sft"], "mine")
    assert card.text.strip() == "# Mine\n\nText."
    assert "1 results beside 1 of others" in said


@pytest.mark.parametrize("text", ["# No metadata\n", ""])
def test_a_card_without_metadata_gets_some(tmp_path, text):
    run = shared_run(REPORT, tmp_path)
    path = tmp_path / "models" / "sft" / "README.md"
    path.write_text(text)

    HubTracker(Destination()).share(run, REPORT)

    assert len(card_of(path.parent).data.eval_results) == 1
    assert card_of(path.parent).text.strip() == text.strip()


def test_a_card_that_cannot_be_read_is_left_alone(tmp_path):
    run = shared_run(REPORT, tmp_path)
    path = tmp_path / "models" / "sft" / "README.md"
    path.write_text("---\nlicense: [mit\n---\n# Mine\n")

    with pytest.raises(ConfigError, match=r"README\.md: its metadata cannot be read, so nothing was written"):
        HubTracker(Destination()).share(run, REPORT)

    assert path.read_text() == "---\nlicense: [mit\n---\n# Mine\n"


def test_another_folder_has_one_for_each_checkpoint(tmp_path):
    out = tmp_path / "cards"

    HubTracker(Destination(out=out, checkpoints=("base", SFT))).share(shared_run(REPORT, tmp_path), REPORT)

    assert sorted(path.parent.name for path in out.glob("*/README.md")) == ["base", "sft"]


@pytest.mark.parametrize("name", ["../../escaped", "..", "/etc"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    checkpoints = (REPORT.checkpoints[0], replace(REPORT.checkpoints[1], name=name))
    estimates = tuple(replace(e, checkpoint=name) if e.checkpoint == SFT else e for e in REPORT.estimates)
    report = replace(REPORT, checkpoints=checkpoints, estimates=estimates)
    out = tmp_path / "deep" / "cards"

    HubTracker(Destination(out=out, checkpoints=("base", name))).share(shared_run(report, tmp_path), report)

    written = [path.parent for path in tmp_path.rglob("README.md")]
    assert len(written) == 2
    assert {path.parent for path in written} == {out}


def test_two_names_of_one_folder_are_refused(tmp_path):
    report = replace(REPORT, checkpoints=(REPORT.checkpoints[0], replace(REPORT.checkpoints[1], name="base/")))

    with pytest.raises(ConfigError, match="two checkpoints would have one folder"):
        HubTracker(Destination(out=tmp_path, checkpoints=("base", "base/"))).share(shared_run(report, tmp_path), report)


def test_a_folder_without_a_model_is_not_written_to(tmp_path):
    run = shared_run(REPORT, tmp_path)
    (tmp_path / "models" / "sft" / "config.json").unlink()

    with pytest.raises(ConfigError, match="say where its card goes with --out"):
        HubTracker(Destination()).share(run, REPORT)


def test_a_checkpoint_of_the_hub_needs_a_folder(tmp_path):
    run = shared_run(REPORT, tmp_path)
    run.manifest["checkpoints"][1]["checkpoint"]["repo"] = "someone/sft"

    with pytest.raises(ConfigError, match="say where its card goes with --out"):
        HubTracker(Destination()).share(run, REPORT)


def test_only_one_checkpoint_is_pushed(tmp_path):
    with pytest.raises(ConfigError, match="name the one checkpoint that is pushed"):
        HubTracker(Destination(push="me/model", checkpoints=("base", SFT))).share(shared_run(REPORT, tmp_path), REPORT)

"""Logs of lm-evaluation-harness: ours of a small task, and those that others published."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest
from oracle import oracle_path

from chateval.codec import digest
from chateval.compare.runs import compare_runs
from chateval.integrations.runs import notes_of, open_run
from chateval.pipeline.against import gate_runs
from chateval.records import Rule
from chateval.stats import mean_interval

LOGS = Path(__file__).parents[2] / "data" / "importers" / "lm_eval"

ROW = {
    "doc_id": 0,
    "doc": {"question": "What is 1 plus 1?", "answer": "2"},
    "target": "2",
    "arguments": {"gen_args_0": {"arg_0": "Q: What is 1 plus 1?\nA:", "arg_1": {"until": ["\n"], "max_gen_toks": 8}}},
    "resps": [["2"]],
    "filtered_resps": ["2"],
    "filter": "none",
    "metrics": ["exact_match"],
    "exact_match": 1.0,
}


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def values(run, task, scorer, checkpoint=None):
    return [
        score.value
        for score in run.scores
        if (score.task, score.scorer) == (task, scorer) and checkpoint in (None, score.checkpoint)
    ]


@pytest.mark.parametrize("model", ["base", "sft"])
def test_means_and_standard_errors_are_those_that_lm_eval_computed(model):
    folder = LOGS / f"models__{model}"
    run = open_run(folder)
    [published] = [json.loads(path.read_text("utf-8"))["results"] for path in folder.glob("results_*.json")]

    n_compared = 0
    for task, metric, scorer in (
        ("tiny_sums", "exact_match,strict", "exact_match[strict]"),
        ("tiny_sums", "exact_match,flexible", "exact_match[flexible]"),
        ("tiny_pick", "acc,none", "acc"),
        ("tiny_pick", "acc_norm,none", "acc_norm"),
    ):
        found = np.array(values(run, task, scorer))
        assert found.mean() == pytest.approx(published[task][metric])
        error = found.std(ddof=1) / math.sqrt(len(found))
        assert error == pytest.approx(published[task][metric.replace(",", "_stderr,")])
        n_compared += 1
    assert n_compared == 4


def test_a_folder_above_two_models_is_one_run_of_two_checkpoints_that_pair():
    run = open_run(LOGS)

    report = compare_runs([run])

    assert [one.name for one in run.checkpoints] == ["base", "sft"]
    assert {found.n_pairs for found in report.comparisons if found.task == "tiny_sums"} == {6}
    assert run.harness == "lm-eval 0.4.13"


def test_two_equal_rows_are_two_samples_with_the_ids_that_a_task_of_chateval_gives_them():
    run = open_run(LOGS / "models__base")
    row = {"question": "What is 5 plus 8?", "answer": "13"}

    ids = [sample.id for sample in run.samples["tiny_sums"].values() if sample.inputs == row]

    assert len(ids) == 2
    assert ids[0] == digest(row)[:16]


def test_choices_log_probabilities_and_the_right_answer_are_kept():
    run = open_run(LOGS / "models__base")

    sample = next(iter(run.samples["tiny_pick"].values()))
    [response] = [one.response for one in run.answers if one.response.sample_id == sample.id]

    assert (sample.choices, sample.target) == (("honey", "steel", "glass"), "honey")
    assert [len(one) for one in response.choice_logprobs] == [1, 1, 1]
    [task] = [one for one in run.tasks if one.name == "tiny_pick"]
    assert (task.output, task.version) == ("choose", 2)


def test_decoding_is_that_of_the_requests():
    run = open_run(LOGS / "models__base")

    [task] = [one for one in run.tasks if one.name == "tiny_sums"]

    assert (task.decoding.max_new_tokens, task.decoding.stop, task.decoding.temperature) == (24, ("\n",), 0.0)


def test_a_list_of_arguments_and_metrics_beside_the_fields_are_read(tmp_path):
    row = {
        "doc_id": 3,
        "doc": {"query": "warm or cold?"},
        "target": "1",
        "arguments": [["ice is", " warm"], ["ice is", " cold"]],
        "resps": [[[-3.0, False]], [[-0.5, True]]],
        "filtered_resps": [[-3.0, False], [-0.5, True]],
        "acc": 1.0,
    }

    run = open_run(write(tmp_path / "samples_ice_2024-01-02T03-04-05.678.jsonl", row))

    [sample] = run.samples["ice"].values()
    assert (sample.choices, sample.target) == (("warm", "cold"), "cold")
    assert [(score.scorer, score.value, score.answer) for score in run.scores] == [("acc", 1.0, "cold")]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no score: null is not a finite number"),
        (float("nan"), "no score: NaN is not a finite number"),
        (float("inf"), "no score: Infinity is not a finite number"),
        ("n/a", "no score: n/a is not a finite number"),
        (1.5, "1.5 is outside [0, 1]"),
    ],
)
def test_a_value_that_is_no_score_is_unscored_and_says_why(tmp_path, value, reason):
    rows = [{**ROW, "doc_id": place, "doc": {"question": str(place)}} for place in range(40)]
    rows[7]["exact_match"] = value

    run = open_run(write(tmp_path / "samples_sums_2024-01-02T03-04-05.678.jsonl", *rows))

    unscored = [score for score in run.scores if score.value is None]
    assert [score.reason for score in unscored] == [reason]
    assert len(run.scores) == 40


def test_a_metric_on_another_scale_is_a_figure_and_said(tmp_path):
    rows = [
        {**ROW, "doc_id": place, "doc": {"question": str(place)}, "metrics": ["bleu"], "bleu": 10.0 * place}
        for place in range(5)
    ]

    run = open_run(write(tmp_path / "samples_sums_2024-01-02T03-04-05.678.jsonl", *rows))

    [figure] = run.figures
    assert (figure.measure, figure.value, figure.n) == ("bleu", 20.0, 5)
    assert run.scores == ()
    assert notes_of(run) == ("sums: bleu lies in [0, 40] and not in [0, 1]: shown as a figure, not compared",)


def test_of_two_files_for_one_task_the_later_counts(tmp_path):
    for date, value in (("2024-01-02T03-04-05.1", 0.0), ("2025-01-02T03-04-05.1", 1.0)):
        write(tmp_path / f"samples_sums_{date}.jsonl", {**ROW, "exact_match": value})

    run = open_run(tmp_path)

    assert [score.value for score in run.scores] == [1.0]
    assert any("older file" in note for note in notes_of(run))


@pytest.mark.parametrize("field", sorted(ROW))
@pytest.mark.parametrize("value", [None, 3, "x", [], [[]], {}, {"a": {"b": 1}}, [None, 1]])
def test_a_field_of_the_wrong_type_is_never_a_traceback(tmp_path, field, value):
    path = write(tmp_path / "samples_sums_2024-01-02T03-04-05.678.jsonl", ROW, {**ROW, "doc_id": 1, field: value})

    run = open_run(path)

    assert run.scores or run.figures


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "scorer", "field"),
    [
        ("winogrande_llama13b", "acc", "acc"),
        ("winogrande_mistral7b", "acc", "acc"),
        ("truthfulqa_gen", "bleu_acc", "bleu_acc"),
        ("truthfulqa_gen", "rougeL_acc", "rougeL_acc"),
        ("bias_classification_llama3_8b", "acc_norm", "acc_norm"),
        ("mathqa", "acc", "acc"),
        ("qnli", "acc", "acc"),
        ("asdiv_cot_llama3_8b_instruct", "acc", "acc"),
    ],
)
def test_every_row_of_a_published_file_has_its_value(name, scorer, field):
    path = oracle_path(f"peer_lm_eval/{name}.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        published = [json.loads(line)[field] for line in lines]

    found = values(open_run(path), "samples", scorer)

    assert found == [{"True": 1.0, "False": 0.0}.get(value, value) for value in published]


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["winogrande_llama13b", "winogrande_mistral7b"])
def test_accuracy_follows_from_the_log_probabilities_that_were_kept(name):
    run = open_run(oracle_path(f"peer_lm_eval/{name}.jsonl.gz"))
    scores = {score.sample_id: score.value for score in run.scores}

    differ = 0
    for one in run.answers:
        sample = run.samples["samples"][one.response.sample_id]
        sums = [sum(tokens) for tokens in one.response.choice_logprobs]
        likeliest = sums.index(max(sums))
        differ += (sample.choices[likeliest] == sample.target) != (scores[sample.id] == 1)

    assert differ == 0


@pytest.mark.oracle
def test_two_models_on_the_same_items_pair_on_every_item():
    runs = [open_run(oracle_path(f"peer_lm_eval/winogrande_{name}.jsonl.gz")) for name in ("llama13b", "mistral7b")]

    [comparison] = compare_runs(runs).comparisons

    assert (comparison.n_pairs, comparison.wins, comparison.losses) == (628, 54, 43)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name", ["results__Qwen__Qwen2.5-1.5B__results_2025-03-03T00-05-12.300060", "steering_eval__results__full_eval__*"]
)
def test_standard_errors_of_results_without_samples_are_those_of_our_statistics(name):
    [path] = oracle_path("peer_lm_eval/results_json").glob(f"{name}.json")
    published = json.loads(path.read_text("utf-8"))
    run = open_run(path)

    n_compared = 0
    for figure in run.figures:
        size = published["n-samples"].get(figure.task, {}).get("effective")
        if figure.measure != "acc" or size is None or not 0.02 < figure.value < 0.98:
            continue
        error = published["results"][figure.task]["acc_stderr,none"]
        right = round(figure.value * size)
        marks = np.repeat([1.0, 0.0], [right, size - right])
        assert marks.std(ddof=1) / math.sqrt(size) == pytest.approx(error, rel=1e-6)
        low, high = mean_interval(marks, np.ones(size))
        assert high - low == pytest.approx(figure.high - figure.low, rel=0.06)
        n_compared += 1
    assert n_compared >= 50
    assert any("--log_samples" in note for note in notes_of(run))


@pytest.mark.oracle
def test_the_template_has_the_digest_that_lm_eval_wrote():
    [path] = oracle_path("peer_lm_eval/results_json").glob("steering_eval__*.json")

    [checkpoint] = open_run(path).checkpoints

    assert checkpoint.template_digest == json.loads(path.read_text("utf-8"))["chat_template_sha"]
    assert (checkpoint.name, checkpoint.kind, checkpoint.dtype) == ("Llama-3.1-8B-Instruct", "chat", "bfloat16")


DATED = "2024-01-02T03-04-05.678"


def results(task="sums", **fields):
    """Return what lm-eval writes of one task and one model."""
    return {
        "results": {task: {"exact_match,none": 1.0}},
        "configs": {task: {"generation_kwargs": {"until": ["\n"], "do_sample": False}}},
        "versions": {task: 3.0},
        "n-shot": {task: 0},
        "higher_is_better": {task: {"exact_match": True}},
        "system_instruction": None,
        "config": {"model_args": "pretrained=org/small"},
        **fields,
    }


def folder(path, *rows, **fields):
    path.mkdir(parents=True)
    (path / f"results_{DATED}.json").write_text(json.dumps(results(**fields)), encoding="utf-8")
    write(path / f"samples_sums_{DATED}.jsonl", *rows)
    return path


def test_how_answers_ended_is_unknown_and_no_gate_passes_on_it(tmp_path):
    run = open_run(write(tmp_path / f"samples_sums_{DATED}.jsonl", ROW))

    [checkpoint] = run.checkpoints
    assert [one.response.finish for one in run.answers] == ["unknown"]
    assert (checkpoint.n_errors, checkpoint.n_length) == (None, None)
    verdicts = gate_runs([run], [Rule(max_truncated=0.5), Rule(max_errors=0.5)]).verdicts
    assert [one.outcome for one in verdicts] == ["inconclusive", "inconclusive"]


def test_a_choice_cannot_be_cut():
    [checkpoint] = open_run(next((LOGS / "models__base").glob("samples_tiny_pick*"))).checkpoints

    assert checkpoint.n_length == 0


def test_a_metric_of_which_less_is_better_is_turned_round_and_said(tmp_path):
    rows = [{**ROW, "doc_id": place, "doc": {"question": str(place)}, "exact_match": place % 2} for place in range(4)]
    better = {"sums": {"exact_match": False}}

    run = open_run(folder(tmp_path / "org__small", *rows, higher_is_better=better))

    assert {one.scorer for one in run.scores} == {"exact_match (1 - value)"}
    assert [one.value for one in run.scores] == [1.0, 0.0, 1.0, 0.0]
    assert any("less exact_match is better" in note for note in notes_of(run))


def test_more_of_what_should_be_less_is_a_regression(tmp_path):
    rows = [{**ROW, "doc_id": place, "doc": {"question": str(place)}} for place in range(40)]
    better = {"sums": {"exact_match": False}}
    before = folder(tmp_path / "a", *({**row, "exact_match": 0.0} for row in rows), higher_is_better=better)
    after = folder(tmp_path / "b", *rows, higher_is_better=better)

    report = gate_runs([open_run(before), open_run(after)], [Rule(scorer="*", max_drop=0.02)])

    assert [(one.delta, one.wins, one.losses) for one in report.comparisons] == [(-1.0, 0, 40)]
    assert [one.outcome for one in report.verdicts] == ["fail"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"n-shot": {"sums": 5}}, "demos"),
        ({"versions": {"sums": 4.0}}, "version"),
        ({"configs": {"sums": {"generation_kwargs": {"until": ["\n\n"], "do_sample": False}}}}, "stop"),
        ({"configs": {"sums": {"generation_kwargs": {"do_sample": True, "temperature": 0.7}}}}, "temperature"),
    ],
)
def test_what_was_asked_otherwise_is_refused(tmp_path, fields, reason):
    before = open_run(folder(tmp_path / "a", ROW))
    after = open_run(folder(tmp_path / "b", ROW, **fields))

    [refusal] = compare_runs([before, after]).refusals

    assert reason in refusal.reason
    assert not compare_runs([before, before]).refusals


def test_what_was_written_stands_in_the_manifest_and_what_was_not_does_not(tmp_path):
    run = open_run(folder(tmp_path / "a", ROW, fewshot_as_multiturn=True))
    bare = open_run(write(tmp_path / f"samples_sums_{DATED}.jsonl", {**ROW, "arguments": []}))

    [entry] = run.manifest["tasks"]
    assert set(entry["written"]) == {"n_demos", "version", "stop", "temperature"}
    assert entry["system_instruction"] == ""
    assert run.manifest["models"]["org/small"]["fewshot_as_multiturn"] is True
    assert bare.manifest["tasks"] == [{"name": "sums", "written": []}]


def test_models_of_one_folder_that_were_asked_otherwise_are_set_apart(tmp_path):
    folder(tmp_path / "a", ROW)
    folder(tmp_path / "b", ROW, **{"n-shot": {"sums": 5}, "config": {"model_args": "pretrained=org/large"}})

    run = open_run(tmp_path)

    assert {(one.checkpoint, one.task) for one in run.scores} == {("small", "sums"), ("large", "sums (n_demos 5)")}
    assert [(one.name, one.n_demos, one.n_samples) for one in run.tasks] == [("sums", 0, 1), ("sums (n_demos 5)", 5, 1)]
    assert {one.task for one in run.answers} == set(run.samples)
    assert compare_runs([run]).comparisons == ()
    assert any("was asked otherwise" in note for note in notes_of(run))

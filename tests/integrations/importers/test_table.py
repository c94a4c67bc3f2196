"""Tables of scores in their forms."""

import json

import pytest
from oracle import oracle_path

from chateval.compare.runs import compare_runs
from chateval.errors import DataError
from chateval.integrations.runs import notes_of, open_run

LONG = """model,task,id,scorer,score
small,sums,a,exact,1
small,sums,b,exact,0
large,sums,a,exact,1
large,sums,b,exact,1
"""
WIDE = """checkpoint,question,target,acc,f1
small,What is 1 plus 1?,2,1,0.5
large,What is 1 plus 1?,2,0,
"""


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def as_jsonl(text):
    header, *lines = [line.split(",") for line in text.splitlines()]
    return "".join(json.dumps(dict(zip(header, line, strict=True))) + "\n" for line in lines)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.csv", LONG),
        ("x.tsv", LONG.replace(",", "\t")),
        ("x.jsonl", as_jsonl(LONG)),
        ("x.json", json.dumps([json.loads(line) for line in as_jsonl(LONG).splitlines()])),
    ],
)
def test_the_long_form_is_read_from_every_kind_of_file(tmp_path, name, text):
    [comparison] = compare_runs([open_run(write(tmp_path / name, text))]).comparisons

    assert (comparison.baseline, comparison.candidate) == ("small", "large")
    assert (comparison.task, comparison.scorer, comparison.delta, comparison.n_pairs) == ("sums", "exact", 0.5, 2)


def test_parquet_is_known_by_its_bytes(tmp_path):
    import pyarrow
    from pyarrow import parquet

    rows = [{"model": "small", "id": 1, "acc": 0.5}, {"model": "small", "id": 2, "acc": float("nan")}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "x.scores")

    run = open_run(tmp_path / "x.scores")

    assert [(one.scorer, one.value) for one in run.scores] == [("acc", 0.5), ("acc", None)]


def test_the_wide_form_has_a_scorer_for_each_further_column(tmp_path):
    run = open_run(write(tmp_path / "quiz.csv", WIDE))

    assert {(one.checkpoint, one.scorer, one.value) for one in run.scores} == {
        ("small", "acc", 1.0),
        ("small", "f1", 0.5),
        ("large", "acc", 0.0),
        ("large", "f1", None),
    }
    [sample] = run.samples["quiz"].values()
    assert (sample.messages[0]["content"], sample.target) == ("What is 1 plus 1?", "2")


def test_responses_tags_and_repeats_are_kept(tmp_path):
    rows = [
        {"model": "m", "id": "a", "score": value, "epoch": place, "response": f"no. {place}", "tags": ["hard"]}
        for place, value in enumerate((1, 0, 1))
    ]

    run = open_run(write(tmp_path / "x.jsonl", "".join(json.dumps(row) + "\n" for row in rows)))

    assert [(one.response.repeat, one.response.text) for one in run.answers] == [
        (0, "no. 0"),
        (1, "no. 1"),
        (2, "no. 2"),
    ]
    assert run.samples["x"]["a"].tags == ("hard",)
    [estimate] = compare_runs([run]).estimates
    assert (estimate.scorer, estimate.mean, estimate.n) == ("score", pytest.approx(2 / 3), 1)


def test_a_second_value_for_one_sample_is_a_repeat_and_said(tmp_path):
    run = open_run(write(tmp_path / "x.csv", "model,id,score\nm,a,1\nm,a,0\n"))

    assert [one.repeat for one in run.scores] == [0, 1]
    assert notes_of(run) == ("x: score: a second value for one sample of one checkpoint: taken as a repeat",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,score\na,1\n", r"x\.csv:2: columns missing: checkpoint \(checkpoint, model, .*; found: id, score"),
        ("model,score\nm,1\n", r"x\.csv:2: columns missing: sample \(sample_id, id"),
        ("model,id,scorer\nm,a,acc\n", r"x\.csv:2: columns missing: value \(value, score\)"),
        ("model,id,score\nm,a,1\n,b,1\n", r"x\.csv:3: model is empty"),
        ("model,id,score\nm,a,1\nm,,1\n", r"x\.csv:3: no sample id and no question"),
        ("model,id,score\nm,a,1,2\n", r"x\.csv:2: more cells than the header has columns"),
    ],
)
def test_a_fault_says_where_and_what_is_wanted(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        open_run(write(tmp_path / "x.csv", text))


@pytest.mark.oracle
def test_repeats_of_a_published_table_have_the_mean_and_clustered_error_of_its_numbers():
    import pandas

    path = oracle_path("peer_inspect_ai/tests__scorer__data__gpqa_diamond_scores.csv")
    frame = pandas.read_csv(path)

    estimates = compare_runs([open_run(path)]).estimates

    assert len(estimates) == frame["model_id"].nunique()
    for model, rows in frame.groupby("model_id"):
        [found] = [one for one in estimates if one.checkpoint == str(model).rpartition("/")[2]]
        means = rows.groupby("item_id")["score"].mean()
        assert found.mean == pytest.approx(means.mean())
        error = means.std(ddof=1) / len(means) ** 0.5
        assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.06)


def test_a_table_does_not_say_how_answers_ended(tmp_path):
    run = open_run(write(tmp_path / "x.csv", "model,id,score,response\nm,a,1,yes\n"))

    assert [(one.n_responses, one.n_errors, one.n_length) for one in run.checkpoints] == [(1, None, None)]

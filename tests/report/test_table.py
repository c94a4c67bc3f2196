"""Runs and reports as tables, CSV and Parquet."""

import json
import time

import pandas
import pytest
from made_runs import checkpoint, run, sample, task

from chateval.compare.runs import compare_runs
from chateval.errors import StoreError
from chateval.records import Run, Sample, Score
from chateval.report.table import comparisons_table, estimates_table, flips_table, scores_table, write_table

RUN = run("r", {"base": "01.", "sft": "11h"}, samples={"facts": [sample(i, tags=("a", "b")) for i in range(3)]})
REPORT = compare_runs([RUN])


def test_scores_have_the_sample_beside_them_and_nan_for_unscored():
    frame = scores_table(RUN)

    assert frame["value"].isna().tolist() == [False, False, True, False, False, False]
    assert frame.loc[0, ["run", "checkpoint", "task", "sample_id", "target"]].tolist() == [
        "r",
        "base",
        "facts",
        "0",
        "town 0",
    ]
    assert [row["tags"] for row in RUN.rows()] == [["a", "b"]] * 6


def test_tables_of_a_report_are_its_records():
    assert estimates_table(REPORT)["mean"].tolist() == [0.5, pytest.approx(2.5 / 3)]
    assert comparisons_table(REPORT).loc[0, "delta"] == 0.5
    assert flips_table(REPORT)["sample_id"].tolist() == ["0"]


@pytest.mark.parametrize("make", [estimates_table, comparisons_table, flips_table])
def test_an_empty_table_has_its_columns_and_numbers_are_numbers(make):
    full, empty = make(REPORT), make(compare_runs([run("r", {"a": "."})]))

    assert list(full.columns) == list(empty.columns)
    assert {"mean", "delta", "candidate_value"} & set(full.select_dtypes("float64").columns)


@pytest.mark.parametrize(("kind", "read"), [("csv", pandas.read_csv), ("parquet", pandas.read_parquet)])
def test_a_file_holds_what_the_table_held(tmp_path, kind, read):
    write_table(tmp_path / "deep" / "scores", scores_table(RUN), kind)
    found = read(tmp_path / "deep" / "scores")

    assert found["value"].tolist()[:2] == [0.0, 1.0]
    tags = [json.loads(one) if isinstance(one, str) else list(one) for one in found["tags"]]
    assert tags == [["a", "b"]] * 6
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["scores"]


@pytest.mark.parametrize(("kind", "read"), [("csv", pandas.read_csv), ("parquet", pandas.read_parquet)])
def test_text_of_models_comes_back_as_it_was(tmp_path, kind, read):
    texts = ["a\ud800b", '=1+1\n,"line"', "one\rtwo", "\x1b[2J\u202e"]
    scores = tuple(Score("base", "facts", "exact", str(i), 0.0, answer=text) for i, text in enumerate(texts))
    write_table(tmp_path / "x", scores_table(run("r", {"base": "0"}, scores=scores)), kind)

    found = read(tmp_path / "x")["answer"].tolist()

    assert found == ["a\ufffdb", f"'{texts[1]}" if kind == "csv" else texts[1], *texts[2:]]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cannot be written"):
        write_table(tmp_path / "file" / "x.csv", scores_table(RUN), "csv")


def test_100_000_scores_are_a_table_in_a_second():
    asked = {"facts": {str(i): Sample(str(i), {}) for i in range(20_000)}}
    scores = tuple(Score("a", "facts", f"s{j}", str(i), 0.5) for i in range(20_000) for j in range(5))
    many = Run("r", "r", "x", "a", (checkpoint("a"),), (task(),), asked, scores)
    scores_table(RUN)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        assert len(scores_table(many)) == 100_000
        seconds.append(time.process_time() - start)

    assert min(seconds) < 1

"""Fuzz: logs of other harnesses, whole documents spoilt and bytes mutated; and folders of which a part is not read."""

import gzip
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from fuzz import bounded, mutated, one_line_or_fine, spoilt
from hypothesis import given
from hypothesis import strategies as st
from oracle import ORACLES_DIR, oracle_path

from chateval import open_run
from chateval.compare.runs import check_comparable, compare_runs
from chateval.integrations.runs import notes_of

LOGS = Path(__file__).parents[1] / "data" / "importers"
FILES = sorted(path for path in LOGS.rglob("*") if path.suffix in (".json", ".jsonl", ".parquet", ".eval"))
PUBLISHED = sorted(
    path for path in (ORACLES_DIR / "peer_inspect_ai").glob("*") if path.suffix in (".json", ".eval", ".csv")
)
TABLE = "model,id,task,acc,response\n" + "".join(f"m{n % 2},{n // 2},t,{n % 3 / 2},yes\n" for n in range(8))


def read(path):
    """Read a run and compare it, as `chateval compare` does."""

    def opened():
        run = open_run(path)
        report = compare_runs([run])
        check_comparable(report, [run])
        return run

    return one_line_or_fine(opened)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


@bounded(40)
@given(data=st.data())
def test_a_log_with_mutated_bytes(folder, data):
    file = data.draw(st.sampled_from(FILES))
    path = folder / file.name
    path.write_bytes(data.draw(mutated(file.read_bytes())))

    read(path)

    path.unlink()


@bounded(40)
@given(data=st.data())
def test_a_log_of_json_with_junk_in_it(folder, data):
    file = data.draw(st.sampled_from([one for one in FILES if one.suffix in (".json", ".jsonl")]))
    path = folder / file.name
    if file.suffix == ".json":
        path.write_text(json.dumps(data.draw(spoilt(json.loads(file.read_bytes())))))
    else:
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        rows[0] = data.draw(spoilt(rows[0]))
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    read(path)

    path.unlink()


def members():
    """Return the members of the small log of Inspect as JSON."""
    with zipfile.ZipFile(LOGS / "inspect" / "tiny.eval") as file:
        found = {}
        for info in file.infolist():
            if info.compress_type == 93:
                return {}
            found[info.filename] = json.loads(file.read(info))
    return found


INSPECT = members() or {
    "header.json": {"status": "success", "eval": {"task": "t", "model": "m", "created": "2026", "config": {"epochs": 1},
                    "dataset": {"samples": 1, "sample_ids": [1]}, "packages": {"inspect_ai": "0.3"}},
                    "stats": {"model_usage": {"m": {"input_tokens": 1}}}, "results": {"scores": []}},
    "samples/1_epoch_1.json": {"id": 1, "epoch": 1,
                               "input": [{"role": "user", "content": [{"type": "text", "text": "q"}]}],
                               "target": ["a"], "choices": ["a", "b"], "metadata": {"category": "c"}, "attachments": {},
                               "output": {"choices": [{"message": {"content": "x"}, "stop_reason": "stop"}],
                                          "usage": {"input_tokens": 3}},
                               "scores": {"match": {"value": "C", "answer": "x", "explanation": "y"}}},
}  # fmt: skip


@bounded(40)
@given(data=st.data())
def test_an_archive_of_inspect_with_junk_in_a_member(folder, data):
    name = data.draw(st.sampled_from(sorted(INSPECT)))
    path = folder / "x.eval"
    with zipfile.ZipFile(path, "w") as file:
        for one, value in INSPECT.items():
            file.writestr(one, json.dumps(data.draw(spoilt(value)) if one == name else value))

    read(path)


@bounded(33)
@given(data=st.data())
def test_a_table_with_mutated_bytes(folder, data):
    ending = data.draw(st.sampled_from([".csv", ".tsv", ".csv.txt"]))
    path = folder / f"table{ending}"
    path.write_bytes(data.draw(mutated(TABLE.replace(",", "\t" if ending == ".tsv" else ",").encode())))

    read(path)


@pytest.mark.oracle
@pytest.mark.slow
@bounded(40)
@given(data=st.data())
def test_a_published_log_with_mutated_bytes(folder, data):
    oracle_path("peer_inspect_ai")
    file = data.draw(st.sampled_from(PUBLISHED))
    path = folder / file.name
    path.write_bytes(data.draw(mutated(file.read_bytes())))

    read(path)

    path.unlink()


@pytest.mark.oracle
@pytest.mark.slow
@bounded(50)
@given(data=st.data())
def test_a_published_file_of_lm_eval_with_junk_in_it(folder, data):
    name = data.draw(st.sampled_from(sorted(path.name for path in oracle_path("peer_lm_eval").glob("*.gz"))))
    with gzip.open(ORACLES_DIR / "peer_lm_eval" / name) as lines:
        rows = [json.loads(next(lines)) for _ in range(3)]
    rows[1] = data.draw(spoilt(rows[1]))
    path = folder / "samples_x.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    read(path)


# Folders


def test_files_of_a_folder_that_are_no_results_are_named_in_one_note(tmp_path):
    shutil.copytree(LOGS / "lm_eval", tmp_path / "run")
    n_scores = len(open_run(tmp_path / "run").scores)
    (tmp_path / "run" / "other.json").write_text("{}")
    (tmp_path / "run" / "cut.jsonl").write_text('{"doc_id": 0, "do')
    (tmp_path / "run" / "a\x1b]0;x\x07.csv").write_text(TABLE)
    (tmp_path / "run" / "README.md").write_text("no results")
    for n in range(5):
        (tmp_path / "run" / f"log{n}.eval").write_bytes(b"PK")

    run = open_run(tmp_path / "run")

    assert len(run.scores) == n_scores
    [note] = [note for note in notes_of(run) if note.startswith("not read")]
    assert note.endswith(": a\\x1b]0;x\\x07.csv, cut.jsonl, log0.eval, log1.eval, log2.eval and 3 more")


def test_a_whole_folder_has_no_such_note():
    assert [note for note in notes_of(open_run(LOGS / "lm_eval")) if note.startswith("not read")] == []


def test_a_log_cut_at_any_place_is_never_a_run_of_fewer_samples(tmp_path):
    file = next(path for path in FILES if path.name.startswith("samples_"))
    data, whole = file.read_bytes(), {score.sample_id for score in open_run(file).scores}
    line_ends = {place + 1 for place, byte in enumerate(data) if byte == 10}
    path = tmp_path / file.name
    for place in range(1, len(data), 97):
        path.write_bytes(data[:place])
        found = read(path)
        ends_line = place in line_ends or place + 1 in line_ends
        assert found is None or ends_line or {score.sample_id for score in found.scores} == whole

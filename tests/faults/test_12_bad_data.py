"""Fault 12: rows that are broken, odd or hostile, in every format that is read."""

import csv
import io
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pyarrow
import pytest
from bad_files import GOOD, READ_LINES, REFUSED_LINES, TASK, command, counted, one_line, packed, refusal, write_task
from pyarrow import parquet

from chateval.codec import read_json_lines
from chateval.errors import DataError
from chateval.task.rows import read_rows

pytestmark = pytest.mark.timeout(60)

NOT_FOR_GZ = ("a line of 10 MB", "a long duplicate key")


# JSON lines, plain and packed


@pytest.mark.parametrize("name", REFUSED_LINES)
def test_a_bad_line_is_one_error_with_its_place(tmp_path, name):
    data, place, words = REFUSED_LINES[name]
    task = write_task(tmp_path / "t", data)

    message = refusal("tasks", task)

    assert message.startswith(f"{task / 'samples.jsonl'}{place}")
    assert words in message


@pytest.mark.parametrize("name", [name for name in REFUSED_LINES if name not in NOT_FOR_GZ])
def test_a_bad_line_of_a_packed_file_is_the_same_error(tmp_path, name):
    data, place, words = REFUSED_LINES[name]
    task = write_task(tmp_path / "t", packed(data), "samples.jsonl.gz")

    message = refusal("tasks", task)

    assert message.startswith(f"{task / 'samples.jsonl.gz'}{place}")
    assert words in message


@pytest.mark.parametrize("name", READ_LINES)
def test_what_is_odd_and_no_fault_loses_no_sample(tmp_path, name):
    data, n_samples = READ_LINES[name]

    assert counted(write_task(tmp_path / "t", data)) == n_samples


def test_a_run_on_no_samples_is_refused_and_makes_no_report(tmp_path):
    task = write_task(tmp_path / "t", b"\n")

    message = refusal("run", "--engine", "fake", "--checkpoint", "a=x", "--task", task, "--out", tmp_path / "run")

    assert message == f"{task / 'samples.jsonl'}: no samples; a task needs at least one"
    assert not (tmp_path / "run" / "report.json").exists()


# What is packed


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (packed(GOOD.encode())[:-6], "Compressed file ended before the end-of-stream marker"),
        (GOOD.encode(), "Not a gzipped file"),
        (packed(GOOD.encode())[:20] + b"\xff" * 20, "cannot be read: "),
        (packed(b" " * 200_000_000), "a line of more than 67,108,864 bytes"),
    ],
    ids=["truncated", "not packed", "broken", "a line without end"],
)
def test_a_broken_or_hostile_archive_is_refused(tmp_path, data, words):
    task = write_task(tmp_path / "t", data, "samples.jsonl.gz")

    assert words in refusal("tasks", task)


def test_a_bomb_of_lines_is_refused_when_it_has_unpacked_to_200_times_its_size(tmp_path):
    (tmp_path / "x.jsonl.gz").write_bytes(packed((b'{"a": "' + b"x" * 1000 + b'"}\n') * 100_000))

    with pytest.raises(DataError, match=r"x\.jsonl\.gz:\d+: unpacks to more than 200 times its size"):
        list(read_json_lines(tmp_path / "x.jsonl.gz"))


# What is no file


@pytest.fixture(params=["folder", "pipe", "socket", "link to itself", "device", "absent"])
def no_file(request, monkeypatch, tmp_path):
    """Return a path that is no file."""
    monkeypatch.chdir(tmp_path)
    path = Path("no.jsonl")
    match request.param:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(str(path))
        case "link to itself":
            path.symlink_to("no.jsonl")
        case "device":
            path.symlink_to("/dev/zero")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("tasks", "{}"),
        ("run", "-c", "{}"),
        ("run", "--checkpoint", "a=x", "--task", "{}"),
        ("run", "--checkpoint", "a=x", "--task", "gsm8k", "--data", "gsm8k={}"),
        ("compare", "{}"),
        ("gate", "{}"),
        ("gate", "{}", "--baseline", "{}"),
        ("report", "{}"),
        ("score", "{}"),
        ("leaderboard", "{}"),
        ("data", "convert", "{}"),
        ("data", "verify", "{}"),
    ],
    ids=" ".join,
)
def test_what_is_no_file_is_refused_and_nobody_waits(no_file, arguments):
    refusal(*(argument.format(no_file) for argument in arguments))


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_folder_of_results_with_a_pipe_in_it_is_read_without_waiting(tmp_path, kind):
    (tmp_path / "samples_a.jsonl").write_text('{"doc_id": 0, "doc": {}, "target": "1", "acc": 1.0, "resps": [["1"]]}\n')
    if kind == "pipe":
        os.mkfifo(tmp_path / "samples_b.jsonl")
    else:
        (tmp_path / "samples_b.jsonl").symlink_to("/dev/zero")

    assert "the only checkpoint" in refusal("compare", tmp_path)


@pytest.mark.parametrize("locked", ["t/samples.jsonl", "t/task.yaml", "t"])
def test_a_file_that_may_not_be_read_is_named(tmp_path, locked):
    task = write_task(tmp_path / "t", GOOD.encode())
    line = [sys.executable, "-m", "chateval", "tasks", str(task)]
    if os.geteuid() == 0:  # who may read all
        if shutil.which("setpriv") is None:
            pytest.skip("no setpriv, which takes that from root")
        line = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *line]
    (tmp_path / locked).chmod(0)

    ended = subprocess.run(line, check=False, capture_output=True, text=True)
    (tmp_path / locked).chmod(0o700)

    assert ended.returncode == 2, ended.stderr
    message = one_line(ended.stderr.strip())
    assert str(tmp_path / locked) in message
    assert "Permission denied" in message or "no task" in message


# What changes while it is read


@pytest.mark.parametrize("change", ["grows", "shrinks", "is edited"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, change):
    path = tmp_path / "x.jsonl"
    path.write_text(GOOD * 20_000)
    rows = read_json_lines(path)
    next(rows)

    with path.open("r+") as file:
        match change:
            case "grows":
                file.seek(0, 2)
                file.write(GOOD)
            case "shrinks":
                file.truncate(len(GOOD) * 15_000)
            case _:
                file.write('{"question": "z0"')

    with pytest.raises(DataError, match=r"x\.jsonl: was changed while it was read; read it again"):
        list(rows)


@pytest.mark.parametrize("added", [GOOD, GOOD[:-5]], ids=["a row", "a part of a row"])
def test_a_file_that_another_process_appends_to_never_gives_a_part_of_a_row(tmp_path, added):
    path = tmp_path / "x.jsonl"
    path.write_text(GOOD * 2_000)
    rows = read_json_lines(path)

    next(rows)
    with path.open("a") as file:
        file.write(added)

    with pytest.raises(DataError, match="was changed|not valid JSON"):
        list(rows)


# CSV


def table(*rows):
    """Return rows as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows([("question", "answer"), *rows])
    return out.getvalue().encode()


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (table(("a", "b"), ("c",)), ":3: ", "2 columns expected"),
        (table(("a", "b"), ("c", "d", "e")), ":3: ", "2 columns expected"),
        (table(("a", "b")) + b'"open, never closed\nx,y\n', ":", "not valid CSV: unexpected end of data"),
        (table(("a", "b")) + b'"a" b,c\n', ":3: ", "not valid CSV"),
        (b"question,question\na,b\n", ":1: ", "column 'question' stands twice"),
        (table(("a", "b\0")), ":2: ", "a NUL"),
        (table(("a", "b")).decode().encode("utf-16"), ":1: ", "not UTF-8"),
        (table(("a", "\xe9")).decode().encode("latin-1"), ":2: ", "not UTF-8 (byte 0xe9)"),
        (b"", ": ", "no samples"),
        (b"question,answer\n", ": ", "no samples"),
        (b"x,y\n1,2\n", ":2: ", "'question' is undefined; the row has: x, y"),
        (b"\x1b[31m,y\n1,2\n", ":2: ", "the row has: \\x1b[31m, y"),
    ],
    ids=[
        "fewer",
        "more",
        "open quote",
        "quote",
        "twice",
        "NUL",
        "UTF-16",
        "Latin-1",
        "empty",
        "header",
        "other",
        "ESC",
    ],
)
def test_a_bad_csv_is_one_error_with_its_place(tmp_path, data, place, words):
    task = write_task(tmp_path / "t", data, "samples.csv")

    message = refusal("tasks", task)

    assert message.startswith(f"{task / 'samples.csv'}{place}")
    assert words in message


@pytest.mark.parametrize(
    "data", [table(("a" * 10_000_000, "b")), b"\xef\xbb\xbf" + table(("a", "b"))], ids=["10 MB", "mark"]
)
def test_an_odd_csv_loses_no_sample(tmp_path, data):
    assert counted(write_task(tmp_path / "t", data, "samples.csv")) == 1


# Parquet


def parquet_bytes(columns, **options):
    """Return columns as Parquet."""
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue()


def repeated(cell, n):
    """Return a column of one cell, many times, that takes few bytes."""
    return pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * n, pyarrow.int32()), pyarrow.array([cell]))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a readable Parquet file"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "not a readable Parquet file"),
        (parquet_bytes({"question": ["a"], "answer": ["b"]})[:-9], "not a readable Parquet file"),
        (parquet_bytes({"question": pyarrow.array([], pyarrow.string()), "answer": []}), "no samples"),
        (parquet_bytes({"question": repeated("q", 3_000_000), "answer": repeated("a", 3_000_000)}), "which is no data"),
    ],
    ids=["empty", "garbage", "truncated", "no rows", "rows from nothing"],
)
def test_a_bad_parquet_is_one_error(tmp_path, data, words):
    task = write_task(tmp_path / "t", data, "samples.parquet")

    message = refusal("tasks", task)

    assert message.startswith(str(task / "samples.parquet"))
    assert words in message


def test_a_long_cell_that_stands_many_times_never_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("chateval.task.rows.MAX_PARQUET_BYTES", 2**28)
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet_bytes({"question": repeated("q" * 10**6, 5_000), "answer": repeated("a", 5_000)}))
    before = pyarrow.total_allocated_bytes()

    most = 0
    with pytest.raises(DataError, match="unpacks to more than 268,435,456 bytes"):
        for _ in read_rows(path):
            most = max(most, pyarrow.total_allocated_bytes() - before)

    assert path.stat().st_size < 2 * 10**6
    assert most < 2**28


# Training data: the same bytes by the stream of `chateval data`


@pytest.mark.parametrize(
    "name", [name for name in REFUSED_LINES if name not in ("duplicate row", "empty", "only blank lines")]
)
def test_training_data_that_are_bad_are_one_error_or_rows_left_out(tmp_path, name):
    data, _, _ = REFUSED_LINES[name]
    path = tmp_path / "x.jsonl"
    path.write_bytes(data)

    code, _, err = command("data", "convert", path, "--out", tmp_path / "out.jsonl")

    assert code in (0, 2), err
    if code == 2:
        assert err.count("\n") == 1
        assert len(err) < 2_000
        assert err.startswith(f"chateval: {path}:")
        assert not (tmp_path / "out.jsonl").exists()


def test_rows_that_nothing_is_left_of_are_no_success(tmp_path):
    (tmp_path / "x.jsonl").write_text("\n\n")

    assert "no row" in refusal("data", "convert", tmp_path / "x.jsonl", "--out", tmp_path / "out.jsonl")


# Files of scores that another program wrote


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_an_open_quote_in_a_table_does_not_swallow_the_rows_behind_it(tmp_path, ending):
    mark = "\t" if ending == ".tsv" else ","
    path = tmp_path / f"x{ending}"
    path.write_text(f'model{mark}id{mark}acc\nm{mark}1{mark}1\nm{mark}"2{mark}0\nm{mark}3{mark}0\nm{mark}4{mark}0\n')

    assert "not valid CSV: unexpected end of data" in refusal("compare", path)


def test_a_run_is_never_0_percent_because_its_file_is_empty(tmp_path):
    for name in ("x.csv", "x.jsonl", "x.json", "x.eval", "x.parquet"):
        (tmp_path / name).write_bytes(b"")

        code, out, err = command("compare", tmp_path / name)

        assert (code, out, err.count("\n")) == (2, "", 1), name


def test_json_of_a_schema_is_read_as_strictly(tmp_path):
    task = TASK.replace("- exact", "- json_schema: {schema: s.json}")
    folder = write_task(tmp_path / "t", GOOD.encode(), task=task)
    for data, words in (
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b"\xff", "not UTF-8"),
    ):
        (folder / "s.json").write_bytes(data)

        assert words in refusal("tasks", folder)

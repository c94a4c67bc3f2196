import pytest

from chateval.errors import DataError, StoreError
from chateval.records import Answered, Decoding, Prompt, Response, Score
from chateval.store import (
    Seal,
    check_writable,
    read_answers,
    read_manifest,
    write_answers,
    write_file,
    write_scores,
)

ANSWER = Answered(
    "sft",
    "t",
    Prompt("a" * 16, ({"role": "user", "content": "U"},), "U", (1,), Decoding()),
    Response("a" * 16, "A", "eos"),
)


def test_answers_come_back_as_they_were_written(tmp_path):
    write_answers(Seal(tmp_path), [ANSWER, ANSWER])

    assert list(read_answers(tmp_path)) == [ANSWER, ANSWER]


def test_a_broken_line_is_named(tmp_path):
    write_answers(Seal(tmp_path), [ANSWER])
    path = tmp_path / "responses.jsonl"
    path.write_text(path.read_text() + '{"checkpoint": 1}\n')

    with pytest.raises(DataError, match=r"responses\.jsonl:2: "):
        list(read_answers(tmp_path))


def test_scores_are_one_a_line_with_null_for_unscored(tmp_path):
    write_scores(Seal(tmp_path), [Score("sft", "t", "number", "a" * 16, None, reason="why")])

    assert '"value":null' in (tmp_path / "scores.jsonl").read_text()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    write_file(tmp_path / "x", "old")
    monkeypatch.setattr("os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))

    with pytest.raises(StoreError, match="^disk full at .*/x: make room and give the same command again"):
        write_file(tmp_path / "x", "new")

    assert (tmp_path / "x").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_records_that_stop_coming_leave_the_old_file_and_no_other(tmp_path):
    write_answers(Seal(tmp_path), [ANSWER])

    def broken():
        yield ANSWER
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_answers(Seal(tmp_path), broken())

    assert list(read_answers(tmp_path)) == [ANSWER]
    assert [path.name for path in tmp_path.iterdir()] == ["responses.jsonl"]


def test_a_folder_that_cannot_be_written_is_found_at_once(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="cannot be written"):
        check_writable(tmp_path / "file" / "run")


def test_a_folder_without_a_manifest_is_no_run(tmp_path):
    with pytest.raises(StoreError, match="so it is not a run folder"):
        read_manifest(tmp_path)


def test_a_folder_that_cannot_be_written_is_named_and_no_file_of_ours(tmp_path):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "run"

    with pytest.raises(StoreError) as caught:
        check_writable(folder)

    assert str(caught.value).startswith(f"{folder}: cannot be written: ")

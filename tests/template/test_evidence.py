"""Reading a record of a training: strict, with the place of every fault."""

import json

import pytest

from chateval.errors import DataError
from chateval.template.evidence import read_evidence
from chateval.template.record import FILE_NAME, record
from chateval.template.tokenizer import open_tokenizer

CHAT = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]


@pytest.fixture
def entry(tiny_chat, tmp_path):
    row = {"messages": CHAT, "input_ids": [1, 2, 3, 4], "labels": [-100, 2, 3, -100]}
    return json.loads(record(open_tokenizer(tiny_chat), [row], tmp_path).read_text("utf-8"))


def write(folder, entry):
    path = folder / FILE_NAME
    path.write_text(json.dumps(entry), "utf-8")
    return path


def test_a_record_is_read_back_from_its_folder(entry, tmp_path):
    found = read_evidence(tmp_path)

    [row] = found.rows
    assert (row.messages, row.ids, row.mask) == (tuple(CHAT), (1, 2, 3, 4), ((1, 3),))
    assert found.template == entry["template"]
    assert found.path == str(tmp_path / FILE_NAME)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format: "),
        ({"more": 1}, "more: "),
        ({"rows": []}, "rows: there is none"),
        ({"template": "other"}, "template_digest: it is not the sha256"),
        ({"now": 5}, "now: "),
    ],
)
def test_a_file_that_is_no_record_is_refused_with_its_place(change, said, entry, tmp_path):
    path = write(tmp_path, entry | change)

    with pytest.raises(DataError) as caught:
        read_evidence(tmp_path)

    assert str(caught.value).startswith(f"{path}: {said}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ids": [1, -2, 3, 4]}, "rows[0].ids: a token id is negative"),
        ({"ids": ["1"]}, "rows[0].ids[0]: "),
        ({"trained": [[3, 5]]}, "rows[0].trained: [3, 5]"),
        ({"trained": [[2, 3], [1, 2]]}, "rows[0].trained: [1, 2]"),
        ({"trained": [[2, 2]]}, "rows[0].trained: [2, 2]"),
        ({"messages": [{"content": "x"}]}, "rows[0].messages[0].role: missing"),
    ],
)
def test_a_row_that_is_none_is_refused_with_its_place(change, said, entry, tmp_path):
    entry["rows"][0] |= change
    path = write(tmp_path, entry)

    with pytest.raises(DataError) as caught:
        read_evidence(path)

    assert str(caught.value).startswith(f"{path}: {said}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b'{"format": 1, "format": 1}', "stands twice"),
        (b'{"format": NaN}', "NaN is not a JSON number"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused(data, said, tmp_path):
    (tmp_path / FILE_NAME).write_bytes(data)

    with pytest.raises(DataError, match=said):
        read_evidence(tmp_path)


def test_an_absent_record_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_evidence(tmp_path)


@pytest.mark.parametrize(("max_length", "is_cut"), [(4, True), (5, False), (None, False), ("4", False)])
def test_a_row_as_long_as_the_limit_may_have_been_cut(max_length, is_cut, entry, tmp_path):
    write(tmp_path, entry | {"settings": {"max_length": max_length}})

    found = read_evidence(tmp_path)

    assert found.is_cut(found.rows[0]) is is_cut

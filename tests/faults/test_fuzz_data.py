"""Fuzz: rows of samples and of training data in every format, and messages in every spelling."""

import io
import json

import pyarrow
import pytest
from bad_files import GOOD, packed
from fuzz import JUNK, bounded, mutated, one_line_or_fine, spoilt
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from chateval.data import RowReader
from chateval.data.convert import Columns, convert_rows
from chateval.data.output import RowWriter
from chateval.errors import DataError
from chateval.messages import check_messages, check_tools, read_messages
from chateval.task.rows import read_rows

CHATS = [
    {
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "q"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}],
            },
            {"role": "tool", "tool_call_id": "1", "content": "r"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    },
    {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "system": "s"},
    {"instruction": "i", "input": "x", "output": "a"},
]


def parquet_bytes():
    out = io.BytesIO()
    table = {"question": ["a", "b", None], "n": [1, 2, 3], "l": [["x"], [], None], "d": [{"k": 1.5}, None, {"k": 2.5}]}
    parquet.write_table(pyarrow.table(table), out, row_group_size=2)
    return out.getvalue()


CSV = b'question,answer\nq,a\n"q, ""r""\n",b\n'
FORMATS = {
    "x.jsonl": GOOD.encode(),
    "x.jsonl.gz": packed(GOOD.encode()),
    "x.csv": CSV,
    "x.parquet": parquet_bytes(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("name", FORMATS)
def test_rows_of_samples_with_mutated_bytes(folder, name):
    path = folder / name

    @bounded(8 if name.endswith(".parquet") else 83)  # a process each
    @given(data=mutated(FORMATS[name]))
    def check(data):
        path.write_bytes(data)
        one_line_or_fine(lambda: list(read_rows(path)))

    check()


def convert(folder, path, on_error):
    """Convert a file as `chateval data convert` does."""

    def run():
        with RowWriter(folder / "out.jsonl") as writer:
            return convert_rows(
                RowReader([str(path)]),
                writer,
                source="auto",
                columns=Columns(None, None, None, "text"),
                keep=(),
                on_error=on_error,
                watch=lambda n: None,
            )

    return one_line_or_fine(run)


TRAINING = {
    "y.jsonl": "\n".join(map(json.dumps, CHATS[:1] * 3)).encode(),
    "y.json": json.dumps(CHATS[1:2] * 3).encode(),
    "y.csv": CSV,
    "y.parquet": parquet_bytes(),
    "y.jsonl.gz": packed("\n".join(map(json.dumps, CHATS[2:] * 3)).encode()),
}


@pytest.mark.parametrize("name", TRAINING)
def test_training_data_with_mutated_bytes(folder, name):
    path = folder / name

    @bounded(4 if name.endswith(".parquet") else 40)
    @given(data=mutated(TRAINING[name]), on_error=st.sampled_from(["stop", "skip"]))
    def check(data, on_error):
        path.write_bytes(data)
        convert(folder, path, on_error)

    check()


@bounded(50)
@given(data=st.data())
def test_training_data_with_junk_in_them(folder, data):
    row = data.draw(spoilt(data.draw(st.sampled_from(CHATS))))
    path = folder / "z.jsonl"
    path.write_text(f"{json.dumps(row)}\n")

    convert(folder, path, data.draw(st.sampled_from(["stop", "skip"])))


@bounded(50)
@given(messages=spoilt(CHATS[0]["messages"]), tools=spoilt(CHATS[0]["tools"]))
def test_messages_and_tools_with_junk_in_them(messages, tools):
    one_line_or_fine(lambda: check_messages(messages, "messages", where="x:1"))
    one_line_or_fine(lambda: check_tools(tools, where="x:1"))
    try:
        read_messages(messages, "messages", "text")
    except (ValueError, DataError) as error:
        assert len(str(error)) < 5_000


@bounded(66)
@given(value=JUNK)
def test_messages_that_are_any_value(value):
    one_line_or_fine(lambda: check_messages(value, "messages", where="x:1"))

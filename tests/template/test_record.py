"""The recorder: rows in, one strict JSON file out, whatever the trainer's rows look like."""

import json
import subprocess
import sys

import pytest

from chateval.template.record import FILE_NAME, record
from chateval.template.tokenizer import open_tokenizer

CHAT = [{"role": "user", "content": "Hello 你好"}, {"role": "assistant", "content": "Hi"}]


@pytest.fixture(scope="module")
def tokenizer(tiny_chat):
    return open_tokenizer(tiny_chat)


@pytest.fixture(scope="module")
def ids(tokenizer):
    return tokenizer.apply_chat_template(CHAT)["input_ids"]


def recorded(tokenizer, rows, folder, **options):
    return json.loads(record(tokenizer, rows, folder, **options).read_text("utf-8"))


class Tensor:
    """What a collator returns: something with `tolist`."""

    def __init__(self, values):
        self._values = values

    def tolist(self):
        return self._values


def padded(rows):
    """Collate one row to a batch with two pads at each end and the first two tokens untrained."""
    [row] = rows
    assert set(row) <= {"input_ids", "labels", "attention_mask"}
    n = len(row["input_ids"])
    return {
        "input_ids": Tensor([[9, 9, *row["input_ids"], 9, 9]]),
        "labels": Tensor([[-100] * 4 + row["input_ids"][2:] + [-100, -100]]),
        "attention_mask": Tensor([[0, 0, *[1] * n, 0, 0]]),
    }


@pytest.mark.parametrize(
    "row",
    [
        {"messages": CHAT},
        {"prompt": CHAT[:1], "completion": CHAT[1:]},
        {"messages": CHAT, "text": "something else"},
    ],
    ids=["messages", "prompt and completion", "messages beside text"],
)
def test_a_chat_is_rendered_as_the_tokenizer_does(row, tokenizer, ids, tmp_path):
    [entry] = recorded(tokenizer, [row], tmp_path)["rows"]

    assert entry == {"messages": CHAT, "tools": None, "kwargs": {}, "ids": ids, "trained": None}


def test_text_without_a_chat_is_tokenised_as_it_stands(tokenizer, tmp_path):
    [entry] = recorded(tokenizer, [{"text": "Hello"}], tmp_path)["rows"]

    assert entry["messages"] is None
    assert entry["ids"] == tokenizer("Hello")["input_ids"]


def test_ids_of_the_trainer_stand_over_those_of_the_template(tokenizer, tmp_path):
    [entry] = recorded(tokenizer, [{"messages": CHAT, "input_ids": [5, 6], "labels": [-100, 6]}], tmp_path)["rows"]

    assert (entry["ids"], entry["trained"], entry["messages"]) == ([5, 6], [[1, 2]], CHAT)


@pytest.mark.parametrize(
    ("columns", "trained"),
    [
        ({"labels": [-100, 4, 5, -100, 7]}, [[1, 3], [4, 5]]),
        ({"labels": [-100] * 5}, []),
        ({"completion_mask": [0, 0, 1, 1, 1]}, [[2, 5]]),
        ({"completion_mask": [0, 1, 1, 1, 1], "assistant_masks": [0, 0, 1, 1, 0]}, [[2, 4]]),
        ({}, None),
    ],
)
def test_trained_runs_come_from_labels_or_masks(columns, trained, tokenizer, tmp_path):
    [entry] = recorded(tokenizer, [{"input_ids": [3, 4, 5, 6, 7], **columns}], tmp_path)["rows"]

    assert entry["trained"] == trained


def test_the_collator_decides_the_labels_and_its_padding_is_stripped(tokenizer, ids, tmp_path):
    [entry] = recorded(tokenizer, [{"input_ids": ids, "messages": CHAT}], tmp_path, collator=padded)["rows"]

    assert (entry["ids"], entry["trained"]) == (ids, [[2, len(ids)]])


def test_packed_rows_come_apart(tokenizer, tmp_path):
    row = {"input_ids": [1, 2, 3, 4, 5], "labels": [-100, 2, 3, -100, 5], "seq_lengths": [3, 2], "messages": CHAT}

    found = recorded(tokenizer, [row], tmp_path)["rows"]

    assert [(entry["ids"], entry["trained"], entry["messages"]) for entry in found] == [
        ([1, 2, 3], [[1, 3]], None),
        ([4, 5], [[1, 2]], None),
    ]


def test_rows_are_spread_over_the_dataset(tokenizer, tmp_path):
    rows = [{"input_ids": [number]} for number in range(100)]

    assert [entry["ids"] for entry in recorded(tokenizer, rows, tmp_path, n=4)["rows"]] == [[0], [25], [50], [75]]


def test_a_stream_gives_its_first_rows(tokenizer, tmp_path):
    rows = ({"input_ids": [number]} for number in range(10**9))

    assert len(recorded(tokenizer, rows, tmp_path)["rows"]) == 32


def test_switches_and_another_template_are_rendered_and_kept(tokenizer, tmp_path):
    template = "{{ mood }}{% for message in messages %}{{ message.content }}{% endfor %}"

    found = recorded(
        tokenizer, [{"messages": CHAT}], tmp_path, template_kwargs={"chat_template": template, "mood": "calm"}
    )

    assert (found["template"], found["kwargs"]) == (template, {"mood": "calm"})
    assert tokenizer.decode(found["rows"][0]["ids"]) == "calmHello 你好Hi"


def test_the_clock_is_kept_only_for_a_template_that_reads_it(tokenizer, tmp_path):
    timeless = recorded(tokenizer, [{"messages": CHAT}], tmp_path)
    dated = recorded(
        tokenizer,
        [{"messages": CHAT}],
        tmp_path,
        template_kwargs={"chat_template": "{{ strftime_now('%Y') }}{{ messages[0].content }}"},
    )

    assert timeless["now"] is None
    assert tokenizer.decode(dated["rows"][0]["ids"]).startswith(dated["now"][:4])


def test_what_is_no_json_is_left_out(tokenizer, tmp_path):
    row = {"messages": [{"role": "user", "content": object()}], "input_ids": [1], "tools": float("nan")}

    [entry] = recorded(tokenizer, [row], tmp_path, settings={"max_length": 4})["rows"]

    assert (entry["messages"], entry["tools"]) == (None, None)


def test_tools_written_as_json_text_are_read(tokenizer, tmp_path):
    [entry] = recorded(tokenizer, [{"input_ids": [1], "tools": '[{"type": "function"}]'}], tmp_path)["rows"]

    assert entry["tools"] == [{"type": "function"}]


def test_the_file_appears_whole_or_not_at_all(tokenizer, tmp_path):
    first = record(tokenizer, [{"messages": CHAT}], tmp_path).read_bytes()

    with pytest.raises(ValueError, match="no input_ids, messages, prompt or text; it has label"):
        record(tokenizer, [{"label": 1}], tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert (tmp_path / FILE_NAME).read_bytes() == first


def test_no_rows_are_an_error(tokenizer, tmp_path):
    with pytest.raises(ValueError, match="no row"):
        record(tokenizer, [], tmp_path)


def test_a_file_name_is_taken_as_it_is(tokenizer, tmp_path):
    assert record(tokenizer, [{"input_ids": [1]}], tmp_path / "deep" / "evidence.json").name == "evidence.json"


def test_recording_twice_writes_the_same_bytes(tokenizer, tmp_path):
    paths = [record(tokenizer, [{"messages": CHAT}], tmp_path / name) for name in "ab"]

    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_recorder_needs_the_standard_library_alone():
    """Loaded from its file, as a trainer without chateval could copy it."""

    file = sys.modules["chateval.template.record"].__file__
    code = f"import runpy, sys; runpy.run_path({file!r}); print('transformers' in sys.modules, 'jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]

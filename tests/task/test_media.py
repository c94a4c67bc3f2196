"""Images of tasks: read with the row, named by their digests, and part of the sample's address."""

import base64
import hashlib

import pytest

pytest.importorskip("PIL")

from pictures import TASK, claiming, saved, write_task

from chateval.errors import DataError, TaskError
from chateval.task import load_task

RED, BLUE = saved(colour=(255, 0, 0)), saved(colour=(0, 0, 255))
ROW = {"image": "a.png", "question": "What?", "answer": "red"}


def load(folder):
    return load_task(str(folder), check=lambda spec: None)


def test_parts_are_templates_and_images_stand_in_messages_by_digest(tmp_path):
    [sample] = load(write_task(tmp_path / "t", [ROW], {"a.png": RED})).samples

    digest = hashlib.sha256(RED).hexdigest()
    [message] = sample.messages
    assert message["content"] == [{"type": "image", "sha256": digest}, {"type": "text", "text": "What?"}]
    [picture] = sample.images
    assert (picture.sha256, picture.path, picture.data) == (digest, str(tmp_path / "t" / "a.png"), "")


def test_another_image_under_the_same_name_is_another_sample_and_the_same_task(tmp_path):
    tasks = [load(write_task(tmp_path / "t", [ROW], {"a.png": content})) for content in (RED, BLUE, RED)]

    ids = [task.samples[0].id for task in tasks]
    assert ids[0] == ids[2] != ids[1]
    assert len({task.digest for task in tasks}) == 1


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(RED).decode()}},
        {"type": "image", "base64": base64.b64encode(RED).decode()},
        {"type": "image", "path": "a.png"},
        {"type": "image"},
    ],
)
def test_messages_of_a_row_have_images_in_every_spelling(tmp_path, part):
    text = TASK.replace(TASK[TASK.index("messages:") : TASK.index("target:")], "messages: [{field: messages}]\n")
    row = {
        "messages": [{"role": "user", "content": [part, {"type": "text", "text": "What?"}]}],
        "images": ["a.png"],
        "answer": "red",
    }

    [sample] = load(write_task(tmp_path / "t", [row], {"a.png": RED}, text)).samples

    assert [picture.sha256 for picture in sample.images] == [hashlib.sha256(RED).hexdigest()]


def test_the_image_column_of_a_parquet_file_is_shown(tmp_path):
    import pandas

    text = TASK.replace('image: "{{ image }}"', 'base64: "{{ image.bytes }}"').replace("jsonl", "parquet")
    folder = write_task(tmp_path / "t", [], {}, text)
    row = {"image": {"bytes": RED, "path": "lost.png"}, "question": "What?", "answer": "red"}
    pandas.DataFrame([row]).to_parquet(folder / "samples.parquet")

    [sample] = load(folder).samples

    assert [picture.sha256 for picture in sample.images] == [hashlib.sha256(RED).hexdigest()]


def test_the_images_of_a_data_set_are_shown_as_they_were_stored(tmp_path):
    import datasets

    text = TASK.replace('image: "{{ image }}"', 'base64: "{{ image.bytes }}"')
    text = text.replace("samples: samples.jsonl", "dataset: {path: data, split: train}")
    folder = write_task(tmp_path / "t", [], {}, text)
    rows = {"image": [{"bytes": RED, "path": None}], "question": ["What?"], "answer": ["red"]}
    features = datasets.Features(
        {"image": datasets.Image(), "question": datasets.Value("string"), "answer": datasets.Value("string")}
    )
    (folder / "data").mkdir()
    datasets.Dataset.from_dict(rows, features=features).to_parquet(folder / "data" / "train.parquet")

    [sample] = load(folder).samples

    assert [picture.sha256 for picture in sample.images] == [hashlib.sha256(RED).hexdigest()]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("b.png", "'b.png': cannot be read: No such file"),
        ("../out.png", "lies outside the task's folder"),
        ("https://example.org/a.png", "is an address of the net"),
        ("bomb.png", "pixels"),
        ("text.png", "no image that can be read"),
        ("", "without an address"),
    ],
)
def test_an_image_that_cannot_be_shown_is_an_error_with_its_line(tmp_path, address, said):
    files = {"a.png": RED, "bomb.png": claiming(20_000, 20_000), "text.png": b"hello"}
    folder = write_task(tmp_path / "t", [ROW, {**ROW, "image": address}], files)

    with pytest.raises(DataError, match=rf"samples\.jsonl:2: messages\[0\]\.content\[0\].*{said}"):
        load(folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "content has no part"),
        ("[{type: picture, image: a.png}]", "'picture' is none of"),
        ("[{type: text}]", "a text part without `text`"),
        ("[hello]", "valid dictionary"),
        ("[{type: text, text: '{{ nothing'}]", r"messages\[0\]\.content\[0\]\.text: not valid Jinja"),
    ],
)
def test_a_content_that_is_no_list_of_parts_is_refused(tmp_path, content, said):
    text = TASK[: TASK.index("    content:")] + f"    content: {content}\n" + TASK[TASK.index("target:") :]

    with pytest.raises(TaskError, match=said):
        load(write_task(tmp_path / "t", [ROW], {"a.png": RED}, text))


def test_demos_show_images_in_turns_of_their_own(tmp_path):
    demos = "demos: {n: 1, samples: demos.jsonl%s}\ntarget:"
    demo = '{"image": "b.png", "question": "And?", "answer": "blue"}\n'
    files = {"a.png": RED, "b.png": BLUE, "demos.jsonl": demo.encode()}

    [sample] = load(write_task(tmp_path / "t", [ROW], files, TASK.replace("target:", demos % ""))).samples

    assert [message["role"] for message in sample.messages] == ["user", "assistant", "user"]
    assert [picture.sha256 for picture in sample.images] == [hashlib.sha256(one).hexdigest() for one in (BLUE, RED)]
    with pytest.raises(DataError, match="layout: turns"):
        load(write_task(tmp_path / "t", [ROW], files, TASK.replace("target:", demos % ", layout: one_turn")))


def test_a_sample_of_too_many_images_is_refused(tmp_path):
    text = TASK.replace('      - {type: image, image: "{{ image }}"}\n', "      - {type: image, image: a.png}\n" * 65)

    with pytest.raises(DataError, match="at most 64 images"):
        load(write_task(tmp_path / "t", [ROW], {"a.png": RED}, text))

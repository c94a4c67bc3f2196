"""Images and recordings for endpoints: sent as OpenAI's interface has them, kept by their content."""

import base64
import sys
from pathlib import Path

import pytest

pytest.importorskip("openai")
pytest.importorskip("PIL")

from completions import Completions
from pictures import TASK, saved, write_task
from served import serving

from chateval.__main__ import main
from chateval.store import read_answers

ROW = {"image": "a.png", "question": "What?", "answer": "Paris"}


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def ask(address, task, out):
        arguments = ["run", "--checkpoint", f"far={address}/v1#tiny", "--task", task, "--out", out]
        monkeypatch.setattr(sys, "argv", ["chateval", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return caught.value.code, said.out, " ".join(said.err.split())

    return ask


def sent(seen):
    return [body["messages"] for asked, _, body in seen if body and "messages" in body]


def test_an_image_is_sent_as_a_data_address_and_asked_once(run, tmp_path):
    content = saved()
    write_task(tmp_path / "looks", [ROW], {"a.png": content})

    with serving(Completions(owner="someone")) as (address, seen):
        code, _, said = run(address, "looks", "one")
        _, _, again = run(address, "looks", "two")
        write_task(tmp_path / "looks", [ROW], {"a.png": saved(colour=(1, 2, 3))})
        _, _, other = run(address, "looks", "three")

    assert code == 0, said
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    [[message], _] = sent(seen)
    assert message["content"] == [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What?"}]
    assert "0 responses from the model" in again
    assert "1 responses from the model" in other
    [answered] = read_answers(Path("one"))
    assert answered.prompt.images[0].media_type == "image/png"


def test_a_recording_is_passed_on(run, tmp_path):
    part = '      - {type: input_audio, input_audio: {data: "{{ sound }}", format: mp3}}\n'
    text = TASK.replace('      - {type: image, image: "{{ image }}"}\n', part)
    data = base64.b64encode(b"ID3\x03" + b"\0" * 60).decode()
    write_task(tmp_path / "looks", [{**ROW, "sound": data}], {}, text)

    with serving(Completions(owner="someone")) as (address, seen):
        code, _, said = run(address, "looks", "one")

    assert code == 0, said
    [[message]] = sent(seen)
    assert message["content"][0] == {"type": "input_audio", "input_audio": {"data": data, "format": "mp3"}}


def test_how_closely_to_look_is_passed_on(run, tmp_path):
    text = TASK.replace(
        '{type: image, image: "{{ image }}"}', '{type: image_url, image_url: {url: "{{ image }}", detail: low}}'
    )
    write_task(tmp_path / "looks", [ROW], {"a.png": saved()}, text)

    with serving(Completions(owner="someone")) as (address, seen):
        code, _, said = run(address, "looks", "one")

    assert code == 0, said
    [[message]] = sent(seen)
    assert message["content"][0]["image_url"]["detail"] == "low"

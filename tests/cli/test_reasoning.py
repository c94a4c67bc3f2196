"""Checkpoints that think, from the command line: what is scored, counted and told."""

import json
import sys
from pathlib import Path

import pytest
from rigged import THINKING_TEMPLATE, THINKS, rig

from chateval.__main__ import main

TASK = """
name: letters
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ q }}"}]
target: b
decoding: {max_new_tokens: 12, stop: ["."]}
scorers: [exact]
"""


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    """Run a command in a folder with a task in it; return (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    Path("letters").mkdir()
    Path("letters/task.yaml").write_text(TASK)
    Path("letters/samples.jsonl").write_text("".join(json.dumps({"q": f"one {n}"}) + "\n" for n in range(3)))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


@pytest.fixture(scope="module")
def thinker(tiny_chat, tmp_path_factory):
    return rig(tmp_path_factory.mktemp("rigged") / "thinks", tiny_chat)


def summaries(out="run"):
    report = json.loads(Path(out, "report.json").read_text())
    return {one["name"]: one for one in report["checkpoints"]}, {
        one["checkpoint"]: one["mean"] for one in report["estimates"]
    }


def test_one_checkpoint_with_thinking_on_and_off_is_two_whose_answers_alone_are_scored(chateval, thinker):
    code, out, _ = chateval(
        "run", "--checkpoint", f"on={thinker}", "--checkpoint", f"off={thinker}", "--task", "./letters", "--out", "run",
        "--template-option", "off.enable_thinking=false",
    )  # fmt: skip

    checkpoints, values = summaries()
    assert values == {"on": 1.0, "off": 1.0}
    assert checkpoints["on"]["template_digest"] != checkpoints["off"]["template_digest"]
    assert checkpoints["off"]["template_options"] == {"enable_thinking": False}
    assert checkpoints["off"]["thinking"] is None
    assert checkpoints["on"]["thinking"] == {
        "n": 3, "mean": 3.0, "p95": 3, "answer_mean": 2.0, "answer_p95": 2, "n_estimated": 0,
    }  # fmt: skip
    assert "enable_thinking=false" in " ".join(out.split())
    lines = [json.loads(line) for line in Path("run/responses.jsonl").read_text().splitlines()]
    assert {line["response"]["raw_text"] for line in lines if line["checkpoint"] == "on"} == {"a.</think>b."}
    assert {line["response"]["raw_text"] for line in lines if line["checkpoint"] == "off"} == {"b."}
    assert code == 0


def test_thinking_that_never_closes_is_counted_told_and_scored_0_also_again(chateval, tiny_chat, tmp_path):
    loops = rig(tmp_path / "loops", tiny_chat, {**THINKS, ".": "a"}, THINKING_TEMPLATE)

    _, _, err = chateval("run", "--checkpoint", f"loops={loops}", "--task", "./letters", "--out", "run")
    checkpoints, values = summaries()
    scores = [json.loads(line) for line in Path("run/scores.jsonl").read_text().splitlines()]
    chateval("score", "run")
    again, values_again = summaries()

    assert (checkpoints["loops"]["n_incomplete"], checkpoints["loops"]["n_empty"]) == (3, 0)
    assert checkpoints["loops"]["thinking"]["mean"] == 12
    assert values == values_again == {"loops": 0.0}
    assert {score["reason"] for score in scores} == {
        "incomplete: still thinking at the limit of 12 tokens; raise max_new_tokens"
    }
    assert again["loops"]["n_incomplete"] == 3
    assert "3 of 3 answers end inside their thinking" in " ".join(err.split())


def test_a_slip_in_the_name_of_a_switch_is_one_line_before_any_model_is_loaded(chateval, thinker):
    code, _, err = chateval(
        "run", "--checkpoint", f"sft={thinker}", "--task", "./letters", "--template-option", "sft.enable_thinkng=false"
    )

    assert code == 2
    assert "did you mean enable_thinking?" in " ".join(err.split())


def test_the_same_prompts_of_a_checkpoint_with_other_switches_are_not_taken_from_the_store(chateval, thinker):
    asked = ("run", "--checkpoint", f"sft={thinker}", "--task", "./letters", "--out", "run")

    chateval(*asked)
    _, _, switched = chateval(*asked, "--template-option", "sft.enable_thinking=false")
    _, _, same = chateval(*asked)

    assert "3 responses from the model" in switched
    assert "3 from the store" in same

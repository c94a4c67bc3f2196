"""A dialogue through the command line: run, reports of every form, comparison, leaderboard, gate."""

import json
import sys

import pytest

from chateval.__main__ import main

TASK = """
name: own_turns
version: 1
description: Two turns.
source: written for the test
licence: CC0-1.0
samples: samples.jsonl
output: generate
messages:
  - {role: user, content: "{{ question }}"}
dialogue: {turns: {field: turns}, max_rounds: 3}
target: "{{ answer }}"
decoding: {max_new_tokens: 8}
scorers: [contains_answer]
"""
HOSTILE = "</script><script>alert(1)</script>\u202e"


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder; return (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


@pytest.fixture
def task(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "task.yaml").write_text(TASK, "utf-8")
    rows = [{"question": f"Say {n}.", "turns": [HOSTILE, "And now?"], "answer": str(n)} for n in range(3)]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


def test_a_dialogue_is_in_every_report_and_scored_again_without_a_model(chateval, task, tiny_chat, tmp_path):
    code, found, err = chateval(
        *("run", "--engine", "fake", "--checkpoint", f"base={tiny_chat}", "--checkpoint", f"sft={tiny_chat}"),
        *("--task", task, "--out", "run"),
    )
    assert code in (0, 3), err
    assert "own_turns\n  base  answered 3; 3.0 rounds each" in found

    report = json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))
    assert [one["endings"] for one in report["dialogues"]] == [{"answered": 3}] * 2
    assert "## Dialogues" in (tmp_path / "run" / "report.md").read_text("utf-8")
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert 'id="dialogues"' in page
    assert "<script>alert" not in page

    assert chateval("score", "run")[0] in (0, 3)
    assert json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))["dialogues"] == report["dialogues"]
    code, found, _ = chateval("compare", "a=run", "b=run", "--baseline", "a/base")
    assert (code, found.count("answered 3; 3.0 rounds each")) == (0, 3)
    assert chateval("report", "run", "--html", "again.html")[0] == 0
    assert chateval("gate", "run", "--max-drop", "0.1", "--junit", "gate.xml")[0] in (0, 3)
    assert (tmp_path / "gate.xml").is_file()

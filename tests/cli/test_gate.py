"""`chateval gate` and `chateval baseline` on runs of a fake engine: what they write, say and exit with."""

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import hand_made
import pytest

from chateval.__main__ import main
from chateval.engine.fake import FakeEngine
from chateval.store import write_baseline

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} + {{ b }} ="}]
target: "{{ a + b }}"
scorers: [number]
"""


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder; return (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


@pytest.fixture
def finished(chateval, tiny_chat, monkeypatch):
    """Make a run folder `run` of one checkpoint twice, 40 samples, by an engine of another name than `fake`."""
    monkeypatch.setattr(FakeEngine, "identity", {"engine": "echo"})
    Path("sums").mkdir()
    Path("sums/task.yaml").write_text(TASK)
    rows = [{"a": a, "b": b} for a in range(8) for b in range(5)]
    Path("sums/samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    both = [f"--checkpoint={name}={tiny_chat}" for name in ("base", "sft")]
    code, _, err = chateval("run", *both, "--task", "sums", "--engine", "fake", "--out", "run")
    assert code == 0, err
    return Path("run")


def test_a_run_of_the_fake_engine_says_so_first_and_is_not_accepted_shared_or_ranked(chateval, finished, monkeypatch):
    monkeypatch.setattr(FakeEngine, "identity", {"engine": "fake"})
    model = json.loads((finished / "manifest.json").read_text())["checkpoints"][0]["checkpoint"]["path"]
    checkpoints = [f"--checkpoint={name}={model}" for name in ("base", "sft")]

    code, out, err = chateval("run", *checkpoints, "--task", "sums", "--engine", "fake", "--out", "fake")

    told = "ENGINE fake: no model answered"
    assert code == 0
    assert out.splitlines()[0] == told
    assert "40 responses from the fake engine" in err
    assert Path("fake/report.md").read_text().splitlines()[0] == f"**{told}**"
    assert told in Path("fake/report.html").read_text()
    code, _, err = chateval("baseline", "accept", "fake", "--yes")
    assert (code, "the fake engine answered, no model" in err) == (2, True)
    code, _, err = chateval("share", "fake", "--to", "hub", "--out", "card")
    assert (code, "the fake engine answered, no model" in err) == (2, True)
    assert not Path("card").exists()
    code, out, _ = chateval("leaderboard", finished, "fake", "--json")
    board = json.loads(out)
    assert {one["checkpoint"] for one in board["standings"]} == {"run/base", "run/sft"}
    assert {one["name"]: one["reason"] for one in board["unranked"]} == dict.fromkeys(
        ("fake/base", "fake/sft"), "the fake engine answered, no model"
    )


def test_annotations_do_not_stand_in_the_json(chateval, finished):
    _, plain, _ = chateval("gate", finished, "--max-drop", "0.01", "--github")
    code, out, err = chateval("gate", finished, "--max-drop", "0.01", "--github", "--json")

    assert code == 3
    assert json.loads(out)[0]["outcome"] == "inconclusive"
    assert "::error " in plain
    assert "::error " in err


def test_a_summary_that_cannot_be_written_is_a_warning_and_the_verdict_stays(chateval, finished, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/such/folder/summary.md")

    code, _, err = chateval("gate", finished, "--max-drop", "0.2", "--github")

    assert code == 0
    assert "warning: $GITHUB_STEP_SUMMARY: no/such/folder/summary.md: cannot be written" in err


def test_a_default_gate_is_used_only_if_it_is_asked_for(chateval, finished):
    code, _, err = chateval("gate", finished)

    assert code == 2
    assert "no gate rules; say -c chateval.yaml, or --max-drop 0.02" in err
    assert chateval("gate", finished, "--max-drop", "0.2")[0] == 0
    assert chateval("gate", finished, "--max-drop", "0.01")[0] == 3


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{max_cost: 10000}", 3),
        ("{max_growth: 0}", 3),
        ("{min_speed: 0.0001}", 3),
        ("{max_errors: 0}", 0),
        ("{max_truncated: 1}", 0),
        ("{max_unscored: 0}", 0),
        ("{template: error}", 0),
        ("{scorer: '*', tag: nothing, max_drop: 0.1}", 2),
    ],
)
def test_every_kind_of_rule_is_held_and_tokens_that_an_engine_does_not_count_are_inconclusive(
    chateval, finished, rule, code
):
    Path("gate.yaml").write_text(f"gate: [{rule}]\n")

    assert chateval("gate", finished, "-c", "gate.yaml")[0] == code


def test_all_outputs_are_written(chateval, finished, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    Path("gate.yaml").write_text("gate: [{scorer: number, min_value: 1}]\n")
    files = ("--junit", "out/gate.xml", "--sarif", "out/t.sarif", "--markdown", "out/comment.md", "--github")

    code, out, _ = chateval("gate", finished, "-c", "gate.yaml", *files, "--name", "nightly")

    assert code == 1
    assert "::error title=chateval fail%3A sft%3A sums/number min_value 1::" in out
    assert Path("summary.md").read_text().startswith("before\n# base / sft")
    assert Path("out/comment.md").read_text().startswith("<!-- chateval:nightly -->")
    assert json.loads(Path("out/t.sarif").read_text())["version"] == "2.1.0"
    assert 'failures="1"' in Path("out/gate.xml").read_text()


def test_json_is_the_verdicts(chateval, finished):
    _, out, _ = chateval("gate", finished, "--max-drop", "0.2", "--json")

    [verdict] = json.loads(out)
    assert (verdict["outcome"], verdict["task"], verdict["scorer"]) == ("pass", "sums", "number")


def test_a_baseline_is_shown_accepted_and_held_against(chateval, finished):
    code, out, err = chateval("baseline", "accept", finished)
    assert (code, Path("reports").exists()) == (0, False)
    assert "nothing is written; say --yes" in err
    assert "sums" in out

    code, _, err = chateval("baseline", "accept", finished, "--yes", "--note", "first", "--date", "2026-01-31")
    path = Path("reports/baselines/sft.json")
    assert (code, path.is_file()) == (0, True)

    code, out, _ = chateval("baseline", "show", path)
    assert code == 0
    assert "accepted 2026-01-31" in out
    assert json.loads(chateval("baseline", "show", path, "--json")[1])["note"] == "first"

    code, out, err = chateval("gate", finished, "--baseline", path, "--max-drop", "0.2")
    assert (code, out.startswith("pass")) == (0, True)
    assert "accepted 2026-01-31" in err

    assert "+0.000" in chateval("baseline", "accept", finished)[1]


def test_the_targets_of_a_baseline_are_those_that_it_was_scored_with(chateval, finished):
    assert chateval("baseline", "accept", finished, "--yes")[0] == 0
    held = ("gate", finished, "--baseline", "reports/baselines/sft.json", "--max-drop", "0.2")
    assert chateval(*held)[0] == 0
    Path("sums/task.yaml").write_text(TASK.replace("{{ a + b }}", "{{ a + b + 1 }}"))
    assert chateval("score", finished)[0] == 0

    code, out, _ = chateval(*held)

    assert code == 3
    assert "another target or other choices for 40 of 40 samples" in out


@pytest.mark.parametrize(("max_age", "is_old"), [(1, True), (100_000, False)])
def test_an_old_baseline_is_called_old(chateval, finished, max_age, is_old):
    chateval("baseline", "accept", finished, "--yes", "--date", "2020-01-31")

    _, _, err = chateval(
        "gate", finished, "--baseline", "reports/baselines/sft.json", "--max-drop", "0.2", "--max-age", max_age
    )

    assert ("warning: older than" in err) == is_old


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["baseline", "accept", "run", "--checkpoint", "dpo"], "no checkpoint 'dpo' in it"),
        (["baseline", "accept", "run", "--date", "today"], "say a day such as"),
        (["baseline", "show", "run/report.json"], "not a baseline file"),
        (["gate", "run", "--baseline", "run", "--max-drop", "0.1", "--checkpoint", "x"], "no checkpoint 'x'"),
        (["gate", "run", "--baseline", "nowhere", "--max-drop", "0.1"], "nowhere"),
        (["gate", "run", "--max-drop", "0.1", "--checkpoint", "sft"], "are for --baseline"),
        (["gate", "run", "--max-drop", "0.1", "-c", "x.yaml"], "say one"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(chateval, finished, arguments, words):
    code, _, err = chateval(*arguments)

    assert code == 2
    assert words in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"template": hand_made.template("BROKEN")}, "its chat template is BROKEN"),
        ({"n_errors": 1}, "1 prompts got no answer"),
        ({"n_length": 6}, "30% of its answers were cut"),
    ],
)
def test_a_broken_checkpoint_is_not_accepted(chateval, monkeypatch, changes, words):
    run = hand_made.run({"sft": [1] * 20}, summaries={"sft": changes})
    monkeypatch.setattr("chateval.integrations.runs.open_runs", lambda texts: [run])

    code, _, err = chateval("baseline", "accept", "x", "--yes", "--force")

    assert code == 2
    assert words in err
    assert not Path("reports").exists()


def test_another_version_of_a_task_begins_a_new_line_only_with_force(chateval, monkeypatch):
    write_baseline(Path("b.json"), hand_made.run({"sft": [1] * 20}), "sft", accepted=date(2026, 1, 31))
    later = hand_made.run({"sft": [1] * 20}, task=replace(hand_made.TASK, version=2, prompt_digest="q"))
    monkeypatch.setattr("chateval.integrations.runs.open_runs", lambda texts: [later])

    code, _, err = chateval("baseline", "accept", "x", "--out", "b.json", "--yes")

    assert code == 2
    assert "another version of the task" in err
    assert chateval("baseline", "accept", "x", "--out", "b.json", "--yes", "--force")[0] == 0

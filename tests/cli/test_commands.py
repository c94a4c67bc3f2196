"""The commands from end to end on a two-layer model: what they print, what they leave, how they exit."""

import json
import sys
from pathlib import Path

import pytest

from chateval.__main__ import main

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} + {{ b }} ="}]
target: "{{ a + b }}"
decoding: {max_new_tokens: 6}
scorers: [number, clean_stop]
"""


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder with a task in it; return (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    Path("sums").mkdir()
    Path("sums/task.yaml").write_text(TASK)
    rows = [{"a": a, "b": b} for a in range(4) for b in range(3)]
    Path("sums/samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


@pytest.fixture
def run_both(chateval, tiny_chat, tiny_loras):
    """Run base and adapter on the task, with a gate."""

    def run(*rules, limit=12):
        gate = "".join(f"  - {rule}\n" for rule in rules)
        Path("chateval.yaml").write_text(
            f"checkpoints:\n  base: {{path: {tiny_chat}}}\n  lora: {{adapter: {tiny_loras[0]}, base: base}}\n"
            f"tasks: [./sums]\nlimit: {limit}\n" + (f"gate:\n{gate}" if gate else "")
        )
        return chateval("run", "--out", "run")

    return run


def test_a_suite_in_the_working_folder_is_found_and_run(run_both):
    code, out, err = run_both()

    assert code == 0
    assert "sums (all 12 samples)" in out
    assert "Chat templates" in out
    assert "CONFORMS" in out
    assert "24 responses from the model" in err
    assert Path("run/report.html").is_file()


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        (["{template: error}", "{task: sums, scorer: number, min_value: 0}"], 0),
        (["{task: sums, scorer: clean_stop, min_value: 1}"], 1),
        (["{task: sums, scorer: number, min_value: 0, min_samples: 50}"], 3),
        (["{task: sums, scorer: number, max_drop: 0}"], 3),
        (["{task: sums, scorer: number, max_drop: 0, on_inconclusive: warn}"], 0),
        (["{task: sums, scorer: number, max_drop: 0}", "{task: sums, scorer: clean_stop, min_value: 1}"], 1),
    ],
)
def test_the_gate_sets_the_exit_code(run_both, chateval, rules, code):
    found, _, _ = run_both(*rules)

    assert found == code
    assert chateval("gate", "run")[0] == code
    assert chateval("score", "run")[0] == code


def test_a_prompt_that_does_not_fit_is_exit_4(chateval, tiny_chat):
    Path("sums/task.yaml").write_text(TASK.replace("{{ a + b }}", "{{ a }}"))
    rows = [{"a": 1, "b": "1"}, {"a": 2, "b": "one two " * 400}]
    Path("sums/samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    code, out, _ = chateval("run", "--checkpoint", f"it={tiny_chat}", "--task", "sums", "--out", "run")

    assert code == 4
    assert "n=1, 1 unscored" in out


def test_json_is_the_report_and_nothing_else(chateval, tiny_chat):
    arguments = ("--checkpoint", f"it={tiny_chat}", "--task", "./sums", "--out", "run", "--limit", "3")

    code, out, _ = chateval("run", *arguments, "--json")

    assert code == 0
    assert json.loads(out) == json.loads(Path("run/report.json").read_text())
    assert json.loads(out)["tasks"][0]["n_samples"] == 3


def test_a_report_is_shown_again_as_tables_markdown_and_json(run_both, chateval):
    run_both()

    assert "sums (all 12 samples)" in chateval("report", "run")[1]
    assert chateval("report", "run", "--markdown")[1] == Path("run/report.md").read_text()
    assert json.loads(chateval("report", "run", "--json")[1])["baseline"] == "base"


def test_a_run_is_held_against_another_gate(run_both, chateval):
    run_both()
    Path("strict.yaml").write_text("gate:\n  - {task: sums, scorer: clean_stop, min_value: 0.9}\n")

    code, out, _ = chateval("gate", "run", "-c", "strict.yaml")
    as_json = json.loads(chateval("gate", "run", "-c", "strict.yaml", "--json")[1])

    assert code == 1
    assert "sums/clean_stop min_value 0.9" in out
    assert [verdict["outcome"] for verdict in as_json] == ["fail"]


def test_a_run_without_a_gate_says_how_to_give_one(run_both, chateval):
    run_both()

    code, _, err = chateval("gate", "run")

    assert code == 2
    assert err == "chateval: run: no gate rules; say -c chateval.yaml, or --max-drop 0.02\n"


def test_tasks_of_ones_own_are_checked_and_listed(chateval):
    code, out, _ = chateval("tasks", "./sums", "--json")

    assert code == 0
    assert [(task["name"], task["n_samples"], task["scorers"]) for task in json.loads(out)] == [
        ("sums", 12, ["number", "clean_stop"])
    ]


def test_a_scorer_from_outside_needs_trust(chateval, tiny_chat, monkeypatch):
    Path("mine.py").write_text(
        "from chateval import Mark\n\n\ndef always(case, *, value=1.0):\n    return Mark(value)\n"
    )
    monkeypatch.syspath_prepend(str(Path.cwd()))
    path = Path("sums/task.yaml")
    path.write_text(path.read_text().replace("[number, clean_stop]", "['mine:always']"))
    arguments = ("run", "--checkpoint", f"it={tiny_chat}", "--task", "./sums", "--out", "run")

    refused = chateval(*arguments)
    trusted = chateval(*arguments, "--trust-code", "--json")

    assert (refused[0], trusted[0]) == (2, 0)
    assert "would run code from outside; say --trust-code if you trust it" in refused[2]
    assert json.loads(trusted[1])["estimates"][0]["mean"] == 1.0


def test_the_version_is_printed(chateval):
    code, out, _ = chateval("--version")

    assert code == 0
    assert out.startswith("chateval 0.")

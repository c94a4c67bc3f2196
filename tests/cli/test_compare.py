"""`chateval compare`: runs of a two-layer model that differ in one thing each."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from chateval.__main__ import main

TASK = """
name: sums
version: {version}
source: test
samples: samples.jsonl
messages: [{{role: user, content: "{{{{ a }}}} + {{{{ b }}}} ="}}]
target: "{{{{ a + b }}}}"
decoding: {{max_new_tokens: {tokens}}}
scorers: [number: {{tolerance: {tolerance}}}, clean_stop]
"""


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
def make_run(chateval, tiny_chat):
    """Make a run with the fake engine, of a task as it is said; return its folder."""

    def make(name, *, model=tiny_chat, limit=12, **said):
        Path("sums").mkdir(exist_ok=True)
        Path("sums/task.yaml").write_text(TASK.format(**{"version": 1, "tokens": 6, "tolerance": 0.1} | said))
        rows = [{"a": a, "b": b} for a in range(4) for b in range(3)]
        Path("sums/samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        task, checkpoint = ("--task", "./sums"), ("--checkpoint", f"m={model}")
        code, _, err = chateval("run", "--engine", "fake", *checkpoint, *task, "--limit", limit, "--out", name)
        assert code == 0, err
        return name

    return make


def words(out):
    return [change["words"] for change in json.loads(out)["changes"]]


def test_two_runs_become_one_report_in_three_files(chateval, make_run):
    code, out, _ = chateval("compare", make_run("a"), make_run("b", limit=8), "--out", "both")

    assert code == 0
    assert "data       limit 12 -> 8" in out
    assert "sums: samples, 8 pair of 12 before and 8 after" in out
    assert {path.name for path in Path("both").iterdir()} == {"report.json", "report.md", "report.html"}
    assert "b/m" in Path("both/report.md").read_text()
    assert "b/m" in Path("both/report.html").read_text()


def test_another_template_is_named_with_the_line_that_differs(chateval, make_run, tiny_chat, tmp_path):
    model = tmp_path / "other"
    shutil.copytree(tiny_chat, model)
    path = model / "chat_template.jinja"
    path.write_text(path.read_text().replace("<|im_start|>assistant\n", "<|im_start|>assistant"))

    _, out, _ = chateval("compare", make_run("a"), make_run("b", model=model), "--json")

    found = words(out)
    assert any(line.startswith("chat template, line") and "\\nassistant" not in line for line in found)
    assert r'generation prompt "<|im_start|>assistant\n" -> "<|im_start|>assistant"' in found


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"tokens": 9}, "decoded otherwise: max_new_tokens 6 -> 9"),
        ({"version": 2}, "another version of the task: 1 -> 2"),
    ],
)
def test_runs_of_which_nothing_can_be_compared_exit_with_2_and_say_why(chateval, make_run, said, reason):
    code, _, err = chateval("compare", make_run("a"), make_run("b", **said))

    assert code == 2
    assert f"nothing can be compared with a/m: sums: {reason}" in " ".join(err.split())


def test_a_scorer_with_other_options_is_left_out_alone(chateval, make_run):
    code, out, _ = chateval("compare", make_run("a"), make_run("b", tolerance=0.5), "--json")

    report = json.loads(out)
    assert code == 0
    assert [found["scorer"] for found in report["refusals"]] == ["number"]
    assert [found["scorer"] for found in report["comparisons"]] == ["clean_stop"]


def test_the_baseline_and_the_names_of_runs_can_be_chosen(chateval, make_run):
    first, second = make_run("a"), make_run("b")

    code, out, _ = chateval("compare", f"old={first}", f"new={second}", "--baseline", "new/m", "--markdown")

    assert code == 0
    assert "# old/m / new/m\n" in out
    assert "old/m against new/m" in out


def test_an_unknown_baseline_exits_with_2(chateval, make_run):
    code, _, err = chateval("compare", make_run("a"), make_run("b"), "--baseline", "sft")

    assert code == 2
    assert "known: a/m, b/m" in " ".join(err.split())


def test_a_single_checkpoint_exits_with_2(chateval, make_run):
    code, _, err = chateval("compare", make_run("a"))

    assert code == 2
    assert "name a second run" in " ".join(err.split())


def test_equal_runs_give_equal_bytes(chateval, make_run):
    first, second = make_run("a"), make_run("b", limit=8)

    found = []
    for folder in ("one", "two"):
        chateval("compare", first, second, "--out", folder)
        found.append({path.name: path.read_bytes() for path in Path(folder).iterdir()})

    assert found[0] == found[1]


def test_only_what_was_written_is_pointed_to(chateval, make_run):
    runs = (make_run("a"), make_run("b", limit=8))

    _, plain, _ = chateval("compare", *runs)
    _, written, _ = chateval("compare", *runs, "--out", "both")

    assert "report.html" not in plain
    assert "With --out FOLDER: " in plain
    assert "In both/report.html: " in written


def test_two_outputs_at_once_are_refused(chateval, make_run):
    first, second = make_run("a"), make_run("b")

    code, out, err = chateval("compare", first, second, "--json", "--markdown")

    assert (code, out) == (2, "")
    assert "choose one" in err

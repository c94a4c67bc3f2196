"""Judges from the command line: a run with one, a judge against people, and the mistakes a user may make."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from real_server import transformers_serving

from chateval.__main__ import main

NOTES = """
name: notes
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ ask }}"}]
decoding: {max_new_tokens: 8}
"""
TEMPLATE = "{{ answer }} {{ rubric }} [[{{ low }}]]"


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
def roomy(tiny_chat, tmp_path):
    """Return a folder of the tiny model that says it has room for a judge's prompt."""
    where = shutil.copytree(tiny_chat, tmp_path / "judge")
    config = json.loads((where / "config.json").read_text())
    (where / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 4096}))
    return where


@pytest.fixture
def labelled(tmp_path):
    def write(*rows):
        path = tmp_path / "labelled.jsonl"
        path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
        return path

    return write


def rows(n=6):
    return [{"question": f"{k}?", "answer": f"It is {k}.", "label": k + 1} for k in range(n)]


def test_a_bundled_task_is_judged_on_a_real_model_and_a_second_run_asks_nobody(chateval, tiny_chat, roomy):
    command = ("run", "--checkpoint", f"base={tiny_chat}", "--task", "judged_writing", "--limit", 1, "--out", "run")
    no_judge = chateval(*command)
    first = chateval(*command, "--helper", f"judge={roomy}")
    second = chateval(*command, "--helper", f"judge={roomy}")

    assert (no_judge[0], "say --helper judge=PATH" in no_judge[2]) == (2, True)
    assert first[0] == 4
    assert "4 responses from the model" in first[2]
    assert "0 responses from the model" in second[2]
    assert len(Path("run/judgements.jsonl").read_text().splitlines()) == 3
    assert "unread of judge" in first[1]
    scores = Path("run/scores.jsonl").read_bytes()
    assert chateval("score", "run")[0] == 4
    assert Path("run/scores.jsonl").read_bytes() == scores


def test_a_judge_is_held_against_people(chateval, roomy, labelled, tmp_path):
    (tmp_path / "t.jinja").write_text(TEMPLATE)
    command = ("judge", labelled(*rows()), "--judge", f"strict={roomy}", "--engine", "fake", "--template", "t.jinja")
    code, out, err = chateval(*command)
    found = json.loads(chateval(*command, "--json")[1])

    assert (code, "strict against people on 6 of 6 rows" in out) == (0, True)
    assert "6 answers from judges, 0 from the store" in err
    assert (found["n_generated"], found["n_stored"]) == (0, 6)
    [agreement] = found["agreements"]
    assert agreement["figures"]["judge minus people, in the scale's unit"][0] == -2.5
    assert agreement["figures"]["rank correlation (Spearman)"] == [None, None, None]


def test_pairs_have_winners_and_what_is_unread_is_counted(chateval, roomy, labelled, tmp_path):
    (tmp_path / "t.jinja").write_text(
        "{{ first }} {{ second }} {% if 'cat' in question %}Hm.{% else %}[[A]]{% endif %}"
    )
    pairs = [
        {"question": q, "answers": ["a", "b"], "label": w} for q, w in (("one", "A"), ("two", "tie"), ("cat", "B"))
    ]
    command = ("judge", labelled(*pairs), "--judge", f"j={roomy}", "--engine", "fake", "--template", "t.jinja")
    code, out, _ = chateval(*command)

    assert code == 0
    assert "on 2 of 3 rows" in out
    assert "same winner, share of pairs: 0.500" in out
    assert "unread: 1 of 3 (33%)" in out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "no rows"),
        (["{"], "labelled.jsonl:1"),
        ([{"question": "q", "answer": "a"}], "label must be a number, found None"),
        ([{"question": "q", "answer": "a", "label": True}], "label must be a number"),
        ([{"question": "q", "answer": "a", "label": 11}], "label 11 of row 1 is not from 1 to 10"),
        ([{"question": "q", "answers": ["a"], "label": "A"}], "answers must be two texts"),
        ([{"question": "q", "answers": ["a", "b"], "label": 1}], "one of A, tie, B"),
        ([{"question": "q", "answer": 4, "label": 1}], "answers and target are texts"),
        ([{"question": 4, "answer": "a", "label": 1}], "question must be a text"),
        ([{"answer": "a", "label": 1}], "either question or messages"),
        ([{"question": "q", "answer": "a", "label": 1, "x": 1}], "unknown field 'x'"),
        ([*rows(1), {"question": "q", "answers": ["a", "b"], "label": "A"}], "give them in two files"),
    ],
)
def test_a_row_at_fault_is_named_before_a_model_is_opened(chateval, labelled, given, said):
    code, _, err = chateval("judge", labelled(*given), "--judge", "j=nowhere", "--engine", "fake")

    assert code == 2
    assert said in err


@pytest.mark.slow
def test_a_server_of_transformers_judges_and_a_second_run_asks_it_nothing(chateval, tiny_chat, roomy, tmp_path):
    for library in ("openai", "fastapi", "uvicorn"):
        pytest.importorskip(library)
    rubric = "      rubric: brevity\n      max_new_tokens: 8\n"
    Path("notes").mkdir()
    Path("notes/task.yaml").write_text(NOTES + "scorers:\n  - judge_rating:\n" + rubric)
    Path("notes/samples.jsonl").write_text('{"ask": "Write."}\n{"ask": "Read."}\n')
    command = ("run", "--checkpoint", f"base={tiny_chat}", "--task", "./notes", "--out", "run")
    with transformers_serving(roomy, tmp_path / "serve.log") as address:
        judge = ("--helper", f"judge={address}#{roomy}")
        first = chateval(*command, *judge)
        second = chateval(*command, *judge)

    assert (first[0], second[0]) == (4, 4), first[2]
    assert "4 responses from the model" in first[2]
    assert "0 responses from the model" in second[2]
    judgements = [json.loads(line) for line in Path("run/judgements.jsonl").read_text().splitlines()]
    assert [(one["error"], one["n_prompt_tokens"] > 400) for one in judgements] == [(None, True)] * 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--template", "empty.jinja"), "empty.jinja: is empty"),
        (("--template", "blind.jinja"), "does not show {{ answer }}"),
        (("--scale", "1", "inf"), "scale: the worst and the best rating"),
    ],
)
def test_a_way_to_ask_that_shows_no_answer_or_has_no_end_is_one_line(
    chateval, roomy, labelled, tmp_path, options, said
):
    (tmp_path / "empty.jinja").write_text("\n")
    (tmp_path / "blind.jinja").write_text("Rate it.")
    code, _, err = chateval("judge", labelled(*rows()), "--judge", f"judge={roomy}", *options)

    assert (code, said in err, "our fault" in err) == (2, True, False)


def test_a_judge_that_is_not_there_is_one_line(chateval, labelled):
    code, _, err = chateval("judge", labelled(*rows(1)), "--judge", "j=nowhere")

    assert (code, err.count("\n")) == (2, 1)

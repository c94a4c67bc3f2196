"""Fault 11: the data are edited, reordered, grown or cut between run and resume, and between two runs."""

import json
import re

import pytest
from bad_files import TASK, command, refusal

N = 12


@pytest.fixture
def task(tmp_path, monkeypatch):
    """A task of twelve rows."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "task.yaml").write_text(TASK % "samples.jsonl")
    write(folder, rows())
    return folder


def rows():
    return [{"question": f"q{n}", "answer": f"a{n}"} for n in range(N)]


def write(folder, found):
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found))


def run(task, model, out, *options):
    """Run the task; return (answers of the engine, answers from the store, report)."""
    code, _, err = command(
        "run", "--engine", "fake", "--checkpoint", f"base={model}", "--task", task, "--out", out, *options
    )
    assert code == 0, err
    [counts] = re.findall(r"(\d+) responses from [^,]*, (\d+) from the store", err)
    return int(counts[0]), int(counts[1]), json.loads((task.parent / out / "report.json").read_text())


def numbers(report):
    """Return what was measured."""
    return [
        (one["scorer"], one["mean"], one["low"], one["high"], one["n"], one["n_unscored"])
        for one in report["estimates"]
    ]


def edited(found):
    return [{**found[0], "question": "q0, edited"}, *found[1:]]


@pytest.mark.parametrize(
    ("change", "n_asked", "n_kept", "n_pairs"),
    [
        (lambda found: found[::-1], 0, 12, 12),
        (lambda found: [{"answer": one["answer"], "question": one["question"]} for one in found], 0, 12, 12),
        (edited, 1, 11, 11),
        (lambda found: [{**found[0], "answer": "other"}, *found[1:]], 0, 12, 11),
        (lambda found: [*found[5:], {"question": "new", "answer": "x"}, *found[:5]], 1, 12, 12),
        (lambda found: found[:3] + found[4:], 0, 11, 11),
        (lambda found: [*edited(found)[:1:-1], {"question": "new", "answer": "x"}], 1, 10, 10),
    ],
    ids=["reordered", "keys reordered", "question edited", "target edited", "added", "removed", "all of it"],
)
def test_only_what_is_asked_otherwise_is_asked_anew_and_compare_says_how_many_pair(
    task, tiny_chat, change, n_asked, n_kept, n_pairs
):
    first = run(task, tiny_chat, "before")
    found = change(rows())
    write(task, found)

    second = run(task, tiny_chat, "after")
    code, out, err = command("compare", "before", "after")

    assert first[:2] == (N, 0)
    assert second[:2] == (n_asked, n_kept)
    assert code == 0, err
    n_alone = N + len(found) - 2 * n_pairs
    assert (f"{n_pairs} pair of {N} before and {len(found)} after" in out) == bool(n_alone), out
    assert ("without a pair" in out) == bool(n_alone)
    if n_alone:
        assert f"{n_alone} without a pair" in " ".join(out.split())
    else:
        assert numbers(first[2]) == numbers(second[2])


def test_with_a_limit_the_first_rows_count_so_that_another_order_is_another_choice_and_only_those_shared_pair(
    task, tiny_chat
):
    assert run(task, tiny_chat, "before", "--limit", 8)[:2] == (8, 0)
    write(task, rows()[::-1])

    assert run(task, tiny_chat, "after", "--limit", 8)[:2] == (4, 4)
    _, out, _ = command("compare", "before", "after")

    assert "4 pair of 8 before and 8 after" in out


def test_runs_that_share_no_sample_are_not_compared(task, tiny_chat):
    run(task, tiny_chat, "before")
    write(task, [{"question": f"other {n}", "answer": "x"} for n in range(N)])
    run(task, tiny_chat, "after")

    refusal("compare", "before", "after")


def test_a_baseline_that_has_other_samples_is_named_by_the_gate(task, tiny_chat):
    run(task, tiny_chat, "before")
    write(task, rows()[:8])
    run(task, tiny_chat, "after")

    code, out, err = command("gate", "after", "--baseline", "before", "--max-drop", "0.5")

    assert code == 3, (out, err)
    assert "8 pair of 12 before and 8 after" in out


# The task file, between a run and a scoring of it


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("- exact", "- normalised", 0, ""),
        ("version: 1", "version: 2", 0, ""),
        ('"{{ answer }}"', '"{{ question }}"', 0, ""),
        ('"{{ question }}"}', '"Say: {{ question }}"}', 2, "asks otherwise than when"),
        ("scorers:", "decoding: {max_new_tokens: 5}\nscorers:", 2, "asks otherwise than when"),
        ("name: mine", "name: yours", 2, "asks otherwise than when"),
        ("- exact", "- exakt", 2, "unknown scorer 'exakt'"),
    ],
    ids=["scorer", "version", "target", "prompt", "decoding", "name", "typo"],
)
def test_a_task_that_is_edited_is_scored_as_it_is_now_or_refused(task, tiny_chat, old, new, code, words):
    _, _, before = run(task, tiny_chat, "run")
    (task / "task.yaml").write_text((TASK % "samples.jsonl").replace(old, new))

    found, _, err = command("score", "run")

    assert (found, words in err) == (code, True), err
    after = json.loads((task.parent / "run" / "report.json").read_text())
    assert (after == before) == bool(code)
    if code:
        assert err.count("\n") == 1
        (task / "task.yaml").write_text(TASK % "samples.jsonl")
        assert run(task, tiny_chat, "run")[:2] == (0, N)


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda found: found[1:], "which the task no longer has"), (edited, "which the task no longer has")],
    ids=["removed", "edited"],
)
def test_a_row_that_is_gone_is_named_when_its_answer_is_to_be_scored(task, tiny_chat, change, words):
    run(task, tiny_chat, "run")
    write(task, change(rows()))

    assert words in refusal("score", "run")


@pytest.mark.parametrize(
    "change", [lambda found: found[::-1], lambda found: [*found, {"question": "n", "answer": "n"}]]
)
def test_rows_in_another_order_or_beside_others_are_scored_alike(task, tiny_chat, change):
    _, _, before = run(task, tiny_chat, "run")
    write(task, change(rows()))

    code, _, err = command("score", "run")

    assert code == 0, err
    assert numbers(json.loads((task.parent / "run" / "report.json").read_text())) == numbers(before)

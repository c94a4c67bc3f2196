"""Drawing and ladders from the command line, on a two-layer model and its adapters."""

import json
import sys
from pathlib import Path

import pytest

from chateval.__main__ import main


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
def models(tiny_chat, tiny_loras):
    given = {"base": tiny_chat, "one": f"{tiny_loras[0]}@base", "two": f"{tiny_loras[1]}@base"}
    return [part for name, path in given.items() for part in ("--checkpoint", f"{name}={path}")]


def report(folder):
    return json.loads(Path(folder, "report.json").read_text("utf-8"))


def texts_of(folder):
    """Return (sample id, repeat) -> output ids of a run."""
    lines = Path(folder, "responses.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return {(one["prompt"]["sample_id"], one["prompt"]["repeat"]): one["response"]["output_ids"] for one in found}


def test_preferences_along_a_ladder(chateval, models):
    code, out, err = chateval(
        "run", *models, "--task", "preferences", "--limit", "6", "--ladder", "base,one,two", "--out", "run"
    )

    found = report("run")
    margins = {one["checkpoint"]: one["value"] for one in found["figures"] if one["measure"] == "reward_margin"}
    accuracy = {one["checkpoint"]: one["mean"] for one in found["estimates"] if one["scorer"] == "reward_accuracy"}
    assert code == 0, err
    assert (margins["base"], accuracy["base"]) == (0.0, 0.5)
    assert margins["one"] != 0.0 != margins["two"]
    assert [ladder["scorer"] for ladder in found["ladders"]][:3] == [
        "preference",
        "preference_per_token",
        "reward_accuracy",
    ]
    assert "Ladder base > one > two" in out
    assert "Ladder base &gt; one &gt; two" in Path("run/report.html").read_text("utf-8")


def test_a_run_with_a_ladder_is_scored_again_to_the_same_report(chateval, models):
    options = ("--ladder", "two,base", "--temperature", "0.8", "--repeats", "3", "--seed", "5")
    chateval("run", *models, "--task", "arithmetic", "--limit", "4", *options, "--out", "run")
    before = Path("run/report.json").read_bytes()

    code, _, err = chateval("score", "run")

    assert code == 0, err
    assert Path("run/report.json").read_bytes() == before
    assert {one["measure"] for one in report("run")["figures"]} == {"pass_at_3", "maj_at_3"}


def test_the_same_seed_is_the_same_answer_and_another_one_is_not(chateval, tiny_chat, monkeypatch):
    def texts(folder, seed, limit):
        monkeypatch.setenv("CHATEVAL_CACHE", str(Path(f"{folder}-cache").resolve()))
        code, _, err = chateval(
            *("run", "--checkpoint", f"base={tiny_chat}", "--task", "arithmetic", "--limit", limit, "--out", folder),
            *("--temperature", "1", "--repeats", "2", "--seed", seed),
        )
        assert code == 0, err
        return texts_of(folder)

    first, wider, other = texts("first", 1, 3), texts("wider", 1, 5), texts("other", 2, 3)

    assert {key: wider[key] for key in first} == first
    assert all(first[key] != other[key] for key in other)


def test_runs_drawn_otherwise_are_not_compared(chateval, tiny_chat):
    for folder, options in (("greedy", ()), ("drawn", ("--temperature", "0.5"))):
        chateval(
            *("run", "--engine", "fake", "--checkpoint", f"base={tiny_chat}", "--task", "arithmetic", "--limit", "10"),
            *("--out", folder, *options),
        )

    code, _, err = chateval("compare", "greedy", "drawn")

    assert code == 2
    assert "decoded otherwise: temperature 0.0 -> 0.5" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--repeats", "4"), "say --temperature above 0"),
        (("--temperature", "1", "--top-p", "0"), "--top-p 0.0: say a number above 0"),
        (("--temperature", "inf"), "--temperature inf"),
        (("--ladder", "base"), "two checkpoints or more"),
        (("--ladder", "base,base"), "two checkpoints or more"),
        (("--ladder", "base,,"), "no checkpoint ''"),
        (("--ladder", "base,nope"), "no checkpoint 'nope'; there are: base, one, two"),
    ],
)
def test_what_cannot_be_is_one_line(chateval, models, options, said):
    code, _, err = chateval("run", "--engine", "fake", *models, "--task", "arithmetic", "--limit", "4", *options)

    assert code == 2
    assert said in " ".join(err.split())


def test_a_suite_may_name_its_ladder(chateval, tiny_chat, tiny_loras):
    Path("chateval.yaml").write_text(
        f"checkpoints:\n  base: {{path: {tiny_chat}}}\n  one: {{adapter: {tiny_loras[0]}, base: base}}\n"
        "tasks: [arithmetic]\nlimit: 4\nengine: fake\nladder: [base, one]\n"
    )

    code, out, err = chateval("run", "--out", "run")

    assert code == 0, err
    assert "Ladder base > one" in out


@pytest.mark.slow
def test_workers_of_ray_draw_what_one_process_draws(chateval, tiny_chat):
    pytest.importorskip("ray")
    for folder, engine in (("one", "transformers"), ("two", "ray")):
        code, _, err = chateval(
            *("run", "--engine", engine, "--checkpoint", f"base={tiny_chat}", "--task", "arithmetic", "--limit", "4"),
            *("--temperature", "1", "--top-p", "0.9", "--repeats", "2", "--seed", "3", "--out", folder),
            *(("--workers", "2") if engine == "ray" else ()),
        )
        assert code == 0, err

    assert texts_of("one") == texts_of("two")

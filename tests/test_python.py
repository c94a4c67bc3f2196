"""The package from Python: the page about it, run as it stands, and what its functions take."""

import re
from pathlib import Path

import pytest
from made_runs import run

import chateval
from chateval.errors import ChatevalError, ConfigError, DataError, StoreError

PAGE = Path(__file__).parents[1] / "docs/python.md"


def test_the_page_runs_as_it_stands(tiny_chat, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    for name in ("smollm2", "out/sft"):
        Path(name).symlink_to(tiny_chat)
    first, *others = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, object] = {}

    exec(compile(first, "first", "exec"), names)  # noqa: S102 - the page's own example
    exec(compile(first.replace("monday", "today"), "again", "exec"), names)  # noqa: S102
    for block in others:
        exec(compile(block, "block", "exec"), names)  # noqa: S102

    assert len(others) == 2
    assert {one.candidate for one in names["report"].comparisons} >= {"today/sft"}


def test_runs_may_be_objects_and_paths(finished_run, monkeypatch):
    monkeypatch.chdir(finished_run.parent)
    opened = chateval.open_run("finished")

    assert opened.name == chateval.open_run(Path("finished")).name == "finished"
    assert chateval.compare_runs(["finished"]) == chateval.compare_runs([Path("finished")])
    assert chateval.compare_runs([opened]).baseline == "base"
    board = chateval.rank_runs([run("made", {"a": "10", "b": "11"})])
    assert [one.checkpoint for one in board.standings] == ["b", "a"]


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: chateval.compare_runs(["nowhere"]), StoreError, "nowhere: not there"),
        (lambda: chateval.compare_runs("nowhere"), ConfigError, "a list of them"),
        (lambda: chateval.compare_runs([run("r", {"a": "10"})], "x"), DataError, "^baseline x: no such checkpoint"),
        (lambda: chateval.rank_runs([run("r", {"a": "10"})], tasks=["x"]), DataError, "^task x: in no run"),
        (lambda: chateval.rank_runs([run("r", {"a": "10"})], scorer="x"), DataError, "^scorer x: not a scorer"),
    ],
)
def test_a_mistake_is_said_in_words_of_the_call(call, kind, words):
    with pytest.raises(kind, match=words) as caught:
        call()

    assert isinstance(caught.value, ChatevalError)
    assert "--" not in str(caught.value)


def test_the_names_are_listed_before_they_are_asked_for():
    assert set(chateval.__all__) <= set(dir(chateval))

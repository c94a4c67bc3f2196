"""Dialogues round by round: what is asked together, and a run that breaks off in the middle of one."""

import json
from pathlib import Path

import pytest

from chateval.config import Suite
from chateval.engine import FakeEngine
from chateval.pipeline import evaluate
from chateval.records import CheckpointSpec
from chateval.store import read_answers

TASK = """
name: foxes
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "I have {{ n }} foxes."}]
target: "{{ n }}"
dialogue: {turns: {field: turns}}
scorers: [contains_answer]
"""


class Quiet:
    """A watcher that says nothing."""

    def stage(self, text): ...
    def begin(self, checkpoint, task, n_total, n_stored): ...
    def advance(self, n): ...


class Killed(BaseException):
    """The process is gone."""


class Counting(FakeEngine):
    """Says how many messages it saw; is gone where the prompt has more of them than it lives for."""

    def __init__(self, n_most=99):
        super().__init__(self.say)
        self.n_most = n_most

    def say(self, prompt):
        if len(prompt.messages) > self.n_most:
            raise Killed
        return f"{prompt.messages[0]['content']} {len(prompt.messages)}"


@pytest.fixture
def run(tmp_path, cache_dir, tiny_chat):
    folder = tmp_path / "foxes"
    folder.mkdir()
    (folder / "task.yaml").write_text(TASK)
    rows = [{"n": n, "turns": ["And?"] * n} for n in range(5)]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    suite = Suite((CheckpointSpec("base", str(tiny_chat)),), (str(folder),), baseline="base")

    def go(out, engine, cache="one"):
        return evaluate(
            suite, tmp_path / out, cache_dir=cache_dir / cache, open_engine=lambda subject: engine, watcher=Quiet()
        )

    return go


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "efforts.jsonl"}


def test_dialogues_of_different_lengths_are_asked_together_round_by_round(run, tmp_path):
    engine = Counting()

    run("whole", engine)

    answers = list(read_answers(tmp_path / "whole"))
    assert engine.n_calls == 1 + 2 + 3 + 4 + 5
    assert [len(one.response.dialogue.rounds) for one in answers] == [1, 2, 3, 4, 5]
    assert [one.response.text for one in answers] == [f"I have {n} foxes. {2 * n + 1}" for n in range(5)]
    assert [len(one.prompt.messages) for one in answers] == [2 * n + 1 for n in range(5)]


def test_a_run_that_is_killed_in_its_third_round_goes_on_there_and_is_equal_to_a_whole_one(run, tmp_path):
    run("whole", Counting(), cache="other")
    broken, resumed, again = Counting(n_most=4), Counting(), Counting()

    with pytest.raises(Killed):
        run("run", broken)
    result = run("run", resumed)
    run("again", again)

    assert result.n_stored == 5 + 4
    assert resumed.n_calls == 3 + 2 + 1
    assert again.n_calls == 0
    assert files(tmp_path / "run") == files(tmp_path / "whole") == files(tmp_path / "again")


def test_a_round_that_the_template_refuses_names_its_own_sample(tmp_path, cache_dir, tiny_chat):
    folder = tmp_path / "foxes"
    folder.mkdir()
    (folder / "task.yaml").write_text(TASK)
    (folder / "samples.jsonl").write_text("".join(json.dumps({"n": n, "turns": ["And?"]}) + "\n" for n in range(3)))
    template = tmp_path / "picky.jinja"
    template.write_text(
        "{% for m in messages %}{% if 'boom' in m.content %}{{ raise_exception(m.content) }}{% endif %}"
        "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    spec = CheckpointSpec("base", str(tiny_chat), template=str(template))
    engine = FakeEngine(lambda prompt: f"boom {prompt.messages[0]['content']}")

    evaluate(
        Suite((spec,), (str(folder),), baseline="base", template_gate="off"),
        tmp_path / "out",
        cache_dir=cache_dir / "one",
        open_engine=lambda subject: engine,
        watcher=Quiet(),
    )

    for one in read_answers(tmp_path / "out"):
        said = one.prompt.messages[0]["content"]
        assert one.response.error.startswith(f"round 2: task foxes, sample {one.prompt.sample_id}: ")
        assert one.response.error.endswith(f"boom {said}")

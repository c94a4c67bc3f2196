"""What the user says of drawing answers, over what a task says."""

import pytest

from chateval.errors import TaskError
from chateval.records import Decoding, Drawing, Task
from chateval.task import LoadOptions, load_task, redrawn
from chateval.task.drawing import draw

YAML = """
name: t
version: 1
source: test
samples: samples.jsonl
messages: [{{role: user, content: "{{{{ q }}}}"}}]
target: x
decoding: {decoding}
scorers: [exact]
"""


def folder(path, decoding):
    (path / "samples.jsonl").write_text('{"q": "a"}\n')
    (path / "task.yaml").write_text(YAML.format(decoding=decoding))
    return str(path)


def loaded(path, decoding, said=Drawing()):  # noqa: B008 - frozen
    return load_task(folder(path, decoding), check=lambda spec: None, options=LoadOptions(drawing=said))


def test_what_is_said_replaces_what_the_task_says_and_nothing_else():
    own = Decoding(max_new_tokens=9, stop=("x",), temperature=0.5, top_p=0.9, seed=1, repeats=2)

    found = draw(own, Drawing(temperature=0.8, repeats=4), task="t")

    assert found == Decoding(max_new_tokens=9, stop=("x",), temperature=0.8, top_p=0.9, seed=1, repeats=4)


def test_a_greedy_task_stays_as_it_is_whatever_top_p_and_seed_are():
    assert draw(Decoding(), Drawing(top_p=0.5, seed=3), task="t") == Decoding()


def test_a_temperature_of_0_makes_a_task_greedy():
    assert draw(Decoding(temperature=0.5, seed=3), Drawing(temperature=0.0), task="t") == Decoding(seed=3)


@pytest.mark.parametrize(
    ("own", "said", "cure"),
    [
        (Decoding(), Drawing(repeats=4), "--temperature above 0"),
        (Decoding(temperature=1.0, repeats=4), Drawing(temperature=0.0), "--repeats 1"),
        (Decoding(), Drawing(temperature=0.0, repeats=2), "--repeats 1"),
    ],
)
def test_greedy_answers_are_not_repeated(own, said, cure):
    with pytest.raises(TaskError, match=rf"task t: \d greedy answers .*{cure}"):
        draw(own, said, task="t")


def test_a_task_that_is_told_to_draw_is_the_task_that_says_so_itself(tmp_path):
    told = loaded(tmp_path, "{max_new_tokens: 4}", Drawing(temperature=0.7, top_p=0.9, seed=2, repeats=3))

    written = loaded(tmp_path, "{max_new_tokens: 4, temperature: 0.7, top_p: 0.9, seed: 2, repeats: 3}")

    assert (told.decoding, told.prompt_digest, told.digest) == (written.decoding, written.prompt_digest, written.digest)


def test_other_draws_are_another_prompt_digest(tmp_path):
    says = [Drawing(), Drawing(temperature=0.7), Drawing(temperature=0.7, seed=1), Drawing(temperature=0.7, repeats=2)]

    assert len({loaded(tmp_path, "{}", said).prompt_digest for said in says}) == len(says)


def test_a_task_from_elsewhere_has_digests_of_its_own_once_it_is_drawn_otherwise():
    task = Task("t", 1, "", "", "", "generate", Decoding(), (), (), "", "asked", "scored")

    found = redrawn(task, Drawing(temperature=1.0))

    assert redrawn(task, Drawing()) is task
    assert redrawn(found, Drawing(temperature=1.0)) is found
    assert {found.prompt_digest, found.digest}.isdisjoint({"asked", "scored"})

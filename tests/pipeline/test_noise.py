import json

import pytest

from chateval.config import Suite
from chateval.engine import FakeEngine
from chateval.pipeline import Checks, evaluate
from chateval.records import CheckpointSpec
from chateval.store import read_run

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} + {{ b }} ="}]
target: "{{ a + b }}"
decoding: DECODING
scorers: [number]
"""


class Quiet:
    """A watcher that says nothing."""

    def stage(self, text): ...
    def begin(self, checkpoint, task, n_total, n_stored): ...
    def advance(self, n): ...


class Wavering(FakeEngine):
    """Adds rightly, but for one answer in `every`, by the order in which it is asked; counts over its whole life."""

    n_asked = 0

    def __init__(self, every: int) -> None:
        super().__init__(self._answer)
        self._every = every

    def _answer(self, prompt):
        Wavering.n_asked += 1
        a, _, b, _ = prompt.messages[0]["content"].split()
        return str(int(a) + int(b) + (Wavering.n_asked % self._every == 0))


@pytest.fixture
def run(tiny_chat, cache_dir, tmp_path):
    def go(engine, decoding="{max_new_tokens: 8}", gate=(), **checks):
        folder = tmp_path / "sums"
        folder.mkdir(exist_ok=True)
        (folder / "task.yaml").write_text(TASK.replace("DECODING", decoding))
        rows = [{"a": a, "b": b} for a in range(10) for b in range(6)]
        (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        other = tmp_path / "other"
        if not other.is_dir():
            import shutil

            shutil.copytree(tiny_chat, other)
            config = json.loads((other / "config.json").read_text())
            (other / "config.json").write_text(json.dumps(config | {"note": "other digests, so other answers"}))
        checkpoints = (CheckpointSpec("base", str(tiny_chat)), CheckpointSpec("sft", str(other)))
        suite = Suite(checkpoints, (str(folder),), baseline="base", gate=gate)
        return evaluate(
            suite,
            tmp_path / "run",
            cache_dir=cache_dir,
            open_engine=lambda subject: engine,
            watcher=Quiet(),
            checks=Checks(**checks),
        )

    return go


def test_an_engine_that_answers_alike_shows_no_noise(run):
    found = run(FakeEngine(lambda prompt: prompt.text), n_noise=2).report

    assert [(noise.n_reruns, noise.n_samples, noise.n_flips, noise.delta) for noise in found.noise] == [(2, 60, 0, 0)]


def test_what_flips_by_itself_is_counted_and_bounds_what_is_called_a_difference(run):
    found = run(Wavering(every=4), n_noise=3).report

    [noise] = found.noise
    assert 10 <= noise.n_flips <= 30
    [comparison] = found.comparisons
    assert comparison.noise > 0


def test_without_reruns_there_is_no_noise_to_tell(run):
    found = run(Wavering(every=4)).report

    assert found.noise == ()
    assert [comparison.noise for comparison in found.comparisons] == [None]


def test_a_second_run_measures_the_noise_without_asking_the_model_again(run):
    engine = Wavering(every=4)
    first = run(engine, n_noise=2)
    n_calls = engine.n_calls

    second = run(engine, n_noise=2)

    assert engine.n_calls == n_calls
    assert second.report.noise == first.report.noise


def test_sampled_answers_are_drawn_with_other_seeds(run):
    seeds = []

    def reply(prompt):
        seeds.append(prompt.decoding.seed)
        return "1"

    run(FakeEngine(reply), decoding="{max_new_tokens: 8, temperature: 0.7, seed: 5}", n_noise=2)

    assert set(seeds) == {5, 6, 7}


def test_noise_is_in_the_report_of_the_folder(run, tmp_path):
    run(Wavering(every=4), n_noise=1)

    from chateval.report import read_report

    assert read_report(tmp_path / "run").noise[0].n_reruns == 1
    assert read_run(tmp_path / "run").tasks[0].name == "sums"

"""The pool on a real local cluster of two workers. What a worker does is said by the name of its checkpoint."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("ray") is None:
    pytest.skip("needs chateval[ray]", allow_module_level=True)

import worker_engines

from chateval.engine import FakeEngine
from chateval.engine.ray import Cluster, RayEngine, open_pool
from chateval.engine.ray.worker import Worker
from chateval.errors import CheckpointError, ConfigError
from chateval.records import Checkpoint, Decoding, Prompt, TemplateFacts

FACTS = TemplateFacts("", "", "", None, "", None, (), {})


@pytest.fixture(scope="module")
def pool():
    """Two workers, which find the module with their engines by its folder."""
    with (
        pytest.MonkeyPatch.context() as patch,
        open_pool(worker_engines.engines, Cluster({}, n_workers=2, gpus_each=1)) as opened,
    ):
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path(worker_engines.__file__).parent), *sys.path]))
        yield opened


@pytest.fixture
def open_engine(pool, tmp_path):
    def opened(name: str, path: Path = tmp_path) -> RayEngine:
        return RayEngine(pool, Checkpoint(name, "chat", str(path)), FACTS, FakeEngine(batch_size=16))

    return opened


def prompts(n, **texts):
    """Return prompts of one length, so that they are dealt in order; `texts` by their place."""
    return [
        Prompt(f"{at:016x}", ({"role": "user", "content": "x"},), texts.get(f"at_{at}", f"text {at}"), (1,), Decoding())
        for at in range(n)
    ]


def ask(engine, asked):
    return [answer for answers in engine.respond(engine.plan(asked)) for answer in answers]


def answered(folder):
    return Counter(line.split()[0] for line in (folder / "answered").read_text().splitlines())


def processes(folder):
    return {line.split()[1] for line in (folder / "answered").read_text().splitlines()}


def kill_who_stalls(folder, heard, n_heard):
    """Kill the process that writes its id into the folder, as soon as so many answers have been heard."""

    def wait_and_kill():
        deadline = time.monotonic() + 60
        while (not (folder / "pid").exists() or len(heard) < n_heard) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(int((folder / "pid").read_text()), signal.SIGKILL)

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    return thread


def test_every_prompt_comes_back_as_the_object_that_was_asked_with_its_own_answer(open_engine, tmp_path):
    asked = prompts(100)

    answers = ask(open_engine("meeting"), asked)

    assert {id(prompt) for prompt, _ in answers} == {id(prompt) for prompt in asked}
    assert all(response.text == prompt.text[::-1] for prompt, response in answers)
    assert set(answered(tmp_path).values()) == {1}
    assert len(processes(tmp_path)) == 2


def test_workers_live_on_from_one_checkpoint_to_the_next(open_engine, tmp_path):
    for name in ("meeting", "good", "meeting"):
        ask(open_engine(name), prompts(40))

    assert len(processes(tmp_path)) == 2


def test_where_a_worker_dies_only_what_it_left_undone_is_done_again(open_engine, tmp_path):
    asked = prompts(64, at_3="stall")
    engine, answers = open_engine("stalling"), []
    killer = kill_who_stalls(tmp_path, answers, n_heard=64 - 5 - 8)  # the rest of its shard, and the one dealt after it

    for found in engine.respond(engine.plan(asked)):
        answers += found
    killer.join()

    assert len(answers) == 64
    assert {id(prompt) for prompt, _ in answers} == {id(prompt) for prompt in asked}
    assert all(response.text == prompt.text[::-1] for prompt, response in answers)
    assert set(answered(tmp_path).values()) == {1}


def test_a_shard_that_always_kills_its_worker_costs_its_own_prompts_only(open_engine):
    asked = prompts(64, at_3="kill")

    answers = {prompt.sample_id: response for prompt, response in ask(open_engine("deadly"), asked)}

    lost = {sample_id: response.error for sample_id, response in answers.items() if response.finish == "error"}
    assert len(answers) == 64
    assert lost[asked[3].sample_id] == "the worker died 3 times on this shard"
    assert len(lost) <= 2  # a shard of eight, halved twice


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("broken", CheckpointError, r"^\S+: incomplete: 2 tensors are not in it$"),
        ("foreign", ConfigError, r"^--engine ray: node \S+ computes with torch 0\.1 \(this run: None\); install"),
        ("faulty", RuntimeError, "TypeError: a fault of the engine"),
    ],
)
def test_what_an_engine_raises_in_its_worker_is_raised_in_the_run(open_engine, name, kind, says):
    with pytest.raises(kind, match=says):
        ask(open_engine(name), prompts(64))


def test_a_pool_goes_on_after_a_run_that_broke_off(open_engine):
    stream = open_engine("good").respond(FakeEngine(batch_size=16).plan(prompts(64)))
    next(stream)
    stream.close()

    assert len(ask(open_engine("good"), prompts(8))) == 8


def test_a_path_that_a_node_does_not_have_is_said_with_the_node(open_engine, tmp_path):
    with pytest.raises(CheckpointError, match=r"^good: node \S+ has no /\S+/absent; every node of the cluster reads"):
        ask(open_engine("good", tmp_path / "absent"), prompts(2))


def test_a_worker_is_an_object_that_works_without_ray(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    worker = Worker(worker_engines.engines, n_threads=1)
    [asked] = FakeEngine(batch_size=2).plan(prompts(2))

    opened, *found = worker.respond((Checkpoint("good", "chat", str(tmp_path)), FACTS), asked)

    assert opened.pid == os.getpid()
    assert [(place, response.text) for item in found for place, response in item] == [(0, "0 txet"), (1, "1 txet")]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:1", "nothing answers at address '127.0.0.1:1': Connection refused"),
        ("ray://127.0.0.1:10001", "run on a node of the cluster"),
    ],
)
def test_an_address_without_a_cluster_is_refused_at_once(address, says):
    with pytest.raises(ConfigError, match=says):
        Cluster({"address": address}, n_workers=2, gpus_each=1)


def test_without_ray_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr("chateval.engine.ray.cluster.find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"pip install 'chateval\[ray\]'"):
        Cluster({}, n_workers=2, gpus_each=1)

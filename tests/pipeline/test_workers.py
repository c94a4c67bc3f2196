"""`--engine ray` on transformers, from end to end, and what a worker does before it trusts its files."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from chateval.checkpoint import DigestCache, resolve_all
from chateval.errors import CheckpointError, ConfigError
from chateval.pipeline import open_engines
from chateval.pipeline.workers import NOWHERE, check_same_files, engines_of_worker
from chateval.records import CheckpointSpec, EngineSpec, TemplateFacts

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs chateval[ray]")
FACTS = TemplateFacts("", "", "", None, "", None, (2,), {})


@pytest.fixture
def suite(tmp_path, tiny_chat, tiny_loras):
    """Return the arguments of a run of a base and two adapters on a task that generates and one that chooses."""
    (tmp_path / "chateval.yaml").write_text(
        f"checkpoints:\n  base: {{path: {tiny_chat}}}\n"
        + "".join(f"  lora{at}: {{adapter: {folder}, base: base}}\n" for at, folder in enumerate(tiny_loras))
        + "tasks: [arithmetic, world_facts]\nlimit: 24\n"
    )
    return ["-c", str(tmp_path / "chateval.yaml"), "--template-gate", "off"]


HEARS_INTERRUPTS = (
    "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "sys.argv[0] = 'chateval'; runpy.run_module('chateval', run_name='__main__', alter_sys=True)"
)
"""A shell's background jobs, and so their tests, start with interrupts ignored."""


def start(*arguments, cache, **options):
    return subprocess.Popen(
        [sys.executable, "-c", HEARS_INTERRUPTS, "run", *map(str, arguments)],
        env={**os.environ, "CHATEVAL_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(*arguments, cache):
    process = start(*arguments, cache=cache)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, out + err
    return err


def answers(folder):
    return [json.loads(line) for line in (folder / "responses.jsonl").read_text().splitlines()]


def without_logprobs(line):
    return {**line, "response": {**line["response"], "choice_logprobs": None}}


def all_logprobs(lines):
    return [value for line in lines for choice in line["response"].get("choice_logprobs", ()) for value in choice]


@needs_ray
@pytest.mark.slow
def test_two_workers_give_the_answers_of_one_process_and_share_its_store(suite, tmp_path):
    run(*suite, "--out", tmp_path / "alone", cache=tmp_path / "cache1")
    run(*suite, "--engine", "ray", "--workers", 2, "--out", tmp_path / "two", cache=tmp_path / "cache2")

    alone, two = answers(tmp_path / "alone"), answers(tmp_path / "two")
    assert len(two) == 3 * 2 * 24
    assert [without_logprobs(line) for line in two] == [without_logprobs(line) for line in alone]
    assert all_logprobs(two) == pytest.approx(all_logprobs(alone), abs=1e-4)
    said = run(*suite, "--engine", "ray", "--out", tmp_path / "again", cache=tmp_path / "cache1")
    assert said.count("48 responses, 48 in the store") == 3
    assert answers(tmp_path / "again") == alone


@needs_ray
@pytest.mark.slow
def test_an_interrupt_leaves_no_process(suite, tmp_path):
    path = Path(suite[1])
    path.write_text(path.read_text().replace("limit: 24\n", ""))  # more than it can have answered by then
    process = start(
        *suite, "--engine", "ray", "--workers", 2, "--out", tmp_path / "run", cache=tmp_path, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and not _workers_of(process.pid):
        time.sleep(0.1)
    family = psutil.Process(process.pid).children(recursive=True)

    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130, err
    assert len(family) > 2
    _, alive = psutil.wait_procs(family, timeout=20)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


@pytest.fixture
def cluster_address(monkeypatch):
    """Start a cluster as a user would, closed to others; end it by its processes, for `ray stop` ends every cluster."""
    for name, value in {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }.items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    options = ["--head", "--block", f"--port={port}", "--num-cpus=2", "--include-dashboard=false"]
    head = psutil.Popen(
        [Path(sys.executable).with_name("ray"), "start", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert any("Ray runtime started" in line for line in head.stdout)
    yield f"127.0.0.1:{port}"
    assert head.poll() is None
    family = [head, *head.children(recursive=True)]
    for process in family:
        process.kill()
    psutil.wait_procs(family, timeout=20)
    head.stdout.close()


@needs_ray
@pytest.mark.slow
def test_a_cluster_that_is_there_is_used_and_left_running(cluster_address, suite, tmp_path):
    arguments = [*suite, "--limit", 3, "--engine", "ray", "--workers", 2]

    said = run(
        *arguments, "--engine-option", f"address={cluster_address}", "--out", tmp_path / "there", cache=tmp_path / "1"
    )
    assert said.count("6 responses") >= 3
    again = run(*suite, "--limit", 3, "--out", tmp_path / "here", cache=tmp_path / "1")
    assert again.count("6 responses, 6 in the store") == 3


def _workers_of(pid):
    found = []
    for one in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):  # it has ended since
            found += [one] if "ray::Worker" in " ".join(one.cmdline()) else []
    return found


@needs_ray
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"tensor_parallel_size": 2}, r"unknown option \['tensor_parallel_size'\]: not of ray.init, nor of workers"),
        ({"worker_engine": "fake"}, "unknown option worker_engine=fake"),
        ({"address": "127.0.0.1:1"}, "nothing answers at address '127.0.0.1:1'"),
    ],
)
def test_an_option_that_nobody_takes_is_refused_before_anything_starts(options, says):
    with pytest.raises(ConfigError, match=says), open_engines(EngineSpec("ray", options=options)):
        pytest.fail("opened")


def checkpoints(folder, adapter):
    specs = [CheckpointSpec("base", str(folder)), CheckpointSpec("lora", str(adapter), base=str(folder))]
    return resolve_all(specs, DigestCache(NOWHERE))


@pytest.fixture
def copies(tiny_chat, tiny_loras, tmp_path):
    shutil.copytree(tiny_chat, tmp_path / "base")
    shutil.copytree(tiny_loras[0], tmp_path / "lora")
    return tmp_path / "base", tmp_path / "lora"


def test_a_worker_elsewhere_accepts_the_same_files(copies):
    for checkpoint in checkpoints(*copies):
        check_same_files(checkpoint, DigestCache(NOWHERE))


@pytest.mark.parametrize(
    ("of", "file", "what"),
    [
        (0, "generation_config.json", "weights_digest"),
        (0, "tokenizer_config.json", "tokenizer_digest"),
        (1, "adapter_config.json", "adapter_digest"),
    ],
)
def test_a_worker_elsewhere_refuses_a_checkpoint_with_other_files(copies, of, file, what):
    checkpoint = checkpoints(*copies)[of]
    path = copies[of] / file
    path.write_text(json.dumps({**json.loads(path.read_text()), "changed": 1}))

    with pytest.raises(CheckpointError, match=rf"^{checkpoint.name}: \S+ on node \S+ has another {what} than where"):
        check_same_files(checkpoint, DigestCache(NOWHERE))


@pytest.mark.parametrize("home", ["here", "elsewhere"])
def test_files_are_compared_on_other_nodes_only(copies, home, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "here")
    changed = replace(checkpoints(*copies)[0], weights_digest="of another file")

    with engines_of_worker(EngineSpec(), home) as open_engine:
        if home == "here":
            assert open_engine(changed, FACTS).identity["engine"] == "transformers"
        else:
            with pytest.raises(CheckpointError, match="has another weights_digest"):
                open_engine(changed, FACTS)


def test_an_adapter_without_a_tokenizer_takes_that_of_its_base(copies):
    for file in copies[1].glob("*token*"):
        file.unlink()

    with engines_of_worker(EngineSpec(), "nobody") as open_engine:
        assert open_engine(checkpoints(*copies)[1], FACTS).identity["peft"]

"""Fault 1: kill -9 at random moments, many times in a row; then the run finishes."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fault_checks import check_folder, check_mended, check_store

IN_FLIGHT = 2


def kill_in_turn(scene, n_kills, *, seed, seconds):
    """Kill runs at random moments of the clock, each going on from the last; return how many were met alive."""
    draw = random.Random(seed)
    whole, _ = scene.undisturbed()
    n_killed = 0
    for _ in range(n_kills):
        running = scene.start(seconds=seconds)
        time.sleep(draw.uniform(0.0, 0.25))
        running.signal(signal.SIGKILL)
        ended = scene.note(running.wait())
        assert ended.code in (-signal.SIGKILL, 0)
        n_killed += ended.code != 0
        check_folder(scene, whole)
    check_store(scene)
    check_mended(scene, whole, n_killed * IN_FLIGHT)
    return n_killed


@pytest.mark.parametrize("n_kills", [12, pytest.param(50, marks=pytest.mark.slow)])
def test_kills_at_random_points_cost_no_answer_and_no_byte(scene, n_kills):
    draw = random.Random(1)
    whole, n_points = scene.undisturbed()
    n_killed = 0
    while n_killed < n_kills:
        ended = scene.run(points={"at": draw.randint(1, n_points), "act": "SIGKILL"})
        n_killed += ended.code == -signal.SIGKILL
        check_folder(scene, whole)
    check_store(scene)
    check_mended(scene, whole, n_killed * IN_FLIGHT)


@pytest.mark.parametrize(
    ("n_kills", "n_samples"), [(6, 20), pytest.param(50, 300, marks=pytest.mark.slow)], ids=["six", "fifty"]
)
def test_kills_at_random_moments_of_the_clock_cost_no_answer_and_no_byte(
    fault_server, models, tmp_path, n_kills, n_samples
):
    from faults import Scene

    scene = Scene(fault_server, tmp_path / "scene", models, n_samples=n_samples)

    assert kill_in_turn(scene, n_kills, seed=2, seconds=0.005) >= n_kills // 2


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_no_process_outlives_a_run_that_is_killed(tiny_chat, tmp_path, cache_dir):
    """The one that renders templates is started by the run itself, and ends when nobody asks any more."""
    command = [sys.executable, "-m", "chateval", "run", "--engine", "fake", "--checkpoint", f"m={tiny_chat}"]
    command += ["--task", "arithmetic", "--out", str(tmp_path / "run")]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + 60
    while not (started := children_of(running.pid)) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()

    assert started
    while any(map(is_alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, started))

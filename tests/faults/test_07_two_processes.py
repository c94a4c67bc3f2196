"""Fault 7: two processes start the same run."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from chateval.errors import StoreError
from chateval.store import lock_run

PATIENCE_SECONDS = 60


def until(condition):
    """Wait until a condition holds, and return what it holds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("never")


def begun(running):
    """Wait until a command has asked for an answer."""
    until(lambda: any(line[0] == "asked" for line in running.log()))
    return running


def test_the_second_one_says_who_has_the_folder_and_ends(scene):
    first = begun(scene.start(seconds=0.4))

    second = scene.run()
    scored = scene.run("score", str(scene.out))
    ended = scene.note(first.wait())

    holder = (
        rf"chateval: {re.escape(str(scene.out))}: locked by pid {first.pid} on {re.escape(socket.gethostname())} since "
    )
    assert (second.code, second.of("asked"), scored.code, ended.code) == (2, [], 2, 0)
    for refused in (second, scored):
        assert re.fullmatch(
            holder
            + r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d; wait for it \(--wait\) or give another folder \(--out\)",
            refused.said,
        )
    assert not (scene.out / ".lock").exists()


def test_with_wait_it_waits_says_for_whom_and_asks_no_model(scene):
    first = begun(scene.start(seconds=0.2))
    second = scene.start(*scene.argv(), "--wait")
    third = scene.start("score", str(scene.out), "--wait")

    ended, waited, scored = scene.note(first.wait()), second.wait(), third.wait()

    assert (ended.code, waited.code, scored.code) == (0, 0, 0)
    assert len(ended.of("asked")) == 2 * scene.n_samples
    assert waited.of("asked") == scored.of("asked") == []
    for one in (waited, scored):
        assert one.err.count(f"waiting for {scene.out}: locked by pid ") == 1
    assert not (scene.out / ".lock").exists()


def test_the_folder_of_a_killed_process_is_free_at_once(scene):
    first = begun(scene.start(seconds=0.2))
    first.signal(signal.SIGKILL)
    scene.note(first.wait())
    assert json.loads((scene.out / ".lock").read_text())["pid"] == first.pid

    refused = scene.run("report", str(scene.out))
    ended = scene.run()

    assert refused.code == 2
    assert "no SHA256SUMS in it: this run did not end" in refused.said
    assert (ended.code, (scene.out / ".lock").exists()) == (0, False)


def test_a_left_over_lock_of_a_pid_that_lives_again_is_no_lock(scene):
    scene.out.mkdir(parents=True)
    (scene.out / ".lock").write_text(json.dumps({"pid": 1, "host": "elsewhere", "since": "2020-01-01"}))

    assert scene.run().code == 0


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "host": "a\\u001b]0;x\\u0007", "since": 1}']
)
def test_a_lock_whose_text_is_broken_is_still_a_lock(text, tmp_path):
    with lock_run(tmp_path):
        (tmp_path / ".lock").write_text(text)
        code = (
            "import sys; from pathlib import Path; from chateval.store import lock_run\n"
            "try:\n    lock_run(Path(sys.argv[1])).__enter__()\n"
            "except Exception as error:\n    print(type(error).__name__, ascii(str(error)))"
        )
        found = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)

    assert found.stdout.startswith("StoreError ")
    assert ": locked by " in found.stdout


@pytest.mark.parametrize("way", ["fork", "exec"])
def test_a_worker_that_outlives_its_killed_parent_does_not_hold_the_folder(way, tmp_path):
    child = {
        "fork": "ready, told = os.pipe()\npid = os.fork()\n"
        "if pid == 0:\n    os.write(told, b'1')\n    time.sleep(60)\n    os._exit(0)\nos.read(ready, 1)\n",
        "exec": "pid = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], close_fds=False).pid\n",
    }[way]
    code = (
        "import os, subprocess, sys, time\nfrom pathlib import Path\nfrom chateval.store import lock_run\n"
        f"with lock_run(Path(sys.argv[1])):\n    {child.replace(chr(10), chr(10) + '    ')}\n"
        "    print(pid, flush=True)\n    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    with pytest.raises(StoreError, match=f"locked by pid {parent.pid} on "), lock_run(tmp_path):
        pass
    parent.kill()
    parent.wait()
    parent.stdout.close()

    os.kill(worker, 0)
    try:
        with lock_run(tmp_path):
            pass
    finally:
        os.kill(worker, signal.SIGKILL)


def test_a_folder_is_free_again_after_an_error_and_may_be_held_twice_by_one(tmp_path):
    with pytest.raises(ValueError, match="mine"), lock_run(tmp_path), lock_run(tmp_path):
        raise ValueError("mine")

    with lock_run(tmp_path):
        assert (tmp_path / ".lock").is_file()
    assert list(tmp_path.iterdir()) == []


def test_eight_processes_that_start_at_once_run_one_after_the_other(scene):
    started = [scene.start(*scene.argv(), "--wait") for _ in range(8)]
    ended = [one.wait() for one in started]

    assert [one.code for one in ended] == [0] * 8
    assert sum(len(one.of("asked")) for one in ended) == 2 * scene.n_samples

"""Fault 28: code that a model wrote does harm: the limit is the reason, and the harness, its files and processes stay.

What each limit says is tested in tests/score/code/test_run.py; here is what could reach beyond the process.
"""

import time
from pathlib import Path

import pytest
from scorer_cases import case_for, sample_for

from chateval.errors import TaskError
from chateval.records import Sample
from chateval.score import bind
from chateval.score.code.isolation import isolation

needs_isolation = pytest.mark.skipif(isolation().has_network, reason="this system allows no namespaces")


def scored(code, tests="assert answer == 42"):
    sample = Sample("s", {**sample_for("runs_tests").inputs, "tests": tests}, target="the secret target")
    scorer = bind("runs_tests", {"tests": "tests", "seconds": 1.0, "memory_mib": 256}, trust_code=True)
    return scorer(case_for("runs_tests", f"```python\n{code}\n```", sample=sample))


def processes():
    """Return the command lines of all processes that an answer left behind."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"left-behind-by-code" in command:
            found.append(command)
    return found


HARMFUL = {
    "signals the parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nanswer = 0",
    "signals its group": "import os, signal\nos.killpg(0, signal.SIGKILL)",
    "signals everybody": "import os\ntry: os.kill(-1, 0)\nexcept OSError: pass\nanswer = 0",
    "deletes its folder": "import os, shutil\nshutil.rmtree(os.getcwd())\nanswer = 0",
    "reads its input": "import sys\nanswer = len(sys.stdin.read())",
    "waits for input": "input()\nanswer = 42",
    "traces its parent": (
        "import ctypes, os\nanswer = ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)\nassert answer == -1\nanswer = 0"
    ),
    "finds the target": (
        "import sys\nframe, found = sys._getframe(), []\nwhile frame:\n    found += map(repr, frame.f_locals.values())"
        "\n    frame = frame.f_back\nanswer = 42 if 'secret ' + 'target' in ''.join(found) else 0"
    ),
    "finds the target in memory": (
        "import gc\nanswer = 42 if any('the secret ' + 'target' == one for one in gc.get_objects()) else 0"
    ),
    "ends and goes on": "import os\nif os.fork(): os._exit(0)\nimport time\ntime.sleep(60)",
    "sleeps for ever": "import time\ntime.sleep(10**6)",
    "ignores signals": "import signal as s\nfor n in (2, 10, 12, 15, 24): s.signal(n, s.SIG_IGN)\nwhile True: pass",
    "raises its own limits": (
        "import resource as r\nr.setrlimit(r.RLIMIT_AS, (r.RLIM_INFINITY, r.RLIM_INFINITY))\na = bytearray(2**30)\n"
        "answer = 42"
    ),
    "replaces what the verdict needs": (
        "import os, sys, builtins\nos._exit = os.write = builtins.exec = lambda *a: None\nanswer = 0"
    ),
}


@pytest.mark.parametrize("harm", HARMFUL)
def test_harm_ends_with_its_process(harm):
    start = time.monotonic()

    found = scored(HARMFUL[harm])

    assert found.value == 0.0
    assert found.reason
    assert time.monotonic() - start < 30


@needs_isolation
def test_a_process_that_forks_twice_and_leaves_its_session_is_gone(tmp_path):
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.execvp('sleep', ['left-behind-by-code', '60'])\n    os._exit(0)\ntime.sleep(0.2)\nanswer = 42"
    )

    assert scored(code).value == 1.0
    limit = time.monotonic() + 5
    while processes() and time.monotonic() < limit:
        time.sleep(0.05)
    assert processes() == []


def test_no_folder_of_an_answer_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = "import os\nos.makedirs('a/b/c')\nopen('a/b/c/d', 'w').write('x')\nos.chmod('a/b', 0)\nanswer = 42"

    assert scored(code).value == 1.0
    assert list(tmp_path.iterdir()) == []


def test_the_environment_of_the_harness_is_not_seen(monkeypatch):
    monkeypatch.setenv("CHATEVAL_API_KEY", "sk-secret-of-the-harness")
    code = (
        "import os\nseen = repr(dict(os.environ)) + repr(open('/proc/self/environ', 'rb').read())\n"
        "answer = 42 if 'secret-of-the-harness' not in seen else 0"
    )

    assert scored(code).value == 1.0


def test_it_is_off_unless_it_is_asked_for():
    with pytest.raises(TaskError, match="without a sandbox; say --trust-code to allow it"):
        bind("runs_tests", {"tests": "tests"})
    assert "It is not a sandbox." in Path(__file__).parents[2].joinpath("docs/code.md").read_text()

"""Fault 22: a scorer raises, hangs, returns what is no mark, floods, exits, or changes the process it runs in."""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from chateval.__main__ import main

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{{role: user, content: "{{{{ a }}}} + {{{{ b }}}} ="}}]
target: "{{{{ a + b }}}}"
scorers:
{scorers}
"""

MINE = """
import ctypes, os, random, signal, sys, threading, time

import chateval
from chateval import Mark


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Stubborn(BaseException):
    pass


def misbehave(fault):
    match fault:
        case "raises": 1 / 0
        case "raises without a text": raise Unprintable
        case "raises a base exception": raise Stubborn("mine")
        case "raises a long text": raise RuntimeError("x" * 10**7)
        case "raises KeyboardInterrupt": raise KeyboardInterrupt
        case "recurses": return misbehave(fault)
        case "sleeps": time.sleep(60)
        case "computes in C": return Mark(float(len(str(9**(9**9))) > 0))
        case "ignores the alarm":
            signal.signal(signal.SIGALRM, signal.SIG_IGN); signal.setitimer(signal.ITIMER_REAL, 0); time.sleep(60)
        case "sys.exit": sys.exit(3)
        case "os._exit": os._exit(3)
        case "kills itself": os.kill(os.getpid(), signal.SIGKILL)
        case "crashes": ctypes.string_at(0)
        case "closes its files": os.closerange(0, 100)
        case "takes memory": return Mark(float(len(bytearray(10 * 2**30)) > 0))
        case "returns None": return None
        case "returns text": return "right"
        case "returns a list": return [1.0] * 10**6
        case "value NaN": return Mark(float("nan"))
        case "value inf": return Mark(float("inf"))
        case "value -0.1": return Mark(-0.1)
        case "value text": return Mark("1.0")
        case "value huge": return Mark(10**400)
        case "value a list": return Mark([1.0])
        case "weight NaN": return Mark(1.0, weight=float("nan"))
        case "weight -1": return Mark(1.0, weight=-1.0)
        case "no value, no reason": return Mark(None)
        case "answer a list": return Mark(1.0, answer=list(range(10**5)))
        case "floods": [sys.stdout.write("x" * 2**20) for _ in range(1024)]; os.write(2, b"x" * 2**20)
        case "reads": assert sys.stdin.read() == ""
        case "changes the process":
            os.chdir("/"); os.environ.clear(); random.seed(0); chateval.Mark = None; sys.path.clear()
            time.time = lambda: 0.0; os.umask(0); os.nice(1)
    return Mark(1.0)


def score(case, *, fault: str):
    return misbehave(fault) if case.sample.inputs["a"] == 2 and case.response.text else Mark(1.0)


def judge(case, *, fault: str):
    return misbehave(fault) if case.response.text else Mark(0.0)
"""

LATE = "the scorer took longer than 0.5 s (limit_seconds)"
FAULTS = {
    "raises": "ZeroDivisionError: division by zero",
    "raises without a text": "Unprintable",
    "raises a base exception": "Stubborn: mine",
    "raises a long text": "RuntimeError: xxx",
    "raises KeyboardInterrupt": "KeyboardInterrupt",
    "recurses": "RecursionError: maximum recursion depth exceeded",
    "sleeps": LATE,
    "computes in C": LATE,
    "ignores the alarm": LATE,
    "sys.exit": "SystemExit: 3",
    "os._exit": "the scorer ended its process with status 3",
    "kills itself": "the scorer ended its process by signal 9",
    "crashes": "the scorer ended its process by signal 11",
    "closes its files": "the scorer ended its process with status ",
    "takes memory": "MemoryError: over the limit of 4096 MiB (limit_mib)",
    "returns None": "the scorer returned NoneType, not a Mark",
    "returns text": "the scorer returned str, not a Mark",
    "returns a list": "the scorer returned list, not a Mark",
    "value NaN": "the scorer returned nan, which is not in [0, 1]",
    "value inf": "the scorer returned inf, which is not in [0, 1]",
    "value -0.1": "the scorer returned -0.1, which is not in [0, 1]",
    "value text": "the scorer returned '1.0', which is no number",
    "value huge": "OverflowError: ",
    "value a list": "TypeError: ",
    "weight NaN": "the scorer returned the weight nan, which is not in [0, 1e+12]",
    "weight -1": "the scorer returned the weight -1.0, which is not in [0, 1e+12]",
    "no value, no reason": "the scorer gave neither a value nor a reason",
}
"""What a scorer does on one of its samples -> how the reason of that sample begins."""

ENDS_ITS_PROCESS = (LATE, "the scorer ended its process")
QUICK = (*(fault for fault in FAULTS if not FAULTS[fault].startswith(ENDS_ITS_PROCESS)), "computes in C", "os._exit")
"""Each of the others costs the start of a process more."""
HARMLESS = ("answer a list", "floods", "reads", "changes the process")
"""What it may do without harm."""


@pytest.fixture
def chateval(tmp_path, monkeypatch, capsys):
    """Run a command in a folder with a task and a module of scorers; return (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("mine.py").write_text(MINE)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        captured = capsys.readouterr()
        return caught.value.code, captured.out, captured.err

    return run


def write_task(faults, function="score"):
    Path("sums").mkdir(exist_ok=True)
    lines = []
    for fault, limits in faults.items():
        seconds = 20 if fault in HARMLESS else 0.5
        lines.append(f"  - 'mine:{function}': {{fault: '{fault}', as: '{fault}', limit_seconds: {seconds}{limits}}}")
    Path("sums/task.yaml").write_text(TASK.format(scorers="\n".join([*lines, "  - number"])))
    Path("sums/samples.jsonl").write_text("".join(json.dumps({"a": a, "b": 1}) + "\n" for a in (1, 2, 3)))


def run_fake(chateval, model, *more):
    arguments = ("--engine", "fake", "--checkpoint", f"base={model}", "--task", "./sums", "--out", "run")
    return chateval("run", *arguments, "--trust-code", "--json", *more)


def scores_of(run="run"):
    rows = [json.loads(line) for line in Path(run, "scores.jsonl").read_text().splitlines()]
    names = list(dict.fromkeys(row["scorer"] for row in rows))
    return {name: [row for row in rows if row["scorer"] == name] for name in names}


@pytest.mark.parametrize("faults", [QUICK, pytest.param(tuple(FAULTS), marks=pytest.mark.slow)], ids=["some", "all"])
def test_a_scorer_that_misbehaves_on_a_sample_costs_that_score_and_nothing_else(chateval, tiny_chat, faults):
    write_task(dict.fromkeys((*faults, *HARMLESS), ""))
    state = (Path.cwd(), dict(os.environ), list(sys.path), os.nice(0))

    code, out, err = run_fake(chateval, tiny_chat)

    assert code == 4, err
    assert state == (Path.cwd(), dict(os.environ), list(sys.path), os.nice(0))
    assert time.time() > 1
    found = scores_of()
    for fault in faults:
        values = [row["value"] for row in found[fault]]
        assert (fault, values) == (fault, [1.0, None, 1.0])
        [bad] = [row for row in found[fault] if row["value"] is None]
        assert bad["reason"].startswith(FAULTS[fault]), fault
        assert len(bad["reason"]) < 1_100
    for fault in HARMLESS:
        assert (fault, [row["value"] for row in found[fault]]) == (fault, [1.0, 1.0, 1.0])
    counts = {one["scorer"]: (one["n"], one["n_unscored"]) for one in json.loads(out)["estimates"]}
    assert counts == {**dict.fromkeys(faults, (2, 1)), **dict.fromkeys((*HARMLESS, "number"), (3, 0))}
    assert "Traceback" not in err


def test_scoring_again_with_the_scorer_mended_asks_no_model(chateval, tiny_chat):
    write_task({"raises": "", "sys.exit": ""})
    assert run_fake(chateval, tiny_chat)[0] == 4
    answers = Path("run/responses.jsonl").read_bytes()
    Path("mine.py").write_text(MINE.replace("== 2", "== 99"))

    code, out, err = chateval("score", "run", "--trust-code", "--json")

    assert code == 0, err
    assert {one["n_unscored"] for one in json.loads(out)["estimates"]} == {0}
    assert Path("run/responses.jsonl").read_bytes() == answers


def test_a_scorer_that_hangs_on_the_empty_answer_is_tried_once(chateval, tiny_chat):
    """Every sample is tried before a model is loaded, with an empty answer."""
    write_task({"sleeps": ""})
    once = "not case.response.text and open('tried', 'a').write('x') and not"
    Path("mine.py").write_text(MINE.replace('case.sample.inputs["a"] == 2 and', once))

    code, _, err = run_fake(chateval, tiny_chat)

    assert code == 0, err
    assert Path("tried").read_text() == "x"


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("raise SystemExit(1)", "scorer 'mine:score' cannot be imported: SystemExit: 1"),
        ("import os; os._exit(0)", "scorer 'mine:score' cannot be imported: its module ended its process"),
        ("def score(case)", "scorer 'mine:score' cannot be imported: SyntaxError: "),
        ("import absent", "scorer 'mine:score' cannot be imported: No module named 'absent'"),
        ("raise KeyboardInterrupt", "scorer 'mine:score' cannot be imported: KeyboardInterrupt"),
        ("score = bytearray(10 * 2**30)", "scorer 'mine:score' cannot be imported: MemoryError"),
        ("score = 1", "scorer 'mine:score' is not a function"),
        ("def score(case): ...", "scorer mine:score has no option 'fault'; it takes: none"),
        ("def score(case, *, fault: int): ...", "scorer mine:score, option fault: input should be a valid integer"),
        ("def score(case, *, fault): raise ValueError('no good row')", "cannot use sample 1"),
    ],
)
def test_a_module_that_gives_no_scorer_is_refused_in_one_line_before_any_model(chateval, tiny_chat, module, said):
    write_task({"raises": ""})
    Path("mine.py").write_text(module)

    code, _, err = run_fake(chateval, tiny_chat)

    assert code == 2
    [line] = [line for line in err.splitlines() if "mine:score" in line or "raises" in line]
    assert said in line
    assert not Path("run/responses.jsonl").exists()


@pytest.mark.parametrize("limit", ["limit_seconds: 0", "limit_seconds: soon", "limit_mib: -1", "limit_seconds: true"])
def test_a_limit_that_is_no_number_above_0_is_refused(chateval, tiny_chat, limit):
    write_task({"raises": f", {limit}" if "mib" in limit else ""})
    text = Path("sums/task.yaml").read_text()
    Path("sums/task.yaml").write_text(text.replace("limit_seconds: 0.5", limit) if "mib" not in limit else text)

    code, _, err = run_fake(chateval, tiny_chat)

    assert (code, "must be a number above 0" in err) == (2, True)


def test_the_limit_on_memory_is_that_of_the_task(chateval, tiny_chat):
    write_task({"takes memory": ", limit_mib: 512"})

    assert run_fake(chateval, tiny_chat)[0] == 4
    assert "over the limit of 512 MiB" in scores_of()["takes memory"][1]["reason"]


def test_no_process_of_a_scorer_stays_behind(tmp_path):
    """The program ends while its scorers hang: killed, too, they end at their own limit."""
    import signal
    import subprocess

    Path(tmp_path, "mine.py").write_text(MINE)
    program = """
import sys
sys.path.insert(0, ".")
from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score import bind

case = Case(Sample("s", {"a": 2}, target=""), Prompt("s", (), "", (), Decoding()), Response("s", "x", "eos"),
            TemplateFacts("", "", "", None, "", None, (), {}))
scorer = bind("mine:judge", {"fault": "sleeps", "limit_seconds": 2}, trust_code=True)
print("ready", flush=True)
scorer(case)
"""
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGKILL)
    process.communicate()

    limit = time.monotonic() + 10
    while is_alive(int(child)) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not is_alive(int(child))


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

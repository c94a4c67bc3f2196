"""How wide a report is where there is no terminal, and what an interrupted command says."""

import os
import signal
import subprocess
import sys
import time

import pytest
from rich.cells import cell_len
from shared_run import shared_report

from chateval.cli.screen import Screen
from chateval.errors import INTERRUPTED, InterruptionError
from chateval.report import to_json


@pytest.mark.parametrize(("columns", "is_drawn"), [(None, False), ("120", True)])
def test_a_report_in_a_pipe_has_80_columns_or_those_that_were_asked_for(tmp_path, columns, is_drawn):
    (tmp_path / "report.json").write_text(to_json(shared_report("x")), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
    if columns:
        environment["COLUMNS"] = columns

    found = subprocess.run(
        [sys.executable, "-m", "chateval", "report", str(tmp_path / "report.json")],
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    ).stdout

    assert max(map(cell_len, found.split("\n"))) <= int(columns or 80)
    assert ("●" in found) is is_drawn
    assert "\x1b" not in found


def test_an_interruption_says_how_many_answers_are_kept():
    with pytest.raises(InterruptionError) as caught, Screen() as screen:
        screen.begin("base", "sums", 40, 4)
        screen.advance(8)
        raise KeyboardInterrupt

    assert str(caught.value) == "interrupted: 12 of 40 answers of base kept; the same command goes on from there"


def test_before_the_first_answer_an_interruption_counts_none():
    with pytest.raises(InterruptionError, match="^interrupted; the same command"), Screen():
        raise KeyboardInterrupt


def test_a_request_to_end_interrupts_only_while_something_is_shown():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(InterruptionError), Screen():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    assert signal.getsignal(signal.SIGTERM) == before


SLOW = """
import sys, time
from chateval.engine.fake import FakeEngine

def reply(self, prompt):
    print("answering", flush=True)
    time.sleep(30)

FakeEngine._respond = reply
sys.argv = ["chateval", *sys.argv[1:]]
from chateval.__main__ import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_says_so_and_readers_of_its_folder_do(tmp_path, tiny_chat, number):
    arguments = ("run", "--engine", "fake", "--checkpoint", f"m={tiny_chat}", "--task", "arithmetic", "--limit", "9")
    running = subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments, "--out", "night"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert running.stdout.readline() == "answering\n"
    running.send_signal(number)
    assert "interrupted: ending what is under way" in running.stderr.readline() + running.stderr.readline()
    running.send_signal(number)
    _, err = running.communicate(timeout=20)

    assert running.returncode == INTERRUPTED
    told = "chateval: interrupted: 0 of 9 answers of m kept; the same command goes on from there"
    assert err.strip().splitlines()[-1] == told
    for command in (["report", "night"], ["gate", "night", "--max-drop", "0.1"], ["score", "night"]):
        line = [sys.executable, "-m", "chateval", *command]
        found = subprocess.run(line, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
        assert found.returncode == 2
        assert "night: no SHA256SUMS in it: this run did not end" in found.stderr

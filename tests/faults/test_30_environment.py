"""Fault 30: the environment is not the usual one: streams, locale, terminal, folders, limits, clock, network."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASH, UNSHARE = shutil.which("bash"), shutil.which("unshare")
ROOT = Path(__file__).resolve().parents[2]
NAMED = "a résumé"
"""A folder whose name is not ASCII."""


@pytest.fixture(scope="module")
def place(tiny_chat, tmp_path_factory):
    """A folder with a finished run in it, and a suite to make another one."""
    import chateval
    from chateval.config import Suite
    from chateval.records import EngineSpec

    folder = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATEVAL_CACHE", str(folder / "cache"))
        suite = Suite((), ("arithmetic",), baseline="base", limit=4)
        models = {"base": tiny_chat, "sft": tiny_chat}
        chateval.evaluate(models, [], out=folder / NAMED, engine=EngineSpec("fake"), suite=suite)
    (folder / "chateval.yaml").write_text(
        f"checkpoints: {{base: {{path: {tiny_chat}}}, sft: {{path: {tiny_chat}}}}}\n"
        "tasks: [arithmetic]\nlimit: 4\nengine: fake\ngate: [{max_errors: 0}]\n"
    )
    return folder


@pytest.fixture
def sh(place, tmp_path):
    """Run a line of bash where `chateval` is the command line; return exit code, stdout and stderr, both as bytes."""

    def run(line, *, python="", cwd=place, **environment):
        chateval = f'chateval() {{ "{sys.executable}" {python} -m chateval "$@"; }}\n'
        whole = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "HOME": str(tmp_path),
            "CHATEVAL_CACHE": str(place / "cache"),
            "OMP_NUM_THREADS": "1",
            "LC_ALL": "C.UTF-8",
            "RUN": str(place / NAMED),
            "OUT": str(tmp_path / "out"),
        } | environment
        given = {name: value for name, value in whole.items() if value is not None}
        done = subprocess.run(
            [str(BASH), "-o", "pipefail", "-c", chateval + line], cwd=cwd, env=given, capture_output=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    return run


pytestmark = pytest.mark.skipif(BASH is None, reason="no bash here")

PLAIN = 'chateval report "$RUN"'
FAIL = 'chateval gate "$RUN" --max-drop 0.5'
"""Four samples are too few: 3, and that is what every one of these must say."""

STREAMS = {
    "a reader that leaves": (f"{PLAIN} | true", 0),
    "a reader that leaves after a line": ('chateval report "$RUN" --json | head -1 >/dev/null', 0),
    "a reader that leaves a gate": (f"{FAIL} | true", 3),
    "standard output closed": (f"{FAIL} >&-", 3),
    "standard error closed": (f"{FAIL} 2>&-", 3),
    "standard error closed, and a mistake": ("chateval report ./absent 2>&-", 2),
    "all three closed": (f"{FAIL} <&- >&- 2>&-", 3),
    "standard input closed": (f"{PLAIN} <&-", 0),
}


@pytest.mark.parametrize(("line", "code"), STREAMS.values(), ids=STREAMS)
def test_a_stream_that_is_gone_changes_no_exit_code(sh, line, code):
    found, _, err = sh(line)

    assert found == code, err
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["chateval tasks", 'chateval report "$RUN" --json'])
def test_a_full_disk_behind_standard_output_is_said_in_one_line(sh, command):
    code, _, err = sh(f"{command} >/dev/full")

    assert (code, err) == (
        2,
        b"chateval: standard output cannot be written: No space left on device; name another file\n",
    )


LOCALES = {
    "C": {"LC_ALL": "C"},
    "POSIX without UTF-8": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ASCII streams": {"PYTHONIOENCODING": "ascii"},
    "Latin-1 streams": {"PYTHONIOENCODING": "latin-1:strict"},
    "a locale that is not there": {"LC_ALL": "xx_YY.UTF-99", "PYTHONUTF8": "0"},
}


@pytest.mark.parametrize("environment", LOCALES.values(), ids=LOCALES)
def test_any_locale_prints_the_report_and_reads_names_that_are_not_ascii(sh, environment):
    code, out, err = sh(
        f'{PLAIN} && chateval report "$RUN" --markdown >"$OUT" && chateval report "$RUN/x"', **environment
    )

    assert code == 2, err
    assert b"arithmetic" in out
    [said] = [line for line in err.splitlines() if b"setlocale" not in line]  # bash's own words
    assert b"no report there" in said


TERMINALS = {
    "TERM=dumb": ({"TERM": "dumb"}, 80),
    "one column": ({"COLUMNS": "1"}, None),
    "no column": ({"COLUMNS": "0"}, 80),
    "fewer": ({"COLUMNS": "-5"}, 80),
    "a million": ({"COLUMNS": "1000000"}, None),
    "a number in other letters": ({"COLUMNS": "²"}, 80),
    "a number that is too long": ({"COLUMNS": "9" * 5000}, 80),
}


@pytest.mark.parametrize(("environment", "width"), TERMINALS.values(), ids=TERMINALS)
def test_any_terminal_shows_the_report(monkeypatch, capsys, place, environment, width):
    import rich.console

    from chateval.cli import screen
    from chateval.report import read_report, show

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    screen.settle_size()
    console = rich.console.Console(highlight=False, markup=False, width=None if "COLUMNS" in os.environ else 80)

    show(read_report(place / NAMED), console, where="x")
    lines = capsys.readouterr().out.splitlines()

    assert any("arithmetic" in line.replace(" ", "") for line in lines) or environment == {"COLUMNS": "1"}
    assert len(lines) > 10
    assert width is None or max(map(len, lines)) <= width


INTERPRETERS = {
    "-O": {"python": "-O"},
    "-OO": {"python": "-OO"},
    "-X dev and warnings": {"python": "-X dev -W error"},
}
WHOLE = (
    'chateval run -c chateval.yaml --out "$OUT" && chateval score "$OUT" && chateval compare "$OUT" "$RUN"'
    ' && chateval report "$OUT" --html "$OUT.html" --csv "$OUT.csv" && chateval tasks >/dev/null'
    ' && chateval template check base=$(sed -n "s/.*base: {path: \\([^}]*\\)}, sft.*/\\1/p" chateval.yaml)'
    ' && chateval init --out "$OUT.yaml" x="$OUT"; chateval gate "$OUT" --max-drop 0.5; [ $? = 3 ]'
)


@pytest.mark.slow
@pytest.mark.parametrize("how", INTERPRETERS.values(), ids=INTERPRETERS)
def test_the_whole_line_works_under_any_interpreter_and_warns_of_nothing(sh, tmp_path, how):
    code, _, err = sh(WHOLE, **how)

    assert code == 0, err.decode()
    assert b"Warning" not in err
    assert b"Traceback" not in err


RUN = 'chateval run -c chateval.yaml --out "$OUT"'
MACHINES = {
    "64 open files": (f"ulimit -n 64; {RUN}", {}),
    "one processor": (f"taskset -c 0 true && {RUN}", {}),
    "no folder for temporary files": (RUN, {"TMPDIR": "/absent"}),
    "no HOME, and a user without a name": ("unshare -U true || exit 77; unshare -U bash -c '{}'", {}),
    "everybody may write": (f"umask 000; {RUN}", {}),
    "a store in a folder named from here": (RUN, {"CHATEVAL_CACHE": "here/cache"}),
    "no store named": (RUN, {"CHATEVAL_CACHE": ""}),
    "no working folder": ('mkdir gone; cd gone; rmdir ../gone; chateval report "$RUN"', {}),
    "a name that is not UTF-8": (RUN + "$'\\xff' && chateval report \"$OUT\"$'\\xff'", {}),
}


@pytest.mark.slow
@pytest.mark.parametrize(("line", "environment"), MACHINES.values(), ids=MACHINES)
def test_a_run_ends_on_any_machine(sh, tmp_path, line, environment):
    inner = f'"{sys.executable}" -m chateval run -c chateval.yaml --out "$OUT"'
    line = line.replace("{}", inner.replace("'", ""))
    environment = {"HOME": None, "CHATEVAL_CACHE": None} | environment if "unshare" in line else environment

    code, out, err = sh(line, **environment)
    if code == 77:
        pytest.skip("no user namespaces here")

    assert code == 0, err.decode("utf-8", "replace")
    assert b"arithmetic" in out


HOMELESS = {
    "a home that cannot be written": {"CHATEVAL_CACHE": None, "HOME": "/proc"},
    "a store that is a file": {"CHATEVAL_CACHE": "chateval.yaml"},
    "a store below a file": {"CHATEVAL_CACHE": "chateval.yaml/x"},
    "a store that cannot be written": {"CHATEVAL_CACHE": "/proc/x"},
}


@pytest.mark.slow
@pytest.mark.parametrize("environment", HOMELESS.values(), ids=HOMELESS)
def test_a_store_that_cannot_be_is_one_line_before_a_model_is_loaded(sh, environment):
    code, out, err = sh(RUN, **environment)

    assert (code, out) == (2, b"")
    assert err.count(b"\n") == 1
    assert b"responses" in err or b"store" in err


WATCHED = """
import runpy, sys
wanted = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        wanted.append((event, repr(arguments[1:] if event == "socket.connect" else arguments)))
sys.addaudithook(watch)
try:
    runpy.run_module("chateval", run_name="__main__", alter_sys=True)
finally:
    print("wanted:", wanted, file=sys.stderr)
"""


@pytest.mark.slow
def test_nothing_is_asked_of_a_network_where_all_is_on_this_machine(sh, tmp_path):
    (tmp_path / "watched.py").write_text(WATCHED)
    line = WHOLE.replace("chateval ", f'"{sys.executable}" "{tmp_path}/watched.py" ').replace(
        f'{tmp_path}/watched.py" .yaml', "chateval.yaml"
    )
    apart = subprocess.run([UNSHARE or "false", "-rn", "true"], check=False, capture_output=True).returncode == 0

    code, _, err = sh(f"unshare -rn true; {line}" if not apart else line, HF_HUB_OFFLINE=None)

    assert code == 0, err.decode()
    assert err.count(b"wanted: []") >= 7
    assert b"wanted: [(" not in err


def test_the_clock_is_in_no_record_and_a_jump_of_it_changes_nothing(place, tiny_chat, tmp_path, monkeypatch):
    import time

    import chateval
    from chateval.config import Suite
    from chateval.records import EngineSpec

    now, jumps = time.time, iter(range(10**6))
    monkeypatch.setattr(time, "time", lambda: now() + (-1) ** next(jumps) * 10**9)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    suite = Suite((), ("arithmetic",), baseline="base", limit=4)

    chateval.evaluate(
        {"base": tiny_chat, "sft": tiny_chat}, [], out=tmp_path / "run", engine=EngineSpec("fake"), suite=suite
    )

    for name in ("responses.jsonl", "scores.jsonl", "samples.jsonl", "report.json", "manifest.json"):
        assert (tmp_path / "run" / name).read_bytes() == (place / NAMED / name).read_bytes(), name
    for line in (tmp_path / "run" / "efforts.jsonl").read_text().splitlines():
        assert 0 <= json.loads(line)["seconds"] < 60

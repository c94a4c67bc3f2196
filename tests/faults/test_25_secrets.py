"""Fault 25: a key is where it can be seen: said, written, stored, or handed to a process that has no need of it."""

import base64
import json
import os
import sys
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("openai")

import asking
from completions import Completions, reply
from served import serving

from chateval.__main__ import main
from chateval.errors import CheckpointError
from chateval.secret import redact, redact_all, without_secrets

KEY = "sk-Canary/0123+4567=89abcXYZ"
TOKENS = {"HF_TOKEN": "hf_CanaryTokenOfTheHub99", "WANDB_API_KEY": "wandbCanary00112233445566"}

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} + 1 ="}]
target: "{{ a + 1 }}"
decoding: {max_new_tokens: 8}
scorers: [number, maths]
"""


def spellings(key):
    """Return how a key may show: whole, its ends, in a URL, in Base64 wherever it begins."""
    yield from (key, key[:8], key[-8:], quote(key, safe=""), json.dumps(key)[1:-1])
    for before in (b"", b":", b"me:"):
        coded = base64.b64encode(before + key.encode()).decode()
        yield coded[(0, 2, 3)[len(before) % 3] : -4]


def leaks(*texts):
    """Return which spellings of a key stand in any of the texts."""
    found = [text if isinstance(text, bytes) else text.encode("utf-8", "replace") for text in texts]
    canaries = {spelt for key in (KEY, *TOKENS.values()) for spelt in spellings(key)}
    return [(canary, text[:200]) for text in found for canary in canaries if canary.encode() in text]


@pytest.fixture
def server():
    """A server that says the key in every way it knows."""
    basic = base64.b64encode(f"me:{KEY}".encode()).decode()
    server = Completions()
    server.text = f"You sent {KEY}, or {quote(KEY, safe='')}, or Basic {basic}."
    server.faults.extend(
        [
            (400, {"error": f"your key is {KEY}"}),
            (400, {"error": {"message": f"Incorrect API key provided: {KEY[:10]}******{KEY[-8:]}"}}),
            (200, {"error": {"message": f"200 and {KEY[:12]}..."}}),
            (422, {"detail": [{"msg": f"Authorization: Basic {basic}"}]}),
            lambda body: server.answer(body, model=KEY),
            (400, json.dumps({"error": f"\\/{KEY}"}).replace("/", "\\/").encode()),
        ]
    )
    return server


@pytest.fixture
def chateval(monkeypatch, capfd, tmp_path):
    """Run commands with keys in the environment; return exit code and what was said."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"CHATEVAL_API_KEY": KEY, "OPENAI_API_KEY": KEY, **TOKENS}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (tmp_path / "sums").mkdir()
    (tmp_path / "sums" / "task.yaml").write_text(TASK)
    (tmp_path / "sums" / "samples.jsonl").write_text("".join(f'{{"a": {n}}}\n' for n in range(12)))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capfd.readouterr()
        return caught.value.code, said.out + said.err

    return run


AFTER = (
    ("score", "run"),
    ("report", "run", "--markdown"),
    ("report", "run", "--json"),
    ("report", "run", "--csv", "scores.csv", "--parquet", "scores.parquet"),
    ("report", "run", "--html", "page.html"),
    ("compare", "run", "run"),
    ("leaderboard", "run", "--out", "board"),
    ("gate", "run", "--max-drop=0.5", "--junit=gate.xml", "--sarif=gate.sarif", "--markdown=gate.md", "--github"),
    ("share", "run", "--to", "hub", "--out", "card"),
    ("baseline", "accept", "run", "--checkpoint", "gpt", "--out", "gpt.json", "--yes"),
)


def test_no_file_no_output_and_no_store_has_a_key(chateval, server, tmp_path, cache_dir):
    with serving(server) as (url, seen):
        run = ("run", "--task", tmp_path / "sums", "--out", "run")
        said = [
            chateval("init", f"gpt={url}/v1#tiny", "--out", "suite.yaml"),
            chateval(*run, "--checkpoint", f"gpt={url}/v1#tiny"),
            chateval(*run, "--checkpoint", f"gpt={url}/v1#tiny", "--debug"),
        ]
    said += [chateval(*command) for command in AFTER]

    assert seen[0][1]["Authorization"] == f"Bearer {KEY}"
    assert said[1][0] == 4
    assert "70" not in {str(code) for code, _ in said}
    files = [path.read_bytes() for folder in (tmp_path, cache_dir) for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 20
    assert leaks(*files, *(text for _, text in said)) == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SQLAlchemy, about MLflow
@pytest.mark.parametrize("tracker", ["mlflow", "wandb", "trackio"])
def test_no_tracker_gets_a_key(chateval, server, tmp_path, tracker):
    pytest.importorskip(tracker)
    with serving(server) as (url, _):
        chateval("run", "--task", tmp_path / "sums", "--out", "run", "--checkpoint", f"gpt={url}/v1#tiny")

    code, said = chateval("share", "run", "--to", tracker, *(() if tracker == "trackio" else ("--out", "there")))

    assert code == 0, said
    folders = [tmp_path, Path(os.environ["TRACKIO_DIR"])]
    assert leaks(said, *(path.read_bytes() for one in folders for path in one.rglob("*") if path.is_file())) == []


MISTAKES = {
    "a password in an address": (f"a=https://me:{KEY}@host.invalid/v1#m",),
    "a password and no port": (f"a=https://me:{KEY}@host.invalid:port/v1#m",),
    "a key in a query": (f"a=https://host.invalid/v1?api_key={KEY}#m",),
    "a password in the address of the server": ("a=./x", "--engine", "openai", "--base-url", f"http://me:{KEY}@h/v1"),
    "a key for an option": ("a=http://127.0.0.1:9/v1#m", "--engine-option", f"api_key={KEY}"),
    "a key with a dash": ("a=http://127.0.0.1:9/v1#m", "--engine-option", f"api-key={KEY}"),
    "a header for an option": (
        "a=http://127.0.0.1:9/v1#m",
        "--engine-option",
        f'extra_headers={{"Authorization": "Bearer {KEY}"}}',
    ),
    "a key for a checkpoint": (KEY,),
    "a key for a name": (f"{KEY}=./x",),
}


@pytest.mark.parametrize("debug", [(), ("--debug",)], ids=["", "debug"])
@pytest.mark.parametrize("given", MISTAKES.values(), ids=MISTAKES)
def test_a_key_on_the_command_line_is_refused_and_not_repeated(chateval, tmp_path, cache_dir, given, debug):
    first, *others = given
    (tmp_path / "x").mkdir(exist_ok=True)

    code, said = chateval("run", "--checkpoint", first, *others, "--task", tmp_path / "sums", "--out", "run", *debug)

    assert code == 2, said
    files = [path.read_bytes() for folder in (tmp_path, cache_dir) for path in folder.rglob("*") if path.is_file()]
    assert leaks(said, *files) == []
    if not debug:
        assert len(said.strip().splitlines()) == 1, said


def test_a_key_in_a_suite_is_refused_and_not_repeated(chateval, tmp_path):
    (tmp_path / "suite.yaml").write_text(
        "checkpoints: {a: {path: 'http://127.0.0.1:9/v1#m'}}\ntasks: [./sums]\n"
        f"engine: {{name: openai, base_url: 'http://127.0.0.1:9/v1', options: {{api_key: '{KEY}'}}}}\n"
    )

    code, said = chateval("run", "-c", "suite.yaml", "--out", "run")

    assert code == 2
    assert "set CHATEVAL_API_KEY" in said
    assert leaks(said) == []
    assert not (tmp_path / "run").exists()


def test_a_crash_of_ours_prints_its_traceback_without_keys(chateval, monkeypatch):
    def crash(*_):
        raise RuntimeError(f"GET https://me:{KEY}@host/?token={TOKENS['HF_TOKEN']}\n\x1b]0;owned\x07 {KEY[:9]}")

    monkeypatch.setattr("chateval.config.read_suite", crash)
    monkeypatch.setattr("pathlib.Path.is_file", lambda path: True)

    code, said = chateval("run", "-c", "suite.yaml")

    assert code == 70
    assert "Traceback" in said
    assert "\x1b" not in said
    assert leaks(said) == []


def test_what_others_wrote_runs_without_keys_in_its_environment_and_ours_are_in_no_command(
    chateval, server, tmp_path, monkeypatch
):
    from chateval.template.sandbox import Chat, sandbox

    server.text = r"\boxed{2/4}"  # not equal as a text: the process that compares mathematics is asked
    (tmp_path / "sums" / "samples.jsonl").write_text('{"a": 0}\n{"a": 1}\n')
    server.faults.clear()
    sandbox().close()
    sandbox().render("{{ messages }}", {}, [Chat([{"role": "user", "content": "x"}])])
    with serving(server) as (url, _):
        chateval("run", "--task", tmp_path / "sums", "--out", "run", "--checkpoint", f"gpt={url}/v1#tiny")

    children = [path for path in Path("/proc").glob("[0-9]*") if _parent(path) == os.getpid()]
    seen = {(path / "cmdline").read_bytes(): (path / "environ").read_bytes() for path in children}
    ours = {command: environment for command, environment in seen.items() if b"chateval" in command}
    assert len(ours) >= 2
    assert leaks(*seen) == []
    assert [command for command, environment in ours.items() if leaks(environment)] == []


def _parent(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def test_only_what_is_called_as_a_key_is_kept_from_a_process():
    given = {"PATH": "/bin", "HF_HOME": "/hf", "TOKENIZERS_PARALLELISM": "1", "MAX_TOKENS": "5"}

    assert without_secrets({**given, "AWS_SECRET_ACCESS_KEY": "x", "GITHUB_TOKEN": "x", "X_API_KEY": "x"}) == given


@pytest.mark.parametrize("text", ["hf_transfer", "sk-learn", "a Bearer of news"[:8], "EMPTY", "api_key", "user@host"])
def test_words_that_are_no_keys_stay(text):
    assert redact(text, "EMPTY") == redact_all(text) == text


def test_an_answer_that_says_a_short_word_used_as_a_key_stays_as_it_is(server):
    server.faults.clear()
    server.text = "The bottle is EMPTY."

    [response], [(_, headers, _)] = asking.ask(server, key="EMPTY")

    assert headers["authorization"] == "Bearer EMPTY"
    assert response.text == "The bottle is EMPTY."


@pytest.fixture
def ask():
    return partial(asking.ask, Completions())


@pytest.mark.parametrize(
    "fault",
    [
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
        (403, {"error": {"message": f"Bearer {KEY} may not"}}),
        (404, {"error": {"message": f"no model for {KEY[:14]}******{KEY[-8:]}"}}),
        reply(307, b"", location=f"http://other/?key={KEY}"),
        reply(307, b"", location=f"http://other/?key={quote(KEY, safe='')}"),
        (429, {"error": {"message": f"quota of {KEY}"}}),
    ],
    ids=["401", "403", "404", "redirect", "redirect in a URL", "429"],
)
def test_the_key_is_sent_and_never_said(caplog, fault):
    caplog.set_level("INFO")
    caplog.set_level("DEBUG", "openai")
    server = Completions()
    server.faults.extend([fault] * 2)

    try:
        [response], _ = asking.ask(server, key=KEY, retries=1)
        said = [response.error]
    except CheckpointError as error:
        said = [str(error), repr(error.__cause__), repr(error.__context__)]

    assert leaks(*said, caplog.text) == []


def test_no_key_sends_no_authorization(ask):
    _, [(_, headers, _)] = ask()

    assert "authorization" not in {name.lower() for name in headers}

"""Fault 26: text of models, data and names is hostile. Every output by every payload: it stays text."""

import csv
import io
import json
import re
import shutil
import sys
import time
from xml.etree import ElementTree

import pytest
from boards import full_board
from hostile_report import HOSTILE, hostile_report
from made_runs import run as made_run

from chateval.__main__ import main
from chateval.cli.screen import Log
from chateval.compare.leaderboard import rank_runs
from chateval.records import Score
from chateval.report import show, to_json, to_markdown
from chateval.report.comment import to_comment
from chateval.report.github import to_annotations, to_summary
from chateval.report.junit import to_junit
from chateval.report.leaderboard import SITE, show_board
from chateval.report.page import to_page
from chateval.report.sarif import to_sarif
from chateval.report.table import TABLES, scores_table, write_table
from chateval.template.output import print_report
from chateval.template.output import to_github as template_to_github
from chateval.template.output import to_sarif as template_to_sarif

ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""What acts on a terminal, turns the direction of writing, or is no text."""
SUMMARY_LIMIT = 1024 * 1024
FREE = ("template_options", "endings")
"""Mappings whose keys are texts of the user's."""


def shown(print_it, what):
    file = io.StringIO()
    print_it(what, Log(file=file, width=100, highlight=False, markup=False, color_system=None))
    return file.getvalue()


OUTPUTS = {
    "terminal": lambda report: shown(show, report),
    "report.md": to_markdown,
    "step summary": to_summary,
    "comment": to_comment,
    "annotations": to_annotations,
    "JUnit": to_junit,
    "SARIF": lambda report: to_sarif(report, template_to_sarif),
    "report.json": to_json,
    "report.html": lambda report: "".join(to_page(report, [])),
    "template check": lambda report: shown(print_report, report.checkpoints[1].template),
    "template check on GitHub": lambda report: template_to_github(report.checkpoints[1].template),
}
FILES = {"JUnit", "SARIF", "report.json", "report.html"}
"""What no log shows."""
COMMANDS = {"annotations", "template check on GitHub"}
"""What begins lines with commands, one for each thing that is said."""


def written(name, report):
    return OUTPUTS[name](report)


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("text", [text[:5_000] for text in HOSTILE.values()], ids=HOSTILE)
def test_nothing_acts_on_what_shows_it(name, text):
    found = written(name, hostile_report(text))

    assert not ACTS.search(found)
    assert found.encode("utf-8")
    if name in FILES:
        return
    begun = [line for line in found.split("\n") if line.lstrip().startswith("::")]
    assert len(begun) == (len(written(name, hostile_report("x")).splitlines()) if name in COMMANDS else 0)


PARSERS = {
    "JUnit": ElementTree.fromstring,
    "SARIF": json.loads,
    "report.json": json.loads,
}


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("text", [text[:5_000] for text in HOSTILE.values() if text], ids=filter(HOSTILE.get, HOSTILE))
def test_what_machines_read_is_read_and_has_as_many_parts(name, text):
    found, plain = (PARSERS[name](written(name, hostile_report(one))) for one in (text, "x"))

    assert _shape(found) == _shape(plain)


def _shape(value):
    """Return what a document is made of, without its texts."""
    if isinstance(value, ElementTree.Element):
        return value.tag, sorted(value.attrib), [_shape(one) for one in value]
    if isinstance(value, dict):
        return sorted((name, _shape(list(one.values()) if name in FREE else one)) for name, one in value.items())
    return [_shape(one) for one in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("text", [text[:5_000] for text in HOSTILE.values()], ids=HOSTILE)
@pytest.mark.parametrize("table", TABLES)
def test_no_cell_of_a_table_is_a_formula(tmp_path, table, text):
    frame = TABLES[table](hostile_report(text))
    write_table(tmp_path / "t.csv", frame, "csv")
    write_table(tmp_path / "t.parquet", frame, "parquet")
    rows = list(csv.reader((tmp_path / "t.csv").read_bytes().decode().splitlines(keepends=True)))

    assert {len(row) for row in rows} == {len(frame.columns)}
    assert len(rows) == len(frame) + 1
    for cell in (cell for row in rows[1:] for cell in row):
        assert not re.match(r"\s*[=+@-]", cell) or re.fullmatch(r"-?[\d.]+(e-\d+)?", cell)


@pytest.mark.parametrize("answer", ["-5", "+3.2", "1e-5", "-1,000", "12 %"])
def test_numbers_are_no_formulas_and_stay(tmp_path, answer):
    found = made_run("r", {"base": "0"}, scores=(Score("base", "facts", "exact", "0", 0.0, answer=answer),))
    write_table(tmp_path / "t.csv", scores_table(found), "csv")

    [row] = csv.DictReader((tmp_path / "t.csv").read_text("utf-8").splitlines())
    assert row["answer"] == answer


@pytest.mark.parametrize("name", sorted(SITE))
@pytest.mark.parametrize("text", [text[:2_000] for text in HOSTILE.values()], ids=HOSTILE)
def test_a_leaderboard_of_hostile_names_acts_on_nothing(name, text):
    board = full_board(text)

    assert not ACTS.search(SITE[name](board))
    assert not ACTS.search(shown(show_board, board))


LARGE = {
    "5 MB": "x " * 2_500_000,
    "marks": "e" + "\u0301" * 100_000,
    "lines": "\n" * 100_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_large_text_is_written_in_seconds(name, text):
    report = hostile_report(text)
    start = time.process_time()

    found = written(name, report)

    assert time.process_time() - start < 20
    assert not ACTS.search(found)
    if name == "step summary":
        assert len(found.encode()) < SUMMARY_LIMIT
    if name == "comment":
        assert len(found) <= 65_536


TASK = """
name: sums
version: 1
source: test
description: {text}
samples: samples.jsonl
messages: [{{role: user, content: "{{{{ a }}}} {{{{ text }}}}"}}]
target: "{{{{ text }}}}"
tags: [text]
decoding: {{max_new_tokens: 64}}
scorers: [exact, json_valid]
"""
ALL = "".join(text[:300] for name, text in HOSTILE.items() if name != "lone surrogate")
AFTER = (
    ("score", "run"),
    ("report", "run"),
    ("report", "run", "--markdown"),
    ("report", "run", "--json"),
    ("report", "run", "--html", "page.html"),
    ("compare", "run", "run"),
    ("leaderboard", "run", "--out", "board"),
    ("gate", "run", "--max-drop=0.5", "--junit=gate.xml", "--sarif=gate.sarif", "--markdown=gate.md", "--github"),
    ("share", "run", "--to", "hub", "--out", "card"),
    ("baseline", "accept", "run", "--checkpoint", "gpt", "--out", "gpt.json", "--note", ALL, "--yes"),
    ("baseline", "show", "gpt.json"),
    ("tasks", "sums", "--show"),
    ("template", "check", "evil"),
    ("template", "check", "evil", "--format", "github"),
    ("report", f"absent {ALL[:200]}".replace("\0", "").replace("/", "")),
    ("run", "--checkpoint", f"x={ALL[:100]}".replace("\0", ""), "--task", "sums"),
    ("gate", "run", "-c", "evil\x1b]0;owned\x07\n::error::x.yaml"),
)


@pytest.fixture
def chateval(monkeypatch, capfd, tmp_path):
    """Run commands in a folder; return exit code and what was said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["chateval", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capfd.readouterr()
        return caught.value.code, said.out + said.err

    return run


@pytest.fixture
def hostile_folder(chateval, tiny_chat, tmp_path):
    """A run whose model, data and template are hostile, and what the command said."""
    pytest.importorskip("openai")
    from completions import Completions
    from served import serving

    (tmp_path / "sums").mkdir()
    (tmp_path / "sums" / "task.yaml").write_text(TASK.format(text=json.dumps(ALL)), "utf-8")
    texts = [text[:5_000] for text in HOSTILE.values() if "\ud800" not in text]
    rows = "".join(json.dumps({"a": number, "text": text or "none"}) + "\n" for number, text in enumerate(texts))
    (tmp_path / "sums" / "samples.jsonl").write_text(rows)
    shutil.copytree(tiny_chat, tmp_path / "evil")
    (tmp_path / "evil" / "chat_template.jinja").write_text(
        f"{{# {ALL.replace('#}', '')} #}}{{{{ messages }}}}", "utf-8"
    )
    server = Completions()
    said = iter(HOSTILE.values())

    def answer(body):
        server.text = next(said)
        return server.answer(body)

    server.faults.extend([answer] * len(texts))
    with serving(server) as (url, _):
        code, told = chateval("run", "--checkpoint", f"gpt={url}/v1#tiny", "--task", "sums", "--out", "run")
    assert code in (0, 4), told
    return tmp_path, told


def test_no_command_lets_hostile_text_act_on_the_terminal_or_on_the_log_of_a_ci(chateval, hostile_folder):
    folder, told = hostile_folder
    said = [told] + [chateval(*command)[1] for command in AFTER]

    for text in said:
        assert not ACTS.search(text.replace("\r\n", "\n")), text[:500]
        begun = [line for line in text.splitlines() if line.lstrip().startswith("::")]
        assert all(re.match(r"::(error|warning|notice) (title|file)=", line) for line in begun), begun
    assert "Traceback" not in "".join(said)
    kept = [path for path in folder.rglob("*.md") if "evil" not in path.parts]
    assert len(kept) >= 3
    assert [path for path in kept if ACTS.search(path.read_text("utf-8"))] == []


@pytest.mark.slow
def test_the_pages_of_a_hostile_run_run_nothing_and_ask_for_nothing(chateval, hostile_folder):
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if executable is None:
        pytest.skip("no Chromium on this machine")
    folder, _ = hostile_folder
    board = folder / "board.html"
    board.write_text("".join(SITE[name](full_board(ALL)) for name in SITE if name.endswith(".html")), "utf-8")
    overview = folder / "overview.html"
    overview.write_text("".join(to_page(hostile_report(ALL), [])), "utf-8")
    faults = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for path in (folder / "run" / "report.html", overview, board):
            page = browser.new_page()
            page.add_init_script(
                "window.alert = () => console.log('alert');"
                "document.addEventListener('securitypolicyviolation', e => console.log('CSP', e.violatedDirective))"
            )
            page.on("console", lambda message: faults.append(message.text))
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith("file:") else None)
            page.goto(path.as_uri())
            page.wait_for_timeout(300)
            title = page.title()
            assert page.locator("a[href^=javascript], a[href^=data], main img, iframe, object, embed").count() == 0
            assert not ACTS.search(title)
            assert not ACTS.search(page.inner_text("body"))
        browser.close()
    assert faults == []


def test_an_empty_board_of_hostile_names_is_still_a_table():
    found = rank_runs([made_run(f"r {ALL}", {f"a {ALL}": "1", "b": "0"})])

    assert len(list(csv.DictReader(io.StringIO(SITE["leaderboard.csv"](found), newline="")))) == 2

"""Reports whose every text nobody chose, through every output: none crashes, each is read by what reads such files."""

import csv
import html.parser
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import hand_made
import pytest
from fuzz import bounded
from hostile_report import HOSTILE, hostile_report
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml
from markdown_it import MarkdownIt
from retold import retold, texts_of

from chateval.cli.screen import Log
from chateval.pipeline.against import gate_runs
from chateval.records import Rule
from chateval.report import OUTPUTS, read_report, show, to_html
from chateval.report.comment import to_comment
from chateval.report.github import to_annotations, to_summary
from chateval.report.junit import to_junit
from chateval.report.sarif import to_sarif
from chateval.report.table import TABLES, write_table
from chateval.template.output import OUTPUTS as TEMPLATE_OUTPUTS
from chateval.template.output import to_sarif as template_to_sarif

ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""What acts on a terminal, turns the direction of writing, or is no text."""
COMMAND = re.compile(r"::(error|warning) [^\n]*?::[^\n]*")


def _gated():
    """A report of three checkpoints with verdicts of each outcome, samples without a score, and tags."""
    values = {"base": [1] * 24, "sft": [0] * 20 + [None] * 4, "lora": [1] * 20 + [0, 1, 0, 1]}
    run = hand_made.run(values, tags={0: ("hard",), 1: ("hard",)}, summaries={"sft": {"n_errors": 4, "n_length": 2}})
    limits = ({"min_value": 0.5}, {"max_drop": 0.05}, {"max_unscored": 0.0})
    rules = [Rule(scorer="*", **one) for one in limits] + [Rule(max_errors=0), Rule(template="warn")]
    return gate_runs([run], rules)


REPORTS = {"every kind": hostile_report("x"), "gated": _gated()}
TEXTS = {name: texts_of(report) for name, report in REPORTS.items()}
TEXT = st.one_of(
    st.text(min_size=1, max_size=12),
    st.text(alphabet=st.characters(categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co")), min_size=1, max_size=6),
    st.text(alphabet="|`*_[]()<>&\"'#!~:@=+-\\/\n\r\t{}%$", min_size=1, max_size=12),
    st.sampled_from([text[:300] for text in HOSTILE.values() if text]),
)


@st.composite
def reports(draw, before=""):
    """Return the name of a report, and that report with other texts, each of them with `before` in front."""
    name = draw(st.sampled_from(sorted(REPORTS)))
    new = draw(st.dictionaries(st.sampled_from(TEXTS[name]), TEXT.map(before.__add__), min_size=1, max_size=12))
    taken = set(TEXTS[name]) - new.keys()
    for number, (old, text) in enumerate(new.items()):  # names stay apart
        new[old] = text if text not in taken else f"{text}{number}"
        taken.add(new[old])
    return name, retold(REPORTS[name], lambda text: new.get(text, text))


def _terminal(report):
    file = io.StringIO()
    show(report, Log(file=file, width=100, highlight=False, markup=False, color_system=None))
    return file.getvalue()


PRINTED = {
    "terminal": _terminal,
    "step summary": to_summary,
    "comment": to_comment,
    "annotations": to_annotations,
    "JUnit": to_junit,
    "SARIF": lambda report: to_sarif(report, template_to_sarif),
    "report.html": to_html,
    **OUTPUTS,
}


def _is_script(name, value):
    return name in ("href", "src", "action", "formaction") and "script:" in (value or "").lower()


class _Page(html.parser.HTMLParser):
    """Counts the elements of a page that do something, and what would call on them."""

    def __init__(self, text):
        super().__init__()
        self.found = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        acts = tag in ("script", "img", "iframe", "object", "embed", "link", "form", "base", "meta", "style")
        calls = [name for name, value in attrs if name.startswith("on") or _is_script(name, value)]
        for one in [tag] * acts + calls:
            self.found[one] = self.found.get(one, 0) + 1


def _tables(text):
    """Return what a Markdown document is made of: headings, and the cells of each row of each table."""
    rows, n_cells = [], 0
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        if token.type in ("td_open", "th_open"):
            n_cells += 1
        elif token.type == "tr_close":
            rows.append(n_cells)
            n_cells = 0
        elif token.type == "heading_open":
            rows.append(token.tag)
    return rows


@bounded(10)
@given(reports())
@pytest.mark.parametrize("output", PRINTED)
def test_every_output_of_any_texts_is_text_that_acts_on_nothing(output, found):
    _, report = found

    said = PRINTED[output](report)

    assert said.encode("utf-8")
    assert not ACTS.search(said), ACTS.search(said)


@pytest.mark.parametrize("name", REPORTS)
def test_each_text_of_a_report_by_itself_acts_on_nothing_wherever_it_is_written(name):
    """One at a time, so that a field which nobody thought hostile, such as a code or a digest, is found by name."""
    for text in TEXTS[name]:
        report = retold(REPORTS[name], lambda old, text=text: "x\x1b\u202e\ud800y" if old == text else old)
        acting = [output for output in ("terminal", "report.md", "JUnit") if ACTS.search(PRINTED[output](report))]
        assert (text, acting) == (text, [])


@bounded(15)
@given(reports())
def test_junit_is_read_by_two_parsers_and_has_a_case_for_each_verdict(found):
    _, report = found
    text = to_junit(report)

    cases = [case for suite in JUnitXml.fromstring(text.encode()) for case in suite]
    plain = ElementTree.fromstring(text).findall(".//testcase")  # noqa: S314 - it was written here

    assert len(cases) == len(plain) == len(report.verdicts)


@bounded(15)
@given(reports())
def test_sarif_and_report_json_are_json_and_the_report_is_read_again(found):
    _, report = found
    log = json.loads(PRINTED["SARIF"](report))
    with TemporaryDirectory() as folder:
        path = Path(folder, "report.json")
        path.write_text(OUTPUTS["report.json"](report), encoding="utf-8")
        again = read_report(path)

    assert len(log["runs"]) == sum(one.template is not None for one in report.checkpoints)
    assert again == retold(report, lambda text: re.sub("[\ud800-\udfff]", "\ufffd", text))


@bounded(15)
@given(reports())
def test_an_annotation_is_one_line_for_each_verdict_that_is_no_pass(found):
    _, report = found

    lines = to_annotations(report).split("\n")

    assert lines.pop() == ""
    assert len(lines) == sum(verdict.outcome != "pass" for verdict in report.verdicts)
    assert all(COMMAND.fullmatch(line) for line in lines)


@bounded(15)
@given(reports(before="x"))
def test_a_page_has_no_more_that_acts_than_one_of_plain_texts(found):
    name, report = found

    assert _Page(to_html(report)).found == _Page(to_html(REPORTS[name])).found


@bounded(15)
@given(reports(before="x"))
@pytest.mark.parametrize("output", ["report.md", "step summary"])
def test_the_rows_and_cells_of_a_markdown_report_are_those_of_plain_texts(output, found):
    name, report = found

    assert _tables(PRINTED[output](report)) == _tables(PRINTED[output](REPORTS[name]))


@bounded(10)
@given(reports())
@pytest.mark.parametrize("table", TABLES)
def test_a_csv_table_has_its_rows_and_columns(table, found):
    _, report = found
    frame = TABLES[table](report)
    with TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        write_table(path, frame, "csv")
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))

    assert [len(row) for row in rows] == [len(frame.columns)] * (len(frame) + 1)


@bounded(15)
@given(st.dictionaries(st.sampled_from(texts_of(hostile_report("x").checkpoints[0].template)), TEXT, min_size=1))
@pytest.mark.parametrize("output", TEMPLATE_OUTPUTS)
def test_a_template_report_of_any_texts_is_written_in_every_form(output, new):
    plain = hostile_report("x").checkpoints[0].template
    report = retold(replace(plain, subject="x"), lambda text: new.get(text, text))

    said = TEMPLATE_OUTPUTS[output](report)

    assert said.encode("utf-8")
    assert not ACTS.search(said)
    if output in ("json", "sarif"):
        json.loads(said)

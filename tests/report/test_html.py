"""HTML: one file without script or request, in which text of others stays text."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hostile_report import HOSTILE, hostile_report

from chateval.records import (
    Estimate,
    Fault,
)
from chateval.report.html import to_html

VOID = {"meta", "br", "line", "circle"}
ELEMENTS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "h1",
    "h2",
    "ul",
    "li",
    "p",
    "div",
    "span",
    "b",
    "br",
    "code",
}
ELEMENTS |= {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "svg",
    "line",
    "circle",
    "details",
    "summary",
    "dl",
    "dt",
    "dd",
    "pre",
}


class Page(HTMLParser):
    """What a browser would see: elements, attributes and texts; fails on tags that do not nest."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.texts, self._open = [], set(), {}, []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes |= {(tag, name, value) for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes |= {(tag, name, value) for name, value in attrs}

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_makes_neither_elements_nor_attributes(text):
    hostile, harmless = Page(to_html(hostile_report(text))), Page(to_html(hostile_report("harmless")))

    assert hostile.elements == harmless.elements
    assert hostile.attributes == harmless.attributes


def test_there_are_only_elements_that_do_nothing():
    page = Page(to_html(hostile_report("harmless")))

    assert set(page.elements) <= ELEMENTS
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("href", "src", "style")]


def test_the_page_forbids_scripts_and_requests():
    page = Page(to_html(hostile_report("harmless")))
    [policy] = [value for tag, name, value in page.attributes if name == "content" and "default-src" in value]

    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("name", ["script", "end of script", "image", "quotes", "jinja", "command", "table", "mention"])
def test_answers_are_shown_as_they_were_given(name):
    text = HOSTILE[name]

    assert Page(to_html(hostile_report(text))).texts["pre"] == [text] * 10


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_hides_is_spelt_out(text):
    found = to_html(hostile_report(text))

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", found)
    assert found.encode("utf-8")


def test_a_difference_is_drawn_to_scale():
    found = to_html(hostile_report("x"))

    # 172 units from -0.4 to +0.4, behind a margin of 4: low +0.1, middle +0.25, high +0.4
    assert '<line x1="111.5" x2="176.0"' in found
    assert '<circle cx="143.8"' in found
    assert '<line x1="90.0" x2="90.0"' in found
    assert "The plots reach from -0.40 to +0.40." in found


def test_all_differences_are_drawn_to_the_scale_of_the_largest():
    report = hostile_report("x")
    loss = replace(report.comparisons[0], scorer="single_bos", delta=-0.5, low=-0.8, high=-0.1)

    found = to_html(replace(report, comparisons=(*report.comparisons, loss)))

    # 172 units from -0.8 to +0.8
    assert '<line x1="4.0" x2="79.2"' in found
    assert '<line x1="100.8" x2="133.0"' in found
    assert found.count('aria-label="difference and its interval, from -0.80 to +0.80"') == 2


def test_without_differences_the_plots_reach_to_one():
    assert "The plots reach from -1.00 to +1.00." in to_html(replace(hostile_report("x"), comparisons=()))


def test_a_comparison_without_pairs_has_no_drawing():
    report = hostile_report("x")
    nothing = replace(report.comparisons[0], delta=None, low=None, high=None, p=None, p_adjusted=None)

    found = to_html(replace(report, comparisons=(nothing,)))

    assert "<svg" not in found
    assert "not compared" in found


def test_a_cell_has_mean_count_difference_and_record():
    texts = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", to_html(hostile_report("x"))))

    assert "0.750 [0.200, 0.900] n=4 +0.250 [+0.100, +0.400] p=0.004 2 won, 1 lost, 1 tied" in texts


def test_an_audit_that_does_not_apply_says_so():
    report = hostile_report("x")
    nothing = Estimate("base", "*", "clean_stop", None, None, None, n=0, n_unscored=0, n_clusters=0)

    assert to_html(replace(report, audits=(nothing,))).count("does not apply") == 2


def words_of(report):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", to_html(report)))


def test_a_fault_is_shown_with_its_reason_the_end_of_the_prompt_and_the_answer():
    fault = Fault("sft", "facts", "single_bos", "f" * 16, "2 BOS ids at the start", "assistant:", "Paris</s>")

    texts = words_of(replace(hostile_report("x"), faults=(fault,)))

    assert "single_bos, sft, facts: 2 BOS ids at the start sample ffffffffffffffff prompt ends assistant:" in texts
    assert "answer Paris&lt;/s&gt;" in texts


def test_a_flip_says_what_the_scorer_said_of_either_answer():
    report = hostile_report("x")
    flip = replace(report.flips[0], baseline_reason="no number", candidate_reason="", candidate_text="42")

    texts = words_of(replace(report, flips=(flip,)))

    assert "base (0) no number x sft x (1) 42" in texts


def test_tasks_say_how_answers_were_drawn_and_checkpoints_how_many_prompts_were_cut():
    report = hostile_report("x")
    checkpoints = tuple(replace(one, n_length=7, n_cut=13) for one in report.checkpoints)

    texts = words_of(replace(report, checkpoints=checkpoints))

    assert "all 4 samples at most 128 new tokens, greedy x" in texts
    assert "answers errors answers cut prompts cut tokens in / out" in texts
    assert "3 0 7 13 1,234 / 56" in texts


def test_the_same_report_gives_the_same_bytes():
    assert to_html(hostile_report("x")) == to_html(hostile_report("x"))

"""The overview: text of others stays text, and all that a report holds is there without a script."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hostile_report import HOSTILE, hostile_report

from chateval.records import Change, Crossing, Estimate, Fault, Noise, Refusal, Slice
from chateval.report.page import to_html

VOID = {"meta", "br", "line", "circle", "input"}
TEXTS = ("script", "style")
"""Elements whose text is no markup."""


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
    assert {found[:2] for found in hostile.attributes} == {found[:2] for found in harmless.attributes}


def test_there_are_no_handlers_no_styles_and_no_links_but_those_within_the_page():
    page = Page(to_html(hostile_report("javascript:alert(1)")))

    assert not {"img", "iframe", "object", "embed", "link", "base"} & set(page.elements)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("src", "style", "action")]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")


def test_only_the_script_and_the_style_of_the_page_take_effect():
    page = Page(to_html(hostile_report("harmless")))
    [policy] = [value for tag, name, value in page.attributes if name == "content" and "default-src" in value]
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (page.texts["script"][-1], page.texts["style"][0])
    ]

    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("name", ["script", "end of script", "image", "quotes", "jinja", "command", "table", "mention"])
def test_answers_are_shown_as_they_were_given(name):
    text = HOSTILE[name]

    assert Page(to_html(hostile_report(text))).texts["pre"].count(text) == 10


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_hides_is_spelt_out(text):
    found = to_html(hostile_report(text))

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", found)
    assert found.encode("utf-8")


def spans(found):
    return re.findall('<line class="span" x1="([^"]*)" x2="([^"]*)" y1="8"', found)


def test_a_difference_is_drawn_to_scale():
    found = to_html(hostile_report("x"))

    # 228 units from -0.4 to +0.4, behind a margin of 6: low +0.1, middle +0.25, high +0.4
    assert spans(found) == [("148.5", "234.0")]
    assert '<circle cx="191.2"' in found
    assert '<line class="axis" x1="120.0"' in found
    assert "all are drawn from -0.40 to +0.40." in found


def test_all_differences_are_drawn_to_the_scale_of_the_largest():
    report = hostile_report("x")
    loss = replace(report.comparisons[0], scorer="single_bos", delta=-0.5, low=-0.8, high=-0.1)

    found = to_html(replace(report, comparisons=(*report.comparisons, loss)))

    assert spans(found) == [("134.2", "177.0"), ("6.0", "105.8")]
    assert "all are drawn from -0.80 to +0.80." in found


def test_cells_are_shaded_by_their_difference_from_the_baseline():
    report = hostile_report("x")
    loss = replace(report.comparisons[0], delta=-0.4)

    assert 'class="cell up-5"' in to_html(report)
    assert 'class="cell down-8"' in to_html(replace(report, comparisons=(loss,)))
    assert 'class="cell level"' in to_html(replace(report, comparisons=()))


def test_a_comparison_without_pairs_has_no_drawing():
    report = hostile_report("x")
    nothing = replace(report.comparisons[0], delta=None, low=None, high=None, p=None, p_adjusted=None)

    found = to_html(replace(report, comparisons=(nothing,)))

    assert "<svg" not in found
    assert "not compared" in found


def test_scores_and_differences_have_their_numbers():
    texts = words_of(hostile_report("x"))

    assert "sft x 0.750 ▲ +0.250 [0.200, 0.900] n=4" in texts
    assert "▲ +0.250 [+0.100, +0.400] p=0.004 2 won, 1 lost, 1 tied" in texts


def test_what_further_was_found_of_a_comparison_is_said():
    report = hostile_report("x")
    found = replace(report.comparisons[0], q=0.012, detectable=0.31, n_needed=1234)

    texts = words_of(replace(report, comparisons=(found,)))

    assert "p=0.004, q=0.012" in texts
    assert "80 % power to show 0.31; for this delta 1,234 pairs" in texts


def test_changes_refusals_causes_slices_crossings_and_noise_are_shown():
    report = hostile_report("x")
    full = replace(
        report,
        changes=(Change("base", "sft x", "decoding", "max_new_tokens", "128", "256", "max_new_tokens 128 -> 256"),),
        refusals=(Refusal("base", "sft x", "facts", "*", "another version"),),
        slices=(Slice("facts", "exact", "base", "sft x", "tag", "hard", -0.5, -0.7, -0.3, 1, 9, 16),),
        crossings=(Crossing("facts", "exact", "base", "sft x", 0.25, -0.125, 0.5, 16),),
        noise=(Noise("facts", "exact", 2, 16, 1.5, 0.031),),
        flips=tuple(replace(flip, cause="truncated") for flip in report.flips),
    )

    texts = words_of(full)

    assert "decoding max_new_tokens 128 -&gt; 256" in texts
    assert "sft x on facts : another version" in texts
    assert "sft x facts exact truncated ▼ 1 ▲ 1" in texts
    assert "sft x, tag hard" in texts
    assert "-0.500 [-0.700, -0.300] 1 won, 9 lost of 16" in texts
    assert "facts / exact sft x +0.250 -0.125 +0.500 16" in texts
    assert "facts / exact 0.031 1.5 of 16 2" in texts


def test_numbers_of_flips_lead_to_their_samples():
    page = Page(to_html(hostile_report("a&b")))

    [lost] = {value for _, name, value in page.attributes if name == "href" and "flip=lost" in value}
    assert lost == "#samples?task=facts&scorer=exact&candidate=sft+a%26b&flip=lost"


def test_of_many_flips_the_first_are_in_the_page_and_the_rest_are_counted():
    report = hostile_report("x")
    flips = tuple(replace(report.flips[0], sample_id=f"{number:016x}") for number in range(25))

    texts = words_of(replace(report, flips=flips))

    assert "25 right only with sft x" in texts
    assert "15 more are in the browser of samples." in texts


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
    checkpoints = tuple(replace(one, n_empty=5, n_length=7, n_cut=13) for one in report.checkpoints)

    texts = words_of(replace(report, checkpoints=checkpoints))

    assert "all 4 samples at most 128 new tokens, greedy x" in texts
    assert "answers errors empty answers cut prompts cut tokens in / out" in texts
    assert "3 0 5 7 13 1,234 / 56" in texts


def test_what_another_harness_did_not_count_is_unknown_and_not_0():
    report = hostile_report("x")
    checkpoints = tuple(replace(one, n_errors=None, n_length=None, n_cut=13) for one in report.checkpoints)

    assert "3 unknown unknown unknown 13 1,234 / 56" in words_of(replace(report, checkpoints=checkpoints))


def test_the_same_report_gives_the_same_bytes():
    assert to_html(hostile_report("x")) == to_html(hostile_report("x"))


def test_what_only_the_interval_says_has_the_signs_of_the_terminal():
    report = hostile_report("x")
    perhaps = replace(report.comparisons[0], p_adjusted=0.3)

    assert "△ +0.250" in words_of(replace(report, comparisons=(perhaps,)))
    below = replace(perhaps, delta=-0.25, low=-0.4, high=-0.1)
    assert "▽ -0.250" in words_of(replace(report, comparisons=(below,)))


def test_a_task_that_a_checkpoint_was_not_asked_was_not_run():
    report = hostile_report("x")

    assert "sft x not run" in words_of(replace(report, estimates=report.estimates[:1], comparisons=()))


def test_an_answer_that_was_not_kept_is_no_empty_answer():
    report = hostile_report("x")
    flip = replace(report.flips[0], baseline_text=None, baseline_value=1.0)

    assert "base (right; a baseline file or a table of scores keeps no answers)" in words_of(
        replace(report, flips=(flip,))
    )


def test_a_run_that_may_stop_speaks_of_confidence_sequences():
    report = replace(hostile_report("x"), is_anytime=True)

    texts = words_of(report)

    assert "the line its 95 % confidence sequence" in texts
    assert "adjusted p" not in texts

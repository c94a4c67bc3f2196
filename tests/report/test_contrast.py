"""What changed, what is not compared, why samples flipped and where: in Markdown and in the terminal."""

import io
from dataclasses import replace

import pytest
from hostile_report import HOSTILE, hostile_report
from rich.cells import cell_len
from rich.console import Console

from chateval.records import Change, Crossing, Noise, Refusal, Slice
from chateval.report import show, to_markdown
from chateval.report.contrast import cause_lines, change_lines, noteworthy_slices, refusal_lines

SECTIONS = ("What changed against", "Not compared with", "Why samples flipped", "Weights or template")


def report_of(text="x", *, words="facts: max_new_tokens 128 -> 256"):
    """A report with one candidate, `sft TEXT`, and one record of each kind."""
    name = f"sft {text}"
    found = hostile_report(text)
    return replace(
        found,
        changes=(Change("base", name, "decoding", "max_new_tokens", "128", "256", words),),
        refusals=(Refusal("base", name, "maths", "*", f"why {text}"),),
        slices=(Slice("facts", "exact", "base", name, "tag", text, -0.5, -0.8, 0.1, 0, 4, 8),),
        crossings=(Crossing("facts", "exact", "base", name, 0.4, -0.1, 0.25, 24),),
        flips=tuple(replace(flip, cause="truncated" if flip.won else "never stopped") for flip in found.flips),
    )


def shown(report, width=100):
    stream = io.StringIO()
    show(report, Console(file=stream, width=width, color_system=None))
    return stream.getvalue()


@pytest.mark.parametrize("output", [to_markdown, shown])
def test_every_section_is_there_and_what_changed_is_first(output):
    found = output(report_of())

    places = [found.index(section) for section in SECTIONS]
    assert places[0] == min(places)
    assert found.index("max") < found.index("better")
    for words in ("truncated", "never stopped", "+0.400", "-0.100", "-0.050", "+0.250", "-0.500"):
        assert words in found


@pytest.mark.parametrize("output", [to_markdown, shown])
def test_a_report_without_them_has_no_such_section(output):
    found = output(hostile_report("x"))

    assert not any(section in found for section in SECTIONS)


def test_a_change_that_all_candidates_share_is_one_line():
    change = report_of().changes[0]
    report = replace(report_of(), changes=(change, replace(change, candidate="lora"), replace(change, words="other")))

    assert [(line.words, line.candidates) for line in change_lines(report)] == [
        ("facts: max_new_tokens 128 -> 256", ("sft x", "lora")),
        ("other", ("sft x",)),
    ]


def test_refusals_for_one_reason_are_one_line():
    refusal = report_of().refusals[0]
    more = (replace(refusal, task="facts", scorer="exact"), replace(refusal, candidate="lora"))

    [line] = refusal_lines(replace(report_of(), refusals=(refusal, *more)))

    assert (line.candidates, line.measures) == (("sft x", "lora"), ("maths", "facts/exact"))


def test_causes_are_counted_losses_first():
    lost, won = cause_lines(report_of())

    assert (lost.won, lost.causes) == (False, (("never stopped", 1),))
    assert (won.won, won.causes) == (True, (("truncated", 1),))


def test_flips_without_a_cause_are_not_counted():
    assert cause_lines(hostile_report("x")) == []


def test_slices_near_the_whole_difference_are_not_named():
    report = report_of()
    near = replace(report.slices[0], delta=0.26)

    assert noteworthy_slices(replace(report, slices=(near,))) == []
    assert [part.delta for part, _ in noteworthy_slices(replace(report, slices=(near, *report.slices)))] == [-0.5]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_of_others_stays_text(text):
    text = text[:500]
    harmless, hostile = (to_markdown(report_of(one, words=f"words {one}")) for one in ("harmless", text))

    changes, _, rest = hostile.partition("## Scores")
    assert "<script" not in changes.replace("\\<", "")
    assert "\x1b" not in hostile
    assert changes.count("\n") == harmless.partition("## Scores")[0].count("\n")
    assert rest.count("\n## ") == harmless.partition("## Scores")[2].count("\n## ")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("width", [40, 80])
def test_terminal_lines_fit_and_act_on_nothing(text, width):
    found = shown(report_of(text[:300], words=f"words {text[:300]}"), width)

    assert "\x1b" not in found
    assert max(cell_len(line) for line in found.splitlines()) <= width


@pytest.mark.parametrize("output", [to_markdown, shown])
def test_noise_is_told_where_nothing_flipped_too(output):
    noise = (Noise("facts", "exact", 2, 8, 0.0, 0.0), Noise("facts", "f1", 2, 8, 1.5, 0.125))

    found = " ".join(output(replace(report_of(), noise=noise)).replace("\\", "").split())

    assert "Noise of base" in found
    assert "0 of 8 samples flipped in 2 reruns: facts/exact" in found
    assert "1.5 of 8 samples flipped in each of 2 reruns, on average, the mean moved by up to 0.125: facts/f1" in found

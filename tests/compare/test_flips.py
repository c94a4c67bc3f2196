"""The samples that flipped, with both answers and the cause."""

from dataclasses import replace

import pytest
from hostile_report import template
from made_runs import checkpoint

from chateval.compare.causes import Seen
from chateval.compare.flips import SHOWN_CHARACTERS, Evidence, evidence_of, find_flips, shown_answer
from chateval.records import Response, Sample

BASE, SFT = ("base", "facts", "exact"), ("sft", "facts", "exact")


def plain(text):
    """`10.` is a sample right, one wrong and one unscored; sample ids are their places."""
    marks = {"1": (1.0, 1.0), "0": (0.0, 1.0), ".": None, "h": (0.5, 1.0)}
    return {str(place): marks[mark] for place, mark in enumerate(text)}


def of_exact(seen):
    """The answers by address."""
    return {(*key, "exact"): found for key, found in seen.items()}


def flips(before, after, *, target="Paris", question="Where?"):
    ids = before.keys() | after.keys()
    samples = {
        ("facts", name): Sample(
            id=name,
            inputs={},
            messages=({"role": "user", "content": "earlier"}, {"role": "user", "content": question}),
            target=target,
        )
        for name in ids
    }
    seen = {(one, "facts"): {name: Seen(f"{one} says {name}") for name in ids} for one in ("base", "sft")}
    reasons = {(one, "facts", "exact"): {name: f"{name} of {one}" for name in ids} for one in ("base", "sft")}
    return find_flips({BASE: before, SFT: after}, "base", Evidence(samples, seen, reasons, of_exact(seen)))


def test_flips_have_both_directions_with_both_answers():
    lost, won = flips(plain("1100"), plain("1010"))

    assert (lost.sample_id, lost.won, lost.baseline_value, lost.candidate_value) == ("1", False, 1.0, 0.0)
    assert (won.sample_id, won.won, won.baseline_value, won.candidate_value) == ("2", True, 0.0, 1.0)
    assert (won.baseline_text, won.candidate_text) == ("base says 2", "sft says 2")
    assert (lost.baseline_text, lost.candidate_text) == ("base says 1", "sft says 1")


def test_a_flip_has_what_the_scorer_said_of_either_side():
    [found] = flips(plain("0"), plain("1"))

    assert (found.baseline_reason, found.candidate_reason) == ("0 of base", "0 of sft")


def test_a_flip_shows_the_last_question_and_the_target():
    [found] = flips(plain("0"), plain("1"), question="Which city?", target="Rome")

    assert (found.question, found.target) == ("Which city?", "Rome")


@pytest.mark.parametrize(
    ("before", "after", "n"),
    [("1", "1", 0), ("0", "h", 0), ("h", "1", 1), ("1", "h", 1), (".", "1", 0), ("1", ".", 0), ("0", "0", 0)],
)
def test_only_a_change_between_right_and_not_right_is_a_flip(before, after, n):
    assert len(flips(plain(before), plain(after))) == n


def test_a_sample_that_one_side_lacks_is_no_flip():
    assert flips({"a": (1.0, 1.0)}, {"b": (1.0, 1.0)}) == []


def test_long_texts_are_cut():
    [found] = flips(plain("0"), plain("1"), question="q" * 9000 + "end", target="t" * 9000)

    assert len(found.target) == SHOWN_CHARACTERS
    assert len(found.question) <= SHOWN_CHARACTERS + 10
    assert found.question.endswith("end")


@pytest.mark.parametrize(
    ("response", "choices", "shown"),
    [
        (Response("a", "Paris", "eos"), (), "Paris"),
        (Response("a", "", "eos"), ("Paris", "Rome"), "Rome"),
        (Response("a", "", "error", error="too long"), ("Paris", "Rome"), "[error: too long]"),
        (Response("a", "", "eos"), (), ""),
    ],
)
def test_the_shown_answer_is_the_text_the_choice_or_the_error(response, choices, shown):
    assert shown_answer(response, Sample(id="a", inputs={}, choices=choices), "Rome") == shown


def test_a_flip_says_why_the_side_that_is_not_right_is_not():
    samples = {("facts", "0"): Sample(id="0", inputs={}, target="Paris")}
    seen = {("base", "facts"): {"0": Seen("Paris")}, ("sft", "facts"): {"0": Seen("The ci", finish="length")}}

    [found] = find_flips({BASE: plain("1"), SFT: plain("0")}, "base", Evidence(samples, seen, {}, of_exact(seen)))

    assert (found.won, found.cause) == (False, "truncated")


def test_the_answer_that_is_not_right_is_the_one_shown_and_explained():
    samples = {("facts", "0"): Sample(id="0", inputs={}, target="Paris")}
    seen = {("base", "facts"): {"0": Seen("Paris")}, ("sft", "facts"): {"0": Seen("Paris")}}
    wrong = {SFT: {"0": Seen("The ci", finish="length")}}

    [found] = find_flips({BASE: plain("1"), SFT: plain("h")}, "base", Evidence(samples, seen, {}, wrong))

    assert (found.baseline_text, found.candidate_text, found.cause) == ("Paris", "The ci", "truncated")


def test_a_flip_whose_answers_are_not_kept_is_still_listed():
    [found] = find_flips({BASE: plain("1"), SFT: plain("0")}, "base", Evidence({}, {}, {}))

    assert (found.sample_id, found.baseline_text, found.cause) == ("0", None, "")


@pytest.mark.parametrize("verdict", ["BROKEN", "UNVERIFIED"])
def test_a_template_at_fault_is_the_cause_unless_the_same_weights_fail_without_it(verdict):
    texts = {"base": "11", "sft": "10", "broken": "00"}
    sound, broken = (replace(template("x"), verdict=one) for one in ("CONFORMS", verdict))
    checkpoints = [checkpoint(name, weights_digest=f"w {name != 'base'}", template=sound) for name in ("base", "sft")]
    checkpoints.append(checkpoint("broken", weights_digest="w True", template=broken))
    samples = {("facts", name): Sample(id=name, inputs={}, target="Paris") for name in "01"}
    seen = {(name, "facts"): {"0": Seen("Lyon"), "1": Seen("Rome")} for name in texts}
    evidence = replace(evidence_of(checkpoints, [], samples), seen=seen, wrong=of_exact(seen))

    found = find_flips({(name, "facts", "exact"): plain(text) for name, text in texts.items()}, "base", evidence)

    assert [(one.candidate, one.sample_id, one.cause) for one in found] == [
        ("sft", "1", "wrong answer"),
        ("broken", "0", "template fault"),
        ("broken", "1", "wrong answer"),
    ]


@pytest.mark.parametrize(("verdict", "cause"), [("BROKEN", "template fault"), ("UNVERIFIED", "wrong answer")])
def test_without_such_a_twin_only_a_broken_template_is_a_cause(verdict, cause):
    checkpoints = [checkpoint("base"), checkpoint("sft", template=replace(template("x"), verdict=verdict))]
    seen = {(name, "facts"): {"0": Seen("Lyon")} for name in ("base", "sft")}

    [found] = find_flips(
        {BASE: plain("1"), SFT: plain("0")},
        "base",
        replace(evidence_of(checkpoints, [], {}), seen=seen, wrong=of_exact(seen)),
    )

    assert found.cause == cause

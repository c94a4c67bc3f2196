"""The verdict on the calls of a dialogue, of one answer, and what is wanted in its spellings."""

import json
from dataclasses import replace

import pytest
from answers import FACTS, answered

from chateval.records import Dialogue, Round
from chateval.score.tool import final_answer, tool_outcome

A = {"name": "weather", "arguments": {"city": "Turin"}}
B = {"name": "weather", "arguments": {"city": "Porto"}}
C = {"name": "phone", "arguments": {"id": "p-1"}}
HERMES = "{{ '<tool_call>\\n' }}{{ '</tool_call>' }}{{ tool_calls }}"
"""Enough of a template to know its format of calls by."""


def round_of(*calls, text="", fault=""):
    return Round((), text, text, "eos", 1, 1, calls=calls, fault=fault)


def dialogue(wanted, *rounds, ending="answered", **inputs):
    case = answered(rounds[-1].text, json.dumps(wanted), **inputs)
    return replace(case, response=replace(case.response, dialogue=Dialogue(rounds, ending)))


SAID = round_of(text="It is foggy.")


@pytest.mark.parametrize(
    ("wanted", "rounds", "reason"),
    [
        ([A], (round_of(A), SAID), "right"),
        (A, (round_of(A), SAID), "right"),
        ([A, C], (round_of(A), round_of(C), SAID), "right"),
        ([A, C], (round_of(A, C), SAID), "right"),
        ([A, C], (round_of(C), round_of(A), SAID), "wrong tool: phone, not weather"),
        ([[A, B]], (round_of(B, A), SAID), "right"),
        ([[A, B]], (round_of(B), round_of(A), SAID), "right"),
        ([C, [A, B]], (round_of(C), round_of(B, A), SAID), "right"),
        ([[A, B], C], (round_of(A), round_of(C), SAID), "wrong tool: phone, not weather"),
        ([A], (round_of(B), SAID), 'wrong arguments: city is not "Turin"'),
        ([A], (round_of(A), round_of(A), SAID), "several calls: 2, not 1"),
        ([A, C], (round_of(A), SAID), "missing call: phone"),
        ([A], (SAID,), "missing call: weather"),
        ([], (SAID,), "right"),
        (None, (SAID,), "right"),
        ([], (round_of(A), SAID), "should not have called: weather"),
        ([], (round_of(text="{", fault="malformed: x"),), "should not have called: malformed: x"),
        ([], (round_of(text=" "),), "unanswered: no text"),
        ([A], (round_of(A), round_of(text="")), "unanswered: no text after the results"),
        ([A], (round_of(text="{", fault="malformed: cut off"),), "malformed: cut off"),
        ([A], (round_of(text="{", fault="cut off"),), "malformed: cut off"),
        ([A], (round_of(text="{}", fault="parser lost: weather"),), "parser lost: weather"),
        ([A], (round_of(A), round_of(text="{", fault="malformed: x")), "malformed: x"),
    ],
)
def test_the_verdict_on_a_dialogue_is_the_first_thing_that_keeps_it_from_being_right(wanted, rounds, reason):
    mark = tool_outcome(dialogue(wanted, *rounds))

    assert (mark.value, mark.reason) == (float(reason == "right"), reason)


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ("rounds", "unanswered: the limit of rounds was met"),
        ("calls", "unanswered: the limit of calls was met"),
        ("tokens", "unanswered: the limit of tokens was met"),
        ("context", "unanswered: the history outgrew the context"),
    ],
)
@pytest.mark.parametrize("wanted", [[A], [A, C]])
def test_a_dialogue_that_a_limit_ends_is_unanswered(wanted, ending, reason):
    assert tool_outcome(dialogue(wanted, round_of(A), ending=ending)).reason == reason


@pytest.mark.parametrize(
    ("rounds", "reason"),
    [
        ((round_of(C), round_of(A), SAID), "right"),
        ((round_of(A), round_of(C), SAID), "right"),
        ((round_of(B), SAID), 'wrong arguments: city is not "Turin"'),
    ],
)
def test_calls_beside_the_wanted_ones_may_be_allowed(rounds, reason):
    assert tool_outcome(dialogue([A], *rounds), extra="allowed").reason == reason


@pytest.mark.parametrize(
    "target",
    [
        {"tool": "weather", "parameters": {"city": "Turin"}},
        {"type": "function", "function": {"name": "weather", "arguments": '{"city": "Turin"}'}},
        {"function": {"name": "weather", "arguments": {"city": "turin "}}},
        {"weather": {"city": "Turin"}},
    ],
)
def test_a_target_is_read_in_the_spellings_of_calls(target):
    assert tool_outcome(dialogue([target], round_of(A), SAID)).value == 1.0


def test_an_alternative_target_is_right_too():
    case = dialogue([A], round_of(B), SAID)
    case = replace(case, sample=replace(case.sample, alternatives=(json.dumps([B]),)))

    assert tool_outcome(case).value == 1.0


@pytest.mark.parametrize("target", ["", "weather", "[1]", '{"city": "Turin"}', '[{"name": 5}]', "{"])
def test_a_target_that_is_no_calls_is_a_fault_of_the_task(target):
    with pytest.raises(ValueError, match="^target .*: no calls: "):
        tool_outcome(answered("x", target))


@pytest.mark.parametrize(
    ("template", "text", "reason"),
    [
        ("", json.dumps(A), "right"),
        ("", "I cannot tell.", "missing call: weather"),
        ("", '{"name": "weather", "arguments": {', "malformed: "),
        (HERMES, f"<tool_call>\n{json.dumps(A)}\n</tool_call>", "right"),
        (HERMES, json.dumps(A), "parser lost: weather"),
        (HERMES, f"<tool_call>\n{json.dumps(A)[:-3]}\n</tool_call>", "malformed: "),
        (HERMES, "Sunny.", "missing call: weather"),
    ],
)
def test_of_one_answer_the_calls_count_that_the_template_of_the_checkpoint_reads(template, text, reason):
    case = replace(answered(text, json.dumps([A])), facts=replace(FACTS, text=template))
    case = replace(case, sample=replace(case.sample, tools=({"function": {"name": "weather"}},)))

    assert tool_outcome(case).reason.startswith(reason)


@pytest.mark.parametrize(
    ("answer", "rounds", "value"),
    [
        ("foggy", (round_of(A), SAID), 1.0),
        (["foggy", "it"], (round_of(A), SAID), 1.0),
        (["foggy", "cold"], (round_of(A), SAID), 0.0),
        ("weather", (round_of(A, text="weather"),), 0.0),
        ("foggy", (round_of(text=""),), 0.0),
    ],
)
def test_the_last_answer_says_what_the_row_wants(answer, rounds, value):
    assert final_answer(dialogue([A], *rounds, answer=answer)).value == value


@pytest.mark.parametrize("answer", [None, [], 5, [5], "..."])
def test_a_row_without_an_answer_is_a_fault_of_the_task(answer):
    with pytest.raises(ValueError, match="answer|letter"):
        final_answer(dialogue([A], SAID, answer=answer))

"""Every answer of a dialogue scored by another scorer, and all answers as one text."""

from dataclasses import replace

import pytest
from answers import answered

from chateval.errors import TaskError
from chateval.records import Dialogue, Round, ScorerSpec
from chateval.score import bind, bind_scorer, family_of

EXACT = {"scorer": "exact", "field": "turn_targets"}


def user(text):
    return ({"role": "user", "content": text},)


def said(*rounds, targets=None, ending="answered", target="Rome"):
    """Return the case of a dialogue; a round is an answer to the user, or (what was told, answer)."""
    pairs = [one if isinstance(one, tuple) else (user("?"), one) for one in rounds]
    made = tuple(Round(told, text, text, "eos", 3, 2) for told, text in pairs)
    case = answered(made[-1].text, target, **({} if targets is None else {"turn_targets": targets}))
    n_turns = sum(told[-1]["role"] == "user" for told, _ in pairs) - 1
    n_turns = max(n_turns, len(targets or ()) - 1)
    return replace(
        case,
        sample=replace(case.sample, turns=("?",) * n_turns),
        response=replace(case.response, dialogue=Dialogue(made, ending)),
    )


@pytest.mark.parametrize(
    ("rounds", "targets", "value", "reason"),
    [
        (("a", "b", "c"), ["a", "b", "c"], 1.0, ""),
        (("a", "x", "c"), ["a", "b", "c"], 2 / 3, "turn 2: "),
        (("x", "y", "c"), [None, "b", "c"], 0.5, "turn 2: "),
        (("x", "y", "c"), [None, None, "c"], 1.0, ""),
        (("a", "b"), ["a", ["x", "b"]], 1.0, ""),
        (("", "b"), ["a", "b"], 0.5, "turn 1: "),
        (("a", "b", "unasked"), ["a", "b"], 1.0, ""),
    ],
)
def test_the_value_is_the_share_of_right_turns_and_the_reason_names_the_first_wrong_one(rounds, targets, value, reason):
    found = bind("turns", EXACT)(said(*rounds, targets=targets))

    assert found.value == pytest.approx(value)
    assert found.reason.startswith(reason)
    assert bool(found.reason) == bool(reason)


def test_answers_that_a_dialogue_ended_before_are_wrong():
    found = bind("turns", EXACT)(said("a", targets=["a", "b", "c"], ending="tokens"))

    assert found.value == pytest.approx(1 / 3)
    assert found.reason == "turn 2: no answer, the dialogue ended by tokens"


def test_calls_on_the_way_are_no_answers():
    result = ({"role": "tool", "name": "look", "content": "b"},)
    case = said("a", (user("And?"), '{"name": "look"}'), (result, "b"), targets=["a", "b"])

    assert bind("turns", EXACT)(case).value == 1.0


def test_without_a_field_every_answer_is_held_against_the_target_of_the_sample():
    found = bind("turns", {"scorer": "regex", "options": {"pattern": "^(?!.*sorry).*$"}})(
        said("Yes.", "sorry, no", target="")
    )

    assert (found.value, found.answer) == (0.5, "1 of 2 turns")


def test_without_a_field_turns_that_were_never_answered_are_wrong_too():
    case = said("Yes.", target="", ending="tokens")
    case = replace(case, sample=replace(case.sample, turns=("?", "?", "?")))

    found = bind("turns", {"scorer": "regex", "options": {"pattern": "^(?!.*sorry)"}})(case)

    assert (found.value, found.reason) == (0.25, "turn 2: no answer, the dialogue ended by tokens")


@pytest.mark.parametrize(
    ("finish", "raw", "value"),
    [("length", "<think>on and on", 0.5), ("eos", "<think>on and on", 0.5), ("eos", "<think>on and on</think>", 1.0)],
)
def test_an_answer_that_ends_inside_its_thinking_is_wrong_where_an_empty_one_is_right(finish, raw, value):
    case = said("x", "Yes.", target="")
    first = Round(user("?"), "", raw, finish, 3, 2, reasoning="on and on")
    case = replace(
        case,
        response=replace(case.response, dialogue=Dialogue((first, *case.response.dialogue.rounds[1:]), "answered")),
    )

    found = bind("turns", {"scorer": "regex", "options": {"pattern": "^(?!.*sorry)"}})(case)

    assert found.value == value
    assert found.reason == ("" if value == 1 else "turn 1: incomplete: ends inside its thinking")


def test_a_single_answer_is_one_turn():
    assert bind("turns", {"scorer": "exact"})(answered("Rome", "Rome")).value == 1.0


def test_a_turn_that_cannot_be_scored_leaves_the_dialogue_unscored():
    pattern = {"function": "regex", "regex_pattern": "(a|a)*$"}
    scorer = bind("turns", {"scorer": "filtered_match", "options": {"filters": [pattern]}})

    found = scorer(said("a" * 5_000 + "b"))

    assert found.value is None or found.value == 0.0
    assert found.reason.startswith("turn 1: ")


def test_extraction_stands_before_the_scorer_of_each_turn():
    spec = ScorerSpec("turns", {"scorer": "number"}, extract=("hash_number",))

    found = bind_scorer(spec)(said("It is #### 4", "4", target="4"))

    assert found.value == 0.5
    assert found.reason == "turn 2: no answer found by hash_number"


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ("a", "a list with a target for each answer"),
        ([None], "no answer has a target"),
        ([3], "a text, a list of texts, or null"),
        ([[]], "a text, a list of texts, or null"),
        ([["a", 3]], "a text, a list of texts, or null"),
    ],
)
def test_targets_that_are_no_list_of_targets_are_the_fault_of_the_task(targets, words):
    with pytest.raises(ValueError, match=words):
        bind("turns", EXACT)(said("a", targets=targets))


def test_more_targets_than_turns_are_the_fault_of_the_task():
    case = said("a", targets=["a", "b"])

    with pytest.raises(ValueError, match="2 targets for 1 turns of the user"):
        bind("turns", EXACT)(replace(case, sample=replace(case.sample, turns=())))


def test_a_row_without_the_field_is_the_fault_of_the_task():
    with pytest.raises(ValueError, match="'turn_targets' is missing"):
        bind("turns", EXACT)(said("a"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs the option 'scorer'"),
        ({"scorer": "exactly"}, "unknown scorer 'exactly'"),
        ({"scorer": "exact", "options": {"tolerance": 1}}, "scorer exact has no option 'tolerance'"),
        ({"scorer": "turns"}, "does not score the text of one answer"),
        ({"scorer": "single_bos"}, "does not score the text of one answer"),
        ({"scorer": "choice"}, "does not score the text of one answer"),
        ({"scorer": "runs_tests"}, "--trust-code"),
    ],
)
def test_a_scorer_that_turns_cannot_score_by_is_refused_before_any_model(options, words):
    with pytest.raises(TaskError, match=words):
        bind("turns", options)


def test_the_whole_dialogue_is_one_text():
    case = said("I said Rome.", "I say no more.")

    assert bind("contains_answer", {})(case).value == 0.0
    assert bind("whole_dialogue", {"scorer": "contains_answer"})(case).value == 1.0
    assert bind("whole_dialogue", {"scorer": "exact"})(answered("Rome", "Rome")).value == 1.0


@pytest.mark.parametrize(("inner", "family"), [("exact", "accuracy"), ("json_valid", "format"), ("a.b:c", "custom")])
def test_the_family_is_that_of_the_scorer_within(inner, family):
    assert family_of(ScorerSpec("each", {"scorer": inner}, function="turns")) == family

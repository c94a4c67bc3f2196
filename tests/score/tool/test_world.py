"""The world after a dialogue against the one that is wanted."""

import json
from dataclasses import replace

import pytest
from answers import answered

from chateval.records import Dialogue, Round
from chateval.score.tool import world_state

ROOMS = {"rooms": {"Maple": 4}, "bookings": {"101": {"room": "Maple", "day": "Mon", "id": 7}}}


def case_of(found, wanted, *, is_held=True):
    case = answered("Done.", wanted if isinstance(wanted, str) else json.dumps(wanted))
    dialogue = Dialogue((Round((), "Done.", "Done.", "eos", 1, 1),), "answered", state=found)
    case = replace(case, sample=replace(case.sample, state=found))
    return replace(case, response=replace(case.response, dialogue=dialogue)) if is_held else case


def changed(**booking):
    return {"rooms": {"Maple": 4}, "bookings": {"101": {"room": "Maple", "day": "Mon", "id": 7} | booking}}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (ROOMS, ""),
        (changed(id=7.0), ""),
        (changed(day="Tue"), 'bookings.101.day: "Tue", not "Mon"'),
        (changed(day="mon", id=8), 'bookings.101.day: "mon", not "Mon" (and 1 more)'),
        (changed(id=True), "bookings.101.id: true, not 7"),
        (changed(by="Ines"), 'bookings.101.by: "Ines", which should not be there'),
        ({"rooms": {"Maple": 4}, "bookings": {}}, "bookings.101: nothing, not "),
        ({"rooms": [], "bookings": ROOMS["bookings"]}, 'rooms: [], not {"Maple": 4}'),
    ],
)
def test_the_first_difference_is_named(found, reason):
    mark = world_state(case_of(found, ROOMS))

    assert mark.value == float(not reason)
    assert mark.reason.startswith(reason)


@pytest.mark.parametrize(
    ("found", "wanted", "reason"),
    [
        ({"log": ["a", "b"]}, {"log": ["a", "c"]}, 'log.1: "b", not "c"'),
        ({"log": ["a"]}, {"log": ["a", "c"]}, 'log: ["a"], not ["a", "c"]'),
        ({"x": None}, {}, "x: null, which should not be there"),
    ],
)
def test_lists_are_compared_in_order_and_null_is_a_value(found, wanted, reason):
    assert world_state(case_of(found, wanted)).reason == reason


def test_paths_that_are_ignored_may_be_anything_or_absent():
    case = case_of(changed(id=9, at="noon"), ROOMS)

    assert world_state(case, ignore=["bookings.*.id", "bookings.*.at"]).value == 1.0
    assert world_state(case, ignore=["bookings.*.id"]).value == 0.0


def test_an_alternative_state_is_right_too():
    case = case_of(changed(day="Tue"), ROOMS)
    case = replace(case, sample=replace(case.sample, alternatives=(json.dumps(changed(day="Tue")),)))

    assert world_state(case).value == 1.0


def test_before_any_answer_the_state_is_that_of_the_sample():
    assert world_state(case_of(ROOMS, ROOMS, is_held=False)).value == 1.0


@pytest.mark.parametrize("target", ["", "[]", "null", "{"])
def test_a_target_that_is_no_object_is_a_fault_of_the_task(target):
    with pytest.raises(ValueError, match="target"):
        world_state(case_of(ROOMS, target))


def test_a_sample_without_a_state_is_a_fault_of_the_task():
    with pytest.raises(ValueError, match="no state"):
        world_state(answered("x", "{}"))

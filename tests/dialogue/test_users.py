"""What a model that plays a user is shown, and what is made of what it says."""

import pytest

from chateval.dialogue.users import OPENING, SILENCE, user_messages, user_turn
from chateval.records import SimulatedUser

USER = SimulatedUser("customer")
ASKED = {"role": "user", "content": "A table for two."}
ANSWERED = {"role": "assistant", "content": "At what time?"}


def test_the_roles_are_changed_behind_the_instructions_and_a_greeting():
    instructions, *shown = user_messages(USER, "You are hungry.", (ASKED, ANSWERED))

    assert instructions["role"] == "system"
    assert instructions["content"].startswith("You are hungry.\n")
    assert USER.stop in instructions["content"]
    assert shown == [
        {"role": "user", "content": OPENING},
        {"role": "assistant", "content": "A table for two."},
        {"role": "user", "content": "At what time?"},
    ]


def test_neither_system_messages_nor_calls_nor_results_are_shown():
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "look", "arguments": {}}}]}
    result = {"role": "tool", "name": "look", "content": "free at eight"}

    shown = user_messages(USER, "Go.", ({"role": "system", "content": "Be brief."}, ASKED, call, result, ANSWERED))

    assert [message["content"] for message in shown[1:]] == [OPENING, "A table for two.", "At what time?"]


def test_turns_of_one_side_are_one_message_and_an_empty_answer_is_said_to_be_one():
    shown = user_messages(USER, "Go.", (ASKED, {"role": "user", "content": "At eight."}, {**ANSWERED, "content": " "}))

    assert [message["role"] for message in shown] == ["system", "user", "assistant", "user"]
    assert shown[2]["content"] == "A table for two.\n\nAt eight."
    assert shown[3]["content"] == SILENCE


@pytest.mark.parametrize(
    ("text", "turn"),
    [(" At eight. \n", "At eight."), ("", None), (" \n", None), ("[DONE]", None), ("Thank you! [DONE]", None)],
)
def test_a_user_who_says_nothing_or_has_what_it_wanted_ends_the_dialogue(text, turn):
    assert user_turn(USER, text) == turn

"""Turns that are dropped to fit: never a part of one, so that no result of a tool is left without its call."""

import pytest

from chateval.prompt.budget import Shown, fit
from chateval.records import Decoding, Prompt, Sample

CALL = {"id": "call00001", "type": "function", "function": {"name": "look", "arguments": {}}}
HISTORY = (
    {"role": "system", "content": "s"},
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "name": "look", "tool_call_id": "call00001", "content": "r"},
    {"role": "assistant", "content": "a"},
    {"role": "user", "content": "two"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "name": "look", "tool_call_id": "call00001", "content": "r"},
)


def fitted(room):
    """Fit the history into room for so many messages, one token each."""

    def show(messages):
        return Shown(tuple(messages), "", (7,) * len(messages))

    prompt = Prompt("0", HISTORY, "", (7,) * len(HISTORY), Decoding())
    return fit(prompt, Sample("0", {}, messages=HISTORY), 1, room + 1, "drop_oldest_turns", show)


@pytest.mark.parametrize(("room", "n_cut"), [(8, 0), (7, 4), (5, 4), (4, 4)])
def test_a_turn_goes_with_its_calls_and_their_results(room, n_cut):
    prompt = fitted(room)

    assert prompt.error is None
    assert prompt.n_cut == n_cut
    assert prompt.messages == (HISTORY[0], *HISTORY[1 + n_cut :])


def test_the_turn_at_hand_is_never_dropped():
    assert "exceed the checkpoint's limit of 4" in fitted(3).error

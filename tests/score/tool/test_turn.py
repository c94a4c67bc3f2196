"""What an answer calls: by the format of the chat template alone where there is one, else in any spelling."""

import json

import pytest

from chateval.records import Response
from chateval.score.tool import ToolCall, read_turn
from chateval.template.answer import find_format

HERMES = find_format("{{ '<tool_call>\\n' }}{{ '</tool_call>' }}{{ tool_calls }}")
THINKING = find_format("{{ '<tool_call>\\n' }}{{ '</tool_call>' }}{{ tool_calls }}<think>{{ '</think>' }}")
PLAIN = find_format("{{ messages }}")
CALL = json.dumps({"name": "look_up", "arguments": {"word": "tarn"}})
READ = (ToolCall("look_up", {"word": "tarn"}),)
TOOLS = ({"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}},)


def turn(text, form, tools=TOOLS):
    return read_turn(Response("0" * 16, text, "eos", raw_text=text), form, tools)


@pytest.mark.parametrize("form", [None, PLAIN])
def test_without_a_format_of_the_template_calls_are_read_in_any_spelling(form):
    found = turn(f"[{CALL}]", form)

    assert (found.calls, found.fault, found.is_native) == (READ, "", False)


def test_tools_that_the_task_offers_in_its_own_words_are_called_in_any_spelling():
    assert turn(CALL, HERMES, tools=()).calls == READ
    assert turn(f"<tool_call>\n{CALL}\n</tool_call>", HERMES, tools=()).calls == READ


def test_calls_in_the_format_of_the_template_are_taken_out_of_the_text():
    found = turn(f"Let me see.\n<tool_call>\n{CALL}\n</tool_call>", HERMES)

    assert (found.content, found.calls, found.is_native) == ("Let me see.", READ, True)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (CALL, "parser lost: look_up"),
        (f"```json\n{CALL}\n```", "parser lost: look_up"),
        (f"<tool_call>\n{CALL[:-2]}\n</tool_call>", "malformed: tool call "),
        ('{"name": "other", "arguments": {}}', ""),
        ("It is a lake.", ""),
        ("", ""),
    ],
)
def test_what_stands_there_in_another_spelling_is_lost_to_whoever_serves_the_model(text, fault):
    found = turn(text, HERMES)

    assert found.calls == ()
    assert found.fault.startswith(fault)
    assert bool(found.fault) == bool(fault)


def test_a_call_behind_reasoning_that_is_not_closed_counts():
    found = turn(f"<think>A lake?\n<tool_call>\n{CALL}\n</tool_call>", THINKING)

    assert (found.reasoning, found.calls) == ("A lake?", READ)


@pytest.mark.parametrize("form", [None, HERMES, THINKING])
@pytest.mark.parametrize("part", ["<tool_call>", "{", '{"name":', "[", "</think>", "\\"])
def test_hostile_answers_are_read_in_time(form, part):
    found = turn(part * 20_000, form)

    assert found.calls == ()

"""Calls that are answered from what the task has written down, and calls that are not let in."""

import pytest

from chateval.dialogue import Called, DeclaredTools, RecordedTools
from chateval.score.tool import ToolCall

RESULTS = (
    {"name": "weather", "arguments": {"city": "Turin", "days": 2}, "result": {"sky": "fog"}},
    {"name": "weather", "arguments": {"city": "Atlantis"}, "error": "unknown city"},
    {"name": "time", "result": "noon"},
    {"name": "time", "arguments": {"zone": "UTC"}, "result": "11:00"},
)
DECLARED = (
    {
        "type": "function",
        "function": {
            "name": "time",
            "parameters": {
                "type": "object",
                "properties": {"zone": {"type": "string"}},
                "required": ["zone"],
                "additionalProperties": False,
            },
        },
    },
)


@pytest.mark.parametrize(
    ("name", "arguments", "text", "is_error"),
    [
        ("weather", {"days": 2.0, "city": " turin"}, '{"sky":"fog"}', False),
        ("weather", {"city": "Turin"}, "error: nothing is known for weather with these arguments", True),
        ("weather", {"city": "Atlantis"}, "error: unknown city", True),
        ("time", {}, "noon", False),
        ("time", {"zone": "UTC"}, "11:00", False),
        ("time", {"zone": "CET"}, "noon", False),
        ("rain", {}, "error: nothing is known for rain with these arguments", True),
    ],
)
def test_a_recorded_result_answers_the_call_with_its_arguments_or_else_any(name, arguments, text, is_error):
    assert RecordedTools(RESULTS).call(ToolCall(name, arguments), None) == Called(text, None, is_error)


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("rain", {}, "error: no such tool; declared: time"),
        ("time", {}, 'error: $: "zone" is a required property'),
        ("time", {"zone": 5}, 'error: $.zone: 5 is not of type "string"'),
        ("time", {"zone": "UTC", "day": 1}, "error: $: Additional properties are not allowed ('day' was unexpected)"),
    ],
)
def test_a_call_that_the_tools_on_offer_do_not_allow_is_told_why(name, arguments, text):
    tools = DeclaredTools(RecordedTools(RESULTS), DECLARED)

    assert tools.call(ToolCall(name, arguments), {"n": 1}) == Called(text, {"n": 1}, is_error=True)


def test_arguments_nested_beyond_reason_are_an_error_of_the_call():
    deep = inner = []
    for _ in range(100_000):
        inner.append([])
        inner = inner[0]
    tools = DeclaredTools(RecordedTools(RESULTS), DECLARED)

    assert tools.call(ToolCall("time", {"zone": deep}), None).is_error
    assert RecordedTools(RESULTS[:1]).call(ToolCall("weather", {"city": deep}), None).is_error

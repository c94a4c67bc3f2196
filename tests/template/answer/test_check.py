import pytest

from chateval.template.answer import ToolCall, check_calls

TOOL = {
    "name": "book",
    "parameters": {
        "type": "object",
        "properties": {"day": {"type": "string", "format": "date"}, "n": {"type": "integer"}},
        "required": ["day"],
        "additionalProperties": False,
    },
}
TOOLS = [{"type": "function", "function": TOOL}]


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("book", {"day": "2024-02-29"}, ""),
        {"name": "book", "arguments": {"day": "2024-02-29"}},
        {"name": "book", "parameters": {"day": "2024-02-29", "n": 2}},
        {"tool": "book", "parameters": {"day": "2024-02-29"}},
        {"function": {"name": "book", "arguments": '{"day": "2024-02-29"}'}},
    ],
)
@pytest.mark.parametrize("tools", [TOOLS, [TOOL]])
def test_a_right_call_has_no_fault_however_it_is_spelt(call, tools):
    assert check_calls([call], tools) == []


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ({"name": "cook", "arguments": {}}, "call 1, cook: no such tool; declared: book"),
        ({"name": "book", "arguments": {}}, 'call 1, book: $: "day" is a required property'),
        ({"name": "book", "arguments": {"day": "2023-02-29"}}, 'call 1, book: $.day: "2023-02-29" is not a "date"'),
        ({"name": "book", "arguments": {"day": "2024-02-29", "n": "2"}}, "call 1, book: $.n: "),
        ({"name": "book", "arguments": "{"}, "call 1: Expecting property name"),
        ({"name": "book", "arguments": {"day": "\ud800"}}, "call 1, book: "),
        ({"name": "book", "arguments": {"day": "2024-02-29", "n": float("inf")}}, "call 1, book: "),
        (ToolCall("book", None, "{"), "call 1, book: the arguments cannot be read"),
        ({"arguments": {}}, "call 1, arguments: no such tool"),
        (7, "call 1: a call is not an object"),
    ],
)
def test_a_wrong_call_is_named_with_its_fault(call, fault):
    [found] = check_calls([call], TOOLS)

    assert found.startswith(fault)


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "https://example.org/s.json"}, 7])
def test_a_schema_that_cannot_be_used_is_a_fault_and_nothing_is_fetched(schema):
    [found] = check_calls([{"name": "f", "arguments": {}}], [{"name": "f", "parameters": schema}])

    assert "schema is not valid" in found


def test_a_tool_without_a_schema_takes_any_arguments():
    assert check_calls([{"name": "f", "arguments": {"x": 1}}], [{"name": "f"}]) == []

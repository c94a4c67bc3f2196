import pytest

from chateval.template.grammar import find_dialect, load_families
from chateval.template.grammar.layout import read_calls, read_results, write_calls

FAMILIES = load_families()


def layout(name):
    return find_dialect(name, FAMILIES).tools


def call(name, **arguments):
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("name", "content", "own", "calls"),
    [
        ("chatml", '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>', "", [call("f", a=1)]),
        ("qwen2.5", 'Well.\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>', "Well.", [call("f")]),
        (
            "qwen3.5",
            "<tool_call>\n<function=f>\n<parameter=a>\nx\ny\n</parameter>\n<parameter=b>\n2\n</parameter>\n</function>\n</tool_call>",
            "",
            [call("f", a="x\ny", b=2)],
        ),
        (
            "mistral-v3",
            '[TOOL_CALLS] [{"name": "f", "arguments": {}, "id": "123456789"}]',
            "",
            [{**call("f"), "id": "123456789"}],
        ),
        ("mistral-v11", '[TOOL_CALLS]f[CALL_ID]1[ARGS]{"a": "]"}', "", [{**call("f", a="]"), "id": "1"}]),
        ("mistral-v13", "Hm.[TOOL_CALLS]f[ARGS]{}[TOOL_CALLS]g[ARGS]{}", "Hm.", [call("f"), call("g")]),
        ("llama3.1", '{"name": "f", "parameters": {"a": 1}}', "", [call("f", a=1)]),
        (
            "deepseek-v3.1",
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            "",
            [call("f")],
        ),
    ],
)
def test_calls_are_read_as_the_dialect_writes_them(name, content, own, calls):
    assert read_calls(content, layout(name)) == (own, tuple(calls))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("chatml", "no call"),
        ("chatml", "<tool_call>\n{'name': 'f'}\n</tool_call>"),
        ("chatml", '<tool_call>\n{"name": "f"}\n</tool_call>'),
        ("chatml", '<tool_call>\n{"name": "f", "arguments": {}}'),
        ("chatml", '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call> and more'),
        ("chatml", '<tool_call>\n{"name": 3, "arguments": {}}\n</tool_call>'),
        ("llama3.1", '{"city": "Oslo"}'),
        ("llama3.1", "12"),
        ("mistral-v3", "[TOOL_CALLS] []"),
        ("zephyr", '{"name": "f", "arguments": {}}'),
        ("chatml", "<tool_call>\n" + "[" * 100_000),
    ],
)
def test_what_is_not_a_whole_call_stays_content(name, content):
    assert read_calls(content, layout(name)) is None


@pytest.mark.parametrize("name", ["chatml", "qwen3.5", "mistral-v3", "mistral-v13", "command-r7b", "deepseek-v3"])
def test_written_calls_are_read_again(name):
    calls = (call("f", a=1), call("g", b={"c": ["d"]}))

    assert read_calls(write_calls(calls, layout(name)), layout(name)) == ("", calls)


def test_results_that_share_a_user_turn_are_told_apart():
    content = "<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response>"

    assert read_results(content, layout("qwen2.5")) == (
        {"role": "tool", "content": "1"},
        {"role": "tool", "content": "2"},
    )


def test_a_user_turn_without_results_is_none():
    assert read_results("What is a <tool_response>?", layout("qwen2.5")) is None


def test_a_json_result_keeps_its_call_id():
    assert read_results('{"content": 22, "call_id": "a"}', layout("mistral-v3")) == (
        {"role": "tool", "content": "22", "tool_call_id": "a"},
    )

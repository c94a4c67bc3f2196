from time import process_time

import pytest

from chateval.template.answer import AnswerFormat, Thinking, ToolCall, read_answer
from chateval.template.answer.families import CALLS, ENDS, WRAPPERS

FORMS = {form.name: form for form in CALLS}
THINK = Thinking("<think>", "</think>")
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "lookup",
            "parameters": {
                "type": "object",
                "properties": {"word": {"type": "string"}, "n": {"type": "integer"}, "tags": {"type": "array"}},
            },
        },
    }
]


def form(*names, **fields):
    return AnswerFormat(calls=tuple(FORMS[name] for name in names), **fields)


def plain(answer):
    return [(call.name, call.arguments, call.id) for call in answer.tool_calls]


@pytest.mark.parametrize(
    ("name", "text", "call_id"),
    [
        ("hermes", '<tool_call>\n{"name": "lookup", "arguments": {"word": "7", "n": 2}}\n</tool_call>', None),
        ("hermes", '<tool_call>{"name": "lookup", "arguments": "{\\"word\\": \\"7\\", \\"n\\": 2}"}</tool_call>', None),
        (
            "hermes",
            '<tool_call>{"function": {"name": "lookup", "parameters": {"word": "7", "n": 2}}}</tool_call>',
            None,
        ),
        (
            "function-tags",
            "<tool_call>\n<function=lookup>\n<parameter=word>\n7\n</parameter>\n<parameter=n>\n2\n</parameter>\n"
            "</function>\n</tool_call>",
            None,
        ),
        (
            "argument-pairs",
            "<tool_call>lookup\n<arg_key>word</arg_key>\n<arg_value>7</arg_value>\n<arg_key>n</arg_key>"
            "<arg_value>2</arg_value>\n</tool_call>",
            None,
        ),
        (
            "invoke-tags",
            '<minimax:tool_call>\n<invoke name="lookup">\n<parameter name="word">7</parameter>\n'
            '<parameter name="n">2</parameter>\n</invoke>\n</minimax:tool_call>',
            None,
        ),
        (
            "dsml",
            '<｜DSML｜tool_calls><｜DSML｜invoke name="lookup"><｜DSML｜parameter name="word" string="true">7'
            '</｜DSML｜parameter><｜DSML｜parameter name="n" string="false">2</｜DSML｜parameter></｜DSML｜invoke>'
            "</｜DSML｜tool_calls>",
            None,
        ),
        (
            "function-param",
            '<function name="lookup"><param name="word"><![CDATA[7]]></param><param name="n">2</param></function>',
            None,
        ),
        (
            "open-close",
            '<|open|>tools<|sep|><|open|>call tool="lookup" index="1"<|sep|><|open|>argument key="word" type="string"'
            '<|sep|>7<|close|>argument<|sep|><|open|>argument key="n" type="number"<|sep|>2<|close|>argument<|sep|>'
            "<|close|>call<|sep|><|close|>tools<|sep|>",
            None,
        ),
        (
            "minimax-nested",
            ']<]minimax[>[<tool_call>]<]minimax[>[<invoke name="lookup">]<]minimax[>[<word>7]<]minimax[>[</word>'
            "]<]minimax[>[<n>2]<]minimax[>[</n>]<]minimax[>[</invoke>]<]minimax[>[</tool_call>",
            None,
        ),
        (
            "mistral-list",
            '[TOOL_CALLS] [{"name": "lookup", "arguments": {"word": "7", "n": 2}, "id": "abcDEF123"}]',
            "abcDEF123",
        ),
        ("mistral-args", '[TOOL_CALLS]lookup[CALL_ID]abcDEF123[ARGS]{"word": "7", "n": 2}', "abcDEF123"),
        ("mistral-args", '[TOOL_CALLS]lookup[ARGS]{"word": "7", "n": 2}', None),
        (
            "deepseek-fence",
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>lookup\n```json\n"
            '{"word": "7", "n": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
            None,
        ),
        (
            "deepseek-plain",
            '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>lookup<｜tool▁sep｜>{"word": "7", "n": 2}<｜tool▁call▁end｜>'
            "<｜tool▁calls▁end｜>",
            None,
        ),
        (
            "kimi-section",
            "<|tool_calls_section_begin|><|tool_call_begin|>functions.lookup:3<|tool_call_argument_begin|>"
            '{"word": "7", "n": 2}<|tool_call_end|><|tool_calls_section_end|>',
            "functions.lookup:3",
        ),
        (
            "command-r-action",
            '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "lookup", "parameters": {"word": "7", "n": 2}}]'
            "<|END_ACTION|>",
            "0",
        ),
        (
            "command-r-fence",
            'Action: ```json\n[{"tool_name": "lookup", "parameters": {"word": "7", "n": 2}}]\n```',
            None,
        ),
        ("gemma-literal", '<|tool_call>call:lookup{word:<|"|>7<|"|>,n:2}<tool_call|>', None),
        (
            "functiongemma",
            "<start_function_call>call:lookup{word:<escape>7<escape>,n:2}<end_function_call>",
            None,
        ),
        ("lfm2", "<|tool_call_start|>[lookup(word='7', n=2)]<|tool_call_end|>", None),
        ("llama4", '[lookup(word="7", n=2)]', None),
        ("llama-json", '{"name": "lookup", "parameters": {"word": "7", "n": 2}}', None),
        ("llama-json", '{"type": "function", "name": "lookup", "parameters": {"word": "7", "n": 2}}', None),
        ("llama-python-tag", '<|python_tag|>lookup.call(word="7", n=2)', None),
        ("llama-python-tag", '<|python_tag|>{"name": "lookup", "parameters": {"word": "7", "n": 2}}', None),
        ("llama-function", '<function=lookup>{"word": "7", "n": 2}</function>', None),
        ("functionary", 'lookup\n{"word": "7", "n": 2}', None),
        ("functools", 'functools[{"name": "lookup", "arguments": {"word": "7", "n": 2}}]', None),
        ("apertus", '<|tools_prefix|>[{"lookup": {"word": "7", "n": 2}}]<|tools_suffix|>', None),
        ("nemotron-list", '<TOOLCALL>[{"name": "lookup", "arguments": {"word": "7", "n": 2}}]</TOOLCALL>', None),
        ("granite-token", '<|tool_call|>[{"name": "lookup", "arguments": {"word": "7", "n": 2}}]', None),
        ("gigachat-token", '<|function_call|>{"name": "lookup", "arguments": {"word": "7", "n": 2}}', None),
        (
            "gigachat-role",
            '<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "lookup", "arguments": {"word": "7", "n": 2}}',
            None,
        ),
    ],
)
def test_a_call_is_read_in_the_format_of_its_family(name, text, call_id):
    answer = read_answer(text, form(name), tools=TOOLS)

    assert plain(answer) == [("lookup", {"word": "7", "n": 2}, call_id)]
    assert answer.content == ""
    assert not answer.is_partial


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hermes", "<tool_call>{}</tool_call>\n<tool_call>{}</tool_call>"),
        ("hermes", "<tool_call>{}\n{}</tool_call>"),
        ("mistral-list", "[TOOL_CALLS][{}, {}]"),
    ],
)
def test_parallel_calls_are_read_in_order(name, text):
    calls = ('{"name": "a", "arguments": {}}', '{"name": "b", "arguments": {}}')
    head, middle, tail = text.split("{}")

    answer = read_answer(f"{head}{calls[0]}{middle}{calls[1]}{tail}", form(name))

    assert [call.name for call in answer.tool_calls] == ["a", "b"]


def test_content_before_a_call_is_kept_without_the_space_between():
    answer = read_answer('Let me look.\n\n<tool_call>{"name": "f", "arguments": {}}</tool_call>', form("hermes"))

    assert (answer.content, len(answer.tool_calls)) == ("Let me look.", 1)


def test_an_answer_without_marks_is_not_changed():
    assert read_answer("  Paris. \n", form("hermes", thinking=THINK, is_thinking_open=False)).content == "  Paris. \n"


@pytest.mark.parametrize("text", ['{"name": "Ada", "age": 36}', "[1, 2]", "[see here](there)", '"f"', "{", "", "all"])
def test_json_and_prose_that_are_no_call_stay_content(text):
    answer = read_answer(text, form("llama-json", "llama4", "functionary"))

    assert (answer.content, answer.tool_calls) == (text, ())


@pytest.mark.parametrize(
    ("text", "is_open", "reasoning", "content"),
    [
        ("<think>\nHm.\n</think>\n\nYes.", False, "Hm.", "Yes."),
        ("Hm.\n</think>\n\nYes.", True, "Hm.", "Yes."),
        ("Hm.\n</think>\n\nYes.", None, "Hm.", "Yes."),
        ("<think>\n\n</think>\n\nYes.", False, "", "Yes."),
        ("Yes.", False, "", "Yes."),
        ("Yes.", None, "", "Yes."),
        ("Hm.\n</think>\nYes.", False, "", "Hm.\n</think>\nYes."),
        ("One.<think>Hm.</think>Two.", False, "Hm.", "One.Two."),
        ("Write <think> first.", False, "", "Write <think> first."),
    ],
)
def test_reasoning_is_told_from_content(text, is_open, reasoning, content):
    answer = read_answer(text, AnswerFormat(thinking=THINK, is_thinking_open=is_open))

    assert (answer.reasoning, answer.content, answer.is_partial) == (reasoning, content, False)


@pytest.mark.parametrize(("text", "is_open"), [("<think>Hm", False), ("Hm", True)])
def test_reasoning_that_does_not_end_is_partial_and_a_fault(text, is_open):
    answer = read_answer(text, AnswerFormat(thinking=THINK, is_thinking_open=is_open))

    assert (answer.reasoning, answer.content, answer.is_partial) == ("Hm", "", True)
    assert answer.faults == ("reasoning is not closed: </think> is missing",)


def test_a_call_inside_reasoning_is_not_made_and_one_behind_open_reasoning_is():
    call = '<tool_call>{"name": "f", "arguments": {}}</tool_call>'
    thinking = form("hermes", thinking=THINK, is_thinking_open=True)

    inside = read_answer(f"Maybe {call}?</think>No.", thinking)
    behind = read_answer(f"Now.\n{call}", thinking)

    assert (inside.tool_calls, inside.content) == ((), "No.")
    assert (behind.reasoning, len(behind.tool_calls), behind.is_partial) == ("Now.", 1, False)


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("hermes", "<tool_call>{name: f}</tool_call>", "tool call is not JSON: Expecting property name"),
        ("hermes", "Use <tool_call> tags.", "tool call is not JSON: Expecting value"),
        (
            "hermes",
            '<tool_call>{"name": "f", "arguments": [1]}</tool_call>',
            "tool call is not JSON: the arguments are not",
        ),
        (
            "hermes",
            '<tool_call>{"name": "f", "arguments": "{"}</tool_call> Then.',
            "tool call is not JSON: Expecting property name",
        ),
        ("hermes", '<tool_call>{"a": 1, "a": 2}</tool_call>', "tool call is not JSON: a key stands twice"),
        ("hermes", f"<tool_call>{'[' * 100_000}</tool_call>", "tool call is not JSON: nested too deeply"),
        ("hermes", f"<tool_call>{'[' * 300}{']' * 300}</tool_call>", "tool call is not JSON: nested too deeply"),
        ("mistral-args", "[TOOL_CALLS]f[ARGS]7", "tool call is not a name and JSON: the arguments are not an object"),
        ("function-tags", "<function=f>7</function>", "tool call is not a name and arguments in tags: </function>"),
        ("lfm2", "<|tool_call_start|>[f(a=1+1)]<|tool_call_end|>", "tool call is not f(name=value): Expecting ','"),
        ("lfm2", "<|tool_call_start|>[f(a=1|2)]<|tool_call_end|>", "tool call is not f(name=value): no literal"),
        ("lfm2", f"<|tool_call_start|>[f(a={'[' * 100_000})]", "tool call is not f(name=value): nested too deeply"),
        ("gemma-literal", "<|tool_call>f{}<tool_call|>", "tool call is not call:f{name:value}: no name"),
    ],
)
def test_a_call_that_cannot_be_read_is_a_fault_and_stays_content(name, text, fault):
    answer = read_answer(text, form(name))

    assert answer.content == text
    assert not answer.tool_calls
    assert answer.faults[0].startswith(fault)


@pytest.mark.parametrize(
    ("name", "text", "raw"),
    [
        ("hermes", '<tool_call>{"name": "f", "arguments": {"a": "b', '{"a": "b'),
        ("mistral-args", '[TOOL_CALLS]f[ARGS]{"a": ', '{"a": '),
        ("function-tags", "<function=f><parameter=a>\nb", "<parameter=a>\nb"),
        ("lfm2", "<|tool_call_start|>[f(a='b", "(a='b"),
        ("gemma-literal", '<|tool_call>call:f{a:<|"|>b', '{a:<|"|>b'),
        ("llama-json", '{"name": "f", "parameters": {"a": tr', '{"a": tr'),
    ],
)
def test_a_call_that_is_cut_off_has_its_name_and_no_arguments(name, text, raw):
    answer = read_answer(f"Well. {text}" if FORMS[name].opens else text, form(name))

    assert answer.tool_calls == (ToolCall("f", None, raw),)
    assert answer.is_partial
    assert answer.faults[0].startswith("tool call is cut off: ")


def test_a_call_that_is_not_closed_is_made_with_a_fault():
    answer = read_answer('<tool_call>{"name": "f", "arguments": {}}', form("hermes"))

    assert plain(answer) == [("f", {}, None)]
    assert answer.faults == ("tool call is not closed: </tool_call> is missing at character 41",)


def test_a_bare_argument_has_the_type_that_its_tool_declares():
    pairs = {"word": "5", "tags": "[1]", "x": "5"}.items()
    inner = "".join(f"<parameter={key}>{value}</parameter>" for key, value in pairs)
    text = f"<function=lookup>{inner}</function>"

    [with_tools] = read_answer(text, form("function-tags"), tools=TOOLS).tool_calls
    [without] = read_answer(text, form("function-tags")).tool_calls

    assert with_tools.arguments == {"word": "5", "tags": [1], "x": 5}
    assert without.arguments == {"word": 5, "tags": [1], "x": 5}


def test_marks_of_the_end_of_a_turn_and_around_content_are_left_out():
    marked = AnswerFormat(ends=ENDS, wrappers=WRAPPERS["<|START_RESPONSE|>"])

    assert read_answer("<|START_RESPONSE|>Yes.<|END_RESPONSE|><|END_OF_TURN_TOKEN|>\n", marked).content == "Yes."


@pytest.mark.parametrize(
    "unit",
    [
        "<tool_call>",
        '<tool_call>{"',
        '<tool_call>[",",",',
        "<think>",
        "</think>",
        "</s>",
        "[",
        "\0",
        "\ud800",
        "<function=f>",
    ],
)
def test_time_grows_linearly_with_hostile_text(unit):
    hostile = form("hermes", "function-tags", "llama-json", thinking=THINK, ends=ENDS)
    start = process_time()

    read_answer(unit * (1_000_000 // len(unit)), hostile)

    assert process_time() - start < 5

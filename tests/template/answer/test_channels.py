import pytest

from chateval.template.answer import AnswerFormat, ToolCall, read_answer
from chateval.template.answer.families import CALLS

HARMONY = AnswerFormat(has_channels=True)


@pytest.mark.parametrize(
    ("text", "reasoning", "content"),
    [
        ("<|channel|>final<|message|>Yes.<|return|>", "", "Yes."),
        ("<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.", "Hm.", "Yes."),
        ("<|channel|>commentary<|message|>I shall look.<|end|>", "", "I shall look."),
        ("<|channel|>final <|constrain|>json<|message|>{}<|return|>", "", "{}"),
        ("Yes.", "", "Yes."),
    ],
)
def test_the_channel_tells_reasoning_from_content(text, reasoning, content):
    answer = read_answer(text, HARMONY)

    assert (answer.reasoning, answer.content, answer.faults, answer.is_partial) == (reasoning, content, (), False)


@pytest.mark.parametrize(
    "header",
    [
        "<|channel|>commentary to=functions.look <|constrain|>json",
        " to=functions.look<|channel|>commentary",
        "<|channel|>analysis to=functions.look",
    ],
)
def test_a_message_to_a_function_is_a_call(header):
    answer = read_answer(f'{header}<|message|>{{"n": 2}}<|call|>', HARMONY)

    assert answer.tool_calls == (ToolCall("look", {"n": 2}, '{"n": 2}'),)


def test_code_for_a_built_in_tool_is_a_call_without_arguments_and_without_a_fault():
    answer = read_answer("<|channel|>analysis to=python code<|message|>print(1)<|call|>", HARMONY)

    assert (answer.tool_calls, answer.faults) == ((ToolCall("python", None, "print(1)"),), ())


def test_a_call_with_bad_arguments_is_a_fault_and_keeps_them():
    answer = read_answer("<|channel|>commentary to=functions.f<|message|>{n}<|call|>", HARMONY)

    assert answer.tool_calls == (ToolCall("f", None, "{n}"),)
    assert answer.faults[0].startswith("tool call is not JSON: ")


@pytest.mark.parametrize(
    "body", ["<|channel|>analysis<|message|>Hm", '<|channel|>commentary to=functions.f<|message|>{"a']
)
def test_an_answer_that_ends_inside_a_message_is_partial(body):
    assert read_answer(body, HARMONY).is_partial


def test_a_body_may_hold_calls_in_tags():
    tags = next(form for form in CALLS if form.name == "atem-tags")
    call = '<atem:invoke name="f"><atem:parameter name="a">1</atem:parameter></atem:invoke>'
    body = f"<atem:function_calls>{call}</atem:function_calls>"

    answer = read_answer(
        f" to=user<|message|>Hi.<|eom|><|start|>assistant to=f<|message|>{body}<|eot|>",
        AnswerFormat(calls=(tags,), has_channels=True),
    )

    assert (answer.content, [(call.name, call.arguments) for call in answer.tool_calls]) == ("Hi.", [("f", {"a": 1})])

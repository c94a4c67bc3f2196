"""Agreement with the answers that llama.cpp's own tests take apart, template by template."""

import json
from dataclasses import replace
from functools import cache

import pytest
from corpus import rows

from chateval.template.answer import Answer, AnswerFormat, find_format, read_answer

pytestmark = pytest.mark.oracle

FLOOR = 203
"""Rows of 205 that agree."""
DISAGREES = {
    "llama.cpp-parse/361": "the row asks for JSON by a schema, and its fence is dropped: here a fence is content",
    "llama.cpp-parse/387": "a message to the built-in tool `python` is dropped there: here it is a call",
}


def _render(template: str, kwargs: dict):
    from transformers.utils.chat_template_utils import render_jinja_template

    def render(messages, options):
        [text], _ = render_jinja_template(
            conversations=[messages], chat_template=template, bos_token="<s>", eos_token="</s>", **kwargs, **options
        )
        return text

    return render


@cache
def _format(template: str, is_thinking: bool | None) -> AnswerFormat:
    kwargs = {} if is_thinking is None else {"enable_thinking": is_thinking}
    return find_format(template, render=_render(template, kwargs))


def _read(row: dict) -> tuple[AnswerFormat, Answer]:
    """Read the row's output, behind the prefilled text that its options ask for."""
    options = row["options"]
    form = _format(row["template"], options.get("enable_thinking", True))
    text = row["output"]
    if mode := options.get("continue_final_message"):
        is_content = mode.endswith("CONTENT")
        thought = "I'm thinking" if is_content or "'prefill'" in options["messages"] else "I'm"
        form = replace(form, is_thinking_open=bool(form.thinking) and not _is_kept(row))
        thought = "" if _is_kept(row) else thought
        thought = f"{thought}{form.thinking.closes}" if thought and is_content and form.thinking else thought
        text = f"{thought if form.thinking else ''}{'Hello, ' if is_content else ''}{text}"
    return form, read_answer(text, form, tools=row["tools"] or ())


def _spelt(row: dict) -> tuple:
    """What the row expects; white space at the ends is left to each reader, and so is how arguments are spaced."""
    expected = row["expected"]
    calls = [(call["name"], _value(call["arguments"]), call["id"] or None) for call in expected["tool_calls"]]
    return expected["content"].strip(), expected["reasoning_content"].strip(), calls


def _found(row: dict) -> tuple:
    form, answer = _read(row)
    reasoning, content = answer.reasoning, answer.content
    if _is_kept(row) and reasoning:
        opens, closes = "<|channel|>analysis<|message|>", "<|end|>"
        if form.thinking:
            opens, closes = form.thinking.opens, form.thinking.closes
        if any("not closed" in fault for fault in answer.faults):
            opens = closes = ""
        reasoning, content = "", f"{opens}{reasoning}{closes}{content}"
    calls = [
        (call.name, _value(call.raw_arguments if call.arguments is None else call.arguments), call.id)
        for call in answer.tool_calls
    ]
    if [call["id"] for call in row["expected"]["tool_calls"]] == [""] * len(calls):
        calls = [(name, arguments, None) for name, arguments, _ in calls]
    return content.strip(), reasoning.strip(), calls


def _is_kept(row: dict) -> bool:
    """Tell whether the row leaves reasoning in the content, which is llama.cpp's default."""
    return row["options"].get("reasoning_format", "_NONE").endswith("_NONE")


def _value(arguments):
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except ValueError:
        return "".join(arguments.split())


def test_answers_are_taken_apart_as_llama_cpp_does():
    cases = rows("parse_llamacpp")

    disagrees = {row["id"] for row in cases if _found(row) != _spelt(row)}

    assert disagrees == DISAGREES.keys()
    assert len(cases) - len(disagrees) >= FLOOR

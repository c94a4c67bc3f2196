"""Thinking in the history: the dialogue keeps it apart from what was said, and the template decides what is shown."""

from dataclasses import replace

import pytest
from answers import FACTS
from corpus import rows

from chateval.dialogue import RecordedTools, Talk
from chateval.records import Decoding, DialogueSpec, Prompt, Response, Sample
from chateval.template import Chat
from chateval.template.answer import find_format, separate
from chateval.template.sandbox import sandbox

LIKE_QWEN = """{%- set ns = namespace(last=0) %}{%- for m in messages %}{%- if m.role == 'user' %}
{%- set ns.last = loop.index0 %}{%- endif %}{%- endfor %}{%- for m in messages %}{{- '[' + m.role + ']' }}
{%- if m.reasoning_content is defined and loop.index0 > ns.last %}{{- '<think>' + m.reasoning_content + '</think>' }}
{%- endif %}{{- m.content }}{%- for call in m.tool_calls or [] %}
{{- '<tool_call>{"name": "' + call.function.name + '", "arguments": ' }}{{- call.function.arguments | tojson }}
{{- '}</tool_call>' }}
{%- endfor %}{%- endfor %}{%- if add_generation_prompt %}{{- '[assistant]<think>\n' }}{%- endif %}"""
LIKE_R1 = """{%- for m in messages %}{{- '[' + m.role + ']' }}
{%- if '</think>' in (m.content or '') %}{{- m.content.split('</think>')[-1] }}{%- else %}{{- m.content }}{%- endif %}
{%- endfor %}{%- if add_generation_prompt %}{{- '[assistant]<think>\n' }}{%- endif %}"""

TOOL = {"type": "function", "function": {"name": "find", "description": "", "parameters": {"type": "object"}}}
ASKED = {"role": "user", "content": "One?"}
CALL = '<tool_call>\n{"name": "find", "arguments": {}}\n</tool_call>'


def shown(template, messages):
    [found] = sandbox().render(template, {"bos_token": "<s>", "eos_token": "</s>"}, [Chat(messages)])
    assert found.text is not None, found.error
    return found.text


def published(name):
    return next(row["template"] for row in rows("render_hfjs") if row["id"] == f"hfjs/{name}")


def talk(template, *, tools=False, turns=("And two?",)):
    sample = Sample("0" * 16, {}, messages=(ASKED,), turns=turns, tools=(TOOL,) if tools else ())
    answering = RecordedTools([{"name": "find", "arguments": {}, "result": "found"}]) if tools else None
    return Talk(sample, DialogueSpec(), find_format(template), answering)


def take(one, text, prompt=""):
    asked = Prompt("0" * 16, one.messages, prompt, (1,), Decoding())
    return one.take(asked, Response("0" * 16, text, "eos", raw_text=text, output_ids=(1,)))


@pytest.mark.parametrize("template", [LIKE_QWEN, LIKE_R1], ids=["qwen", "r1"])
@pytest.mark.parametrize("answer", ["<think>first</think>Yes.", "first</think>Yes."], ids=["both", "close only"])
def test_thinking_of_older_turns_is_not_shown_again(template, answer):
    one = talk(template)

    move = take(one, answer, prompt="[assistant]<think>\n")

    assert move == "model"
    assert one.messages[1] == {"role": "assistant", "content": "Yes.", "reasoning_content": "first"}
    assert shown(template, one.messages) == "[user]One?[assistant]Yes.[user]And two?[assistant]<think>\n"


def test_thinking_is_kept_while_tools_are_called_and_dropped_when_the_user_speaks_again():
    one = talk(LIKE_QWEN, tools=True)

    take(one, f"<think>look it up</think>\n\n{CALL}")
    within = shown(LIKE_QWEN, one.messages)
    take(one, "<think>there it is</think>Found.")
    after = shown(LIKE_QWEN, one.messages)

    assert "<think>look it up</think>" in within
    assert "look it up" not in after
    assert "there it is" not in after
    assert "[tool]found" in after


def test_a_round_has_its_thinking_apart_and_thinking_that_never_ends_is_no_answer():
    one = talk(LIKE_QWEN)

    take(one, "<think>first</think>Yes.")
    take(one, "on and on", prompt="[assistant]<think>\n")
    prompt, response, dialogue = one.response()
    facts = replace(FACTS, text=LIKE_QWEN)

    assert [(round.text, round.reasoning) for round in dialogue.rounds] == [("Yes.", "first"), ("", "on and on")]
    assert separate(response, prompt, facts).is_incomplete


@pytest.mark.parametrize("template", ["{{ messages }}", LIKE_QWEN], ids=["plain", "qwen"])
@pytest.mark.parametrize("prompt", ["[assistant]", "[assistant]<think>\n"], ids=["closed", "open"])
@pytest.mark.parametrize("tools", [False, True], ids=["words", "tools"])
@pytest.mark.parametrize(
    "answer",
    [
        "<think>so</think>Yes.",
        "so</think>Yes.",
        "<think>a</think><think>b</think>Yes.",
        "<think>a<think>b</think>c</think>Yes.",
        "<think>\n\n</think>\n\nYes.",
        "<think>use ```</think>``` here</think>Yes.",
    ],
)
def test_a_round_and_the_history_have_the_answer_that_scorers_see(template, prompt, tools, answer):
    one = talk(template, tools=tools)

    take(one, answer, prompt=prompt)
    asked, response, dialogue = one.response()
    seen = separate(response, asked, replace(FACTS, text=template))

    assert seen.text == "Yes."
    assert [(round.text, round.reasoning) for round in dialogue.rounds] == [(seen.text, seen.reasoning)]
    assert one.messages[1]["content"] == "Yes."


def test_the_history_has_no_stop_string_behind_an_answer_with_thinking():
    one = talk(LIKE_QWEN)
    asked = Prompt("0" * 16, one.messages, "", (1,), Decoding(stop=("END",)))
    raw = "<think>END?</think>Yes.END"

    one.take(asked, Response("0" * 16, "<think>END?</think>Yes.", "stop", raw_text=raw, output_ids=(1,)))

    assert one.messages[1] == {"role": "assistant", "content": "Yes.", "reasoning_content": "END?"}


def test_a_template_that_knows_no_thinking_is_not_shown_any():
    template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    one = talk(template)

    take(one, "<think>first</think>Yes.")

    assert shown(template, one.messages) == "[user]One?[assistant]Yes.[user]And two?"


def test_qwen3_as_published_keeps_thinking_in_the_tool_loop_and_strips_it_before_the_last_question():
    template = published("Qwen/Qwen3-0.6B")
    one = talk(template, tools=True)

    take(one, f"<think>\nlook it up\n</think>\n\n{CALL}")
    within = shown(template, one.messages)
    take(one, "<think>\nthere it is\n</think>\n\nFound.")
    after = shown(template, one.messages)

    assert "<think>\nlook it up\n</think>" in within
    assert "<tool_response>\nfound\n</tool_response>" in within
    assert "look it up" not in after
    assert "there it is" not in after
    assert "Found.<|im_end|>" in after


def test_deepseek_r1_as_published_is_shown_the_answers_only():
    template = published("deepseek-ai/DeepSeek-R1")
    one = talk(template)

    take(one, "first\n</think>\n\nYes.", prompt="<｜Assistant｜><think>\n")
    found = shown(template, one.messages)

    assert "first" not in found
    assert "<｜Assistant｜>Yes.<｜end▁of▁sentence｜><｜User｜>And two?" in found

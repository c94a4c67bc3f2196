"""What a chat template does not write of tools is told in words; of a dialogue with tools nothing is lost."""

import pytest
from corpus import rows

from chateval.errors import TemplateError
from chateval.prompt import NOTHING, carriage_faults, find_carriage
from chateval.prompt.system import system_fault
from chateval.prompt.tools import ToolCarriage, place_tools
from chateval.template import Chat, render_all, text_of

CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
USERS_ONLY = (
    "{% for m in messages %}{% if m.role not in ('user', 'assistant') %}{{ raise_exception('no such role') }}"
    "{% endif %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
)
WHOLE = (
    "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}[{{ m.role }}] {{ m.content }}"
    "{% for c in m.tool_calls or [] %}<call>{{ c.function | tojson }}</call>{% endfor %}\n{% endfor %}"
)
ONE_CALL = WHOLE.replace(
    "or [] %}<call>", "or [] %}{% if loop.length > 1 %}{{ raise_exception('one') }}{% endif %}<call>"
)
AS_TEXT = WHOLE.replace("{{ c.function | tojson }}", "{{ c.function.name + c.function.arguments }}")
NO_REMARK = WHOLE.replace("{{ m.content }}", "{% if not m.tool_calls %}{{ m.content }}{% endif %}")
TOOLS = (
    {
        "type": "function",
        "function": {
            "name": "look_up",
            "description": "Look a word up.",
            "parameters": {
                "type": "object",
                "properties": {"word": {"type": "string", "description": "it"}},
                "required": ["word"],
            },
        },
    },
)
UNUSABLE = "llama.cpp-parse/317"
"""Needs a variable `functions` for any chat, which nothing but its maker's own server passes."""


class Tokenizer:
    """As much of a tokenizer as rendering needs."""

    def __init__(self, template):
        self.chat_template = template
        self.special_tokens_map = {"bos_token": "<s>", "eos_token": "</s>"}


def call(number, word):
    return {
        "id": f"call{number:05d}",
        "type": "function",
        "function": {"name": "look_up", "arguments": {"word": word}},
    }


def result(number, text):
    return {"role": "tool", "name": "look_up", "tool_call_id": f"call{number:05d}", "content": text}


DIALOGUE = (
    {"role": "user", "content": "What do quern, tarn and cwm mean?"},
    {"role": "assistant", "content": "Two at once.", "tool_calls": [call(1, "quern"), call(2, "tarn")]},
    result(1, "a hand mill"),
    result(2, "a mountain lake"),
    {"role": "assistant", "content": "", "tool_calls": [call(3, "cwm")]},
    result(3, "a steep valley"),
)
SAID = ["quern", "tarn", "Two at once.", "a hand mill", "a mountain lake", '"cwm"', "a steep valley", "Look a word up."]


def rendered(template, messages=DIALOGUE):
    tokenizer = Tokenizer(template)
    carriage = find_carriage(tokenizer)
    placed = place_tools(messages, TOOLS, carriage, has_system=system_fault(tokenizer) is None)
    [found] = render_all(tokenizer, [Chat(placed, tools=TOOLS if carriage.offers else None)])
    return text_of(found)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (WHOLE, ToolCarriage(True, "object", True, True, True, True)),
        (CHATML, ToolCarriage(bare_results=True)),
        (USERS_ONLY, NOTHING),
        (ONE_CALL, ToolCarriage(True, "object", False, True, True, True)),
        (AS_TEXT, ToolCarriage(True, "text", True, True, True, True)),
        (NO_REMARK, ToolCarriage(True, "object", True, False, True, True)),
        ("{{ raise_exception('nothing') }}", NOTHING),
    ],
)
def test_what_a_template_writes_of_tools_is_seen_by_rendering(template, expected):
    assert find_carriage(Tokenizer(template)) == expected


@pytest.mark.parametrize("template", [WHOLE, CHATML, USERS_ONLY, ONE_CALL, AS_TEXT, NO_REMARK])
def test_nothing_of_a_dialogue_with_tools_is_lost(template):
    text = rendered(template)

    assert [said for said in SAID if said.replace('"', "") not in text] == []


def test_a_template_that_writes_all_of_it_gets_the_messages_as_they_are():
    carriage = find_carriage(Tokenizer(WHOLE))

    assert place_tools(DIALOGUE, TOOLS, carriage) == DIALOGUE


def test_tools_stand_behind_the_system_message_that_is_there():
    messages = ({"role": "system", "content": "Be brief."}, *DIALOGUE[:1])

    [system, question] = place_tools(messages, TOOLS, NOTHING)

    assert system["content"].startswith("Be brief.\n\nYou can call these functions:\n")
    assert question == DIALOGUE[0]


def test_tools_stand_before_the_question_where_the_template_has_no_system_message():
    [question] = place_tools(DIALOGUE[:1], TOOLS, NOTHING, has_system=False)

    assert question["role"] == "user"
    assert question["content"].endswith("\n\nWhat do quern, tarn and cwm mean?")


def test_results_without_a_role_of_their_own_are_one_message_of_the_user():
    placed = place_tools(DIALOGUE, (), NOTHING)

    assert [message["role"] for message in placed] == ["user", "assistant", "user", "assistant", "user"]
    assert placed[2]["content"] == "Result of look_up:\na hand mill\n\nResult of look_up:\na mountain lake"


def test_what_is_told_in_words_is_named():
    assert carriage_faults(find_carriage(Tokenizer(WHOLE))) == []
    assert [fault.partition(" (")[0] for fault in carriage_faults(NOTHING)] == [
        "the tools on offer",
        "calls",
        "results",
    ]
    assert carriage_faults(find_carriage(Tokenizer(NO_REMARK))) == [
        "text beside a call (the call is then told as text, too)"
    ]
    assert carriage_faults(find_carriage(Tokenizer(ONE_CALL))) == [
        "several calls in one answer (written as JSON text instead)"
    ]


@pytest.mark.oracle
def test_no_published_template_loses_a_call_or_a_result_of_a_dialogue():
    templates = {row["template"]: row["id"] for row in rows("parse_llamacpp")}
    lost = {}
    for template, name in templates.items():
        try:
            text = rendered(template)
        except TemplateError as error:
            lost[name] = str(error)
            continue
        if missing := [said for said in SAID if said.strip('"') not in text]:
            lost[name] = missing

    assert lost == {UNUSABLE: "the chat template cannot be rendered: 'functions' is undefined"}
    assert len(templates) == 45

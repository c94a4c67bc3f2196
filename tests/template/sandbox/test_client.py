"""Templates are rendered elsewhere, with limits: whatever they try, the run goes on."""

import time

import pytest

from chateval.errors import TemplateError
from chateval.template.sandbox import Chat, Sandbox

HELLO = [{"role": "user", "content": "hello"}]
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
PLAIN = "{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}{% endfor %}"


@pytest.fixture(scope="module")
def box():
    found = Sandbox()
    yield found
    found.close()


def _one(box, template, chat=None, tokens=None):
    [found] = box.render(template, tokens or {}, [chat or Chat(HELLO)])
    return found


def test_the_sandbox_writes_what_transformers_writes(box, tiny_chat):
    from chateval.template import open_tokenizer

    tokenizer = open_tokenizer(tiny_chat)
    chats = [[{"role": "system", "content": "é 你好 \x00"}, *HELLO], [*HELLO, {"role": "assistant", "content": None}]]

    found = box.render(tokenizer.chat_template, tokenizer.special_tokens_map, [Chat(chat) for chat in chats])

    assert [one.text for one in found] == [
        tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True) for chat in chats
    ]


def test_lone_surrogates_come_back_as_they_went(box):
    assert _one(box, PLAIN, Chat([{"role": "user", "content": "\udc80"}])).text == "[user] \udc80"


def test_a_template_over_its_limit_is_not_tried_again(box):
    template = ENDLESS + "again"
    box.render(template, {}, [Chat(HELLO)] * 3)
    start = time.monotonic()

    found = box.render(template, {}, [Chat(HELLO)] * 40)

    assert {one.error.kind for one in found} == {"limit"}
    assert time.monotonic() - start < 2


def test_the_clock_the_switches_and_the_spans_are_the_chats(box):
    template = (
        "{{ strftime_now('%Y') }} {{ mood }} {{ bos_token }}"
        "{% generation %}{{ messages[0]['content'] }}{% endgeneration %}"
    )

    chat = Chat(HELLO, now="1999-01-02T03:04:05", kwargs={"mood": "b"}, spans=True)
    found = _one(box, template, chat, {"bos_token": "<s>"})

    assert found.text == "1999 b <s>hello"
    assert found.spans == ((10, 15),)


def test_a_killed_process_is_replaced(box):
    _one(box, PLAIN)
    box._process.kill()
    box._process.wait()

    assert _one(box, PLAIN).text == "[user] hello"


def test_messages_that_are_not_json_are_the_users_fault(box):
    with pytest.raises(TemplateError, match="must be JSON data"):
        _one(box, PLAIN, Chat([{"role": "user", "content": object()}]))

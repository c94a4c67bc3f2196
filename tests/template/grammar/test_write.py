import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chateval.errors import TemplateError
from chateval.template.grammar import find_dialect, load_families, normalise, parse, write
from chateval.template.grammar.literals import find_literals

FAMILIES = load_families()
ALL = [dialect for family in FAMILIES.values() for dialect in family.dialects]
CONTROL = tuple({literal for dialect in ALL for literal in dialect.control})
CALL = {"type": "function", "function": {"name": "weather", "arguments": {"city": "Oslo", "days": 2}}}


def is_plain(text):
    return next(find_literals(text, CONTROL, None), None) is None


PIECES = [
    "a",
    "b ",
    "word",
    "\n",
    "\n\n",
    " ",
    "  ",
    "\t",
    "é",
    "日本",
    "😀",
    "\u2028",
    "{",
    "}",
    '"',
    "'",
    "<",
    ">",
    "|",
    "[",
    ":",
    "#",
]
CONTENTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=7).map("".join).filter(is_plain)


@st.composite
def chats(draw, contents=CONTENTS):
    messages = [{"role": "system", "content": draw(contents)}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 3))):
        messages.append({"role": "user", "content": draw(contents)})
        messages.append({"role": "assistant", "content": draw(contents)})
    return messages[: len(messages) - draw(st.integers(0, 1))]


def accepted(chat, dialect):
    return [one for one in chat if dialect.system != "refused" or one["role"] != "system"]


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(chat=chats())
def test_reading_what_was_written_gives_the_chat_back(dialect, chat):
    messages = accepted(chat, dialect)
    asks = messages[-1]["role"] == "user"
    reading = parse(write(messages, dialect, add_generation_prompt=asks), dialect)

    assert reading.messages == normalise(messages, dialect)
    assert [one for one in reading.findings if one.severity == "error"] == []
    assert reading.awaits_answer == asks


FIRM = [
    dialect
    for dialect in ALL
    if not dialect.plain_markers and dialect.system != "raw" and dialect.name != "command-r7b"
]


@pytest.mark.parametrize("dialect", FIRM, ids=lambda dialect: dialect.name)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(chat=chats(CONTENTS.filter(str.strip)), seed=st.integers(0, 2**32))
def test_a_removed_marker_is_found(dialect, chat, seed):
    text = write(accepted(chat, dialect), dialect).removesuffix(dialect.final or "\x00")
    turns = parse(text, dialect).turns
    markers = [
        (place, literal)
        for place, literal in find_literals(text, dialect.control, None)
        if not any(turn.start <= place < turn.end for turn in turns)
    ]
    place, literal = random.Random(seed).choice(markers)

    assert parse(text[:place] + text[place + len(literal) :], dialect).findings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chatml", "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n U <|im_end|>\n<|im_start|>assistant\n"),
        ("llama2", "<s>[INST] <<SYS>>\nS\n<</SYS>>\n\nU [/INST]"),
        ("mistral-v1", "<s>[INST] S\n\n U  [/INST]"),
        ("mistral-v3-tekken", "<s>[INST]S\n\n U [/INST]"),
        ("mistral-v7", "<s>[SYSTEM_PROMPT] S[/SYSTEM_PROMPT][INST]  U [/INST]"),
        ("gemma3", "<bos><start_of_turn>user\nS\n\nU<end_of_turn>\n<start_of_turn>model\n"),
        ("deepseek-v3.1", "<｜begin▁of▁sentence｜>S<｜User｜> U <｜Assistant｜></think>"),
        ("vicuna", "S USER:  U  ASSISTANT:"),
        (
            "harmony",
            "<|start|>developer<|message|># Instructions\n\nS<|end|>"
            "<|start|>user<|message|> U <|end|><|start|>assistant",
        ),
    ],
)
def test_the_system_message_goes_where_the_dialect_puts_it(name, expected):
    messages = [{"role": "system", "content": "S"}, {"role": "user", "content": " U "}]

    assert write(messages, find_dialect(name, FAMILIES), add_generation_prompt=True) == expected


def test_a_refused_system_message_is_an_error():
    with pytest.raises(TemplateError, match="gemma2: the dialect refuses a system message"):
        write([{"role": "system", "content": "S"}, {"role": "user", "content": "U"}], find_dialect("gemma2", FAMILIES))


def test_an_unknown_role_is_an_error():
    with pytest.raises(TemplateError, match="zephyr: the dialect has no role 'critic'; known: system, user, assistant"):
        write([{"role": "critic", "content": "no"}], find_dialect("zephyr", FAMILIES))


def test_parts_of_a_content_list_are_joined_and_none_is_empty():
    messages = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
    answer = {"role": "assistant", "content": None}

    found = normalise([*messages, answer], find_dialect("chatml", FAMILIES))

    assert [one["content"] for one in found] == ["ab", ""]


TOOL_DIALECTS = [dialect for dialect in ALL if dialect.tools.call]


@pytest.mark.parametrize("dialect", TOOL_DIALECTS, ids=lambda dialect: dialect.name)
def test_tool_calls_and_results_come_back(dialect):
    has_result = dialect.turn("tool") is not None or dialect.tools.result_role != "tool"
    messages = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "tool_calls": ({**CALL, "id": "abc123def"},)},
        *([{"role": "tool", "name": "weather", "tool_call_id": "abc123def", "content": "Rain"}] if has_result else []),
    ]
    reading = parse(write(messages, dialect), dialect)

    assert reading.messages == normalise(messages, dialect)
    assert [one for one in reading.findings if one.severity == "error"] == []
    assert any("tool_calls" in one for one in reading.messages)


THINKING = [dialect for dialect in ALL if dialect.thinking.open]


@pytest.mark.parametrize("dialect", THINKING, ids=lambda dialect: dialect.name)
def test_reasoning_is_kept_or_dropped_as_the_dialect_does(dialect):
    answer = {"role": "assistant", "content": "4", "reasoning_content": "two and two"}
    messages = [{"role": "user", "content": "2+2?"}, answer, {"role": "user", "content": "3+3?"}, answer]
    reading = parse(write(messages, dialect), dialect)
    kept = ["reasoning_content" in one for one in reading.messages if one["role"] == "assistant"]

    assert reading.messages == normalise(messages, dialect)
    assert (
        kept
        == {"kept": [True, True], "dropped_before_last_user": [False, True], "dropped": [False, False]}[
            dialect.thinking.history
        ]
    )

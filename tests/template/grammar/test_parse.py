import time

import pytest

from chateval.template.grammar import detect, find_dialect, load_families, parse

FAMILIES = load_families()
ALL = [dialect for family in FAMILIES.values() for dialect in family.dialects]


def read(text, name):
    return parse(text, find_dialect(name, FAMILIES))


def faults(text, name, *severities):
    allowed = severities or ("error", "warning")
    return [(one.code, one.offset) for one in read(text, name).findings if one.severity in allowed]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chatml", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"),
        ("chatml", "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYo<|im_end|>"),
        ("qwen3", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"),
        ("llama3", "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"),
        ("llama2", "<s>[INST] Hi [/INST] Yo </s><s>[INST] Ha [/INST]"),
        ("mistral-v1", "<s>[INST] Hi [/INST]Yo</s> [INST] Ha [/INST]"),
        ("mistral-v1-spm", "<s> [INST] Hi [/INST] Yo</s> [INST] Ha [/INST]"),
        ("mistral-v3", "<s>[INST] Hi[/INST] Yo</s>[INST] Ha[/INST]"),
        ("mistral-v7-tekken", "<s>[SYSTEM_PROMPT]S[/SYSTEM_PROMPT][INST]Hi[/INST]Yo</s>"),
        ("zephyr", "<|system|>\n</s>\n<|user|>\nHi</s>\n<|assistant|>\n"),
        ("gemma2", "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n"),
        ("phi3", "<|user|>\nHi<|end|>\n<|assistant|>\nYo<|end|>\n<|endoftext|>"),
        ("phi4", "<|im_start|>user<|im_sep|>Hi<|im_end|><|im_start|>assistant<|im_sep|>"),
        ("deepseek-v3", "<｜begin▁of▁sentence｜>S<｜User｜>Hi<｜Assistant｜>Yo<｜end▁of▁sentence｜><｜User｜>Ha"),
        ("harmony", "<|start|>user<|message|>Hi<|end|><|start|>assistant"),
        ("vicuna", "S USER: Hi ASSISTANT: Yo</s>USER: Ha ASSISTANT:"),
        ("vicuna-newline", "S\n\nUSER: Hi\nASSISTANT: Yo</s>\nUSER: Ha\nASSISTANT:"),
        ("alpaca", "S\n\n### Instruction:\nHi\n\n### Response:\n"),
        ("prefixes", "SYSTEM: S\nUSER: Hi\nASSISTANT:"),
    ],
)
def test_what_a_dialect_writes_has_no_fault(name, text):
    assert faults(text, name) == []
    assert read(text, name).score == 1.0


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "llama3",
            "<|begin_of_text|>" * 2 + "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
            [("GR002", 17)],
        ),
        ("llama2", "<s>[INST] a [/INST] b </s>[INST] c [/INST]", [("GR001", 26)]),
        ("llama3", "<|start_header_id|>user<|end_header_id|>\nHi<|eot_id|>", [("GR010", 0)]),
        ("chatml", "<|im_start|>userHi<|im_end|>\n", [("GR010", 0)]),
        ("chatml", "<|im_start|>human\nHi<|im_end|>\n", [("GR010", 0)]),
        ("chatml", "<|im_start|>username\nHi<|im_end|>\n", [("GR010", 0)]),
        ("zephyr", "<|human|>\nHi</s>\n", [("GR010", 0)]),
        ("chatml", "<|im_start|>user\nHi<|im_end|>\n\n<|im_start|>assistant\n", [("GR010", 30)]),
        ("chatml", "<|im_start|>user\nHi<|im_end|><|im_start|>assistant\n", [("GR010", 19)]),
        ("chatml", "<|im_start|>user\nHi<|im_end|>\nnoise<|im_start|>assistant\n", [("GR010", 30)]),
        ("chatml", "<|im_start|><|im_start|>user\nHi<|im_end|>\n", [("GR010", 0)]),
        ("chatml", "<|im_start|>user\nHi<|im_end|>\n<|im_end|>\n", [("GR010", 30)]),
        ("vicuna", "USER: Hi ASSISTANT: ", [("GR010", 9)]),
        ("mistral-v3", "<s>[INST] Hi[/INST]Yo</s>", [("GR010", 19)]),
        ("llama2", "<s>[INST] Hi[/INST] Yo </s>", [("GR060", 0), ("GR010", 12)]),
        ("chatml", "<|im_start|>user\nHi<|im_start|>assistant\n", [("GR020", 19)]),
        ("mistral-v3", "<s>[INST] Hi Yo</s>", [("GR020", 15)]),
        ("chatml", "<|im_start|>user\nHi", [("GR021", 19)]),
        ("chatml", "<|im_start|>user\nHi</s><|im_end|>\n", [("GR030", 19)]),
        ("chatml", "<|im_start|>user\nHi<|endoftext|>you<|im_end|>\n", [("GR031", 19)]),
        ("gemma2", "<start_of_turn>user\na<end_of_turn>\n<start_of_turn>user\nb<end_of_turn>\n", [("GR050", 35)]),
        ("qwen3.5", "<|im_start|>user\na<|im_end|>\n<|im_start|>system\nb<|im_end|>\n", [("GR050", 29)]),
    ],
)
def test_a_fault_is_named_at_its_place(name, text, expected):
    assert faults(text, name, "error") == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("chatml", "<|im_start|>user\n\nHi<|im_end|>\n", [("GR040", 17)]),
        ("gemma2", "<start_of_turn>user\nHi \n<end_of_turn>\n", [("GR041", 22)]),
        ("chatml", "<|im_start|>user\nsay </s> twice<|im_end|>\n", [("GR030", 21)]),
        ("deepseek-v3", "What is up?<｜Assistant｜>Yo<｜end▁of▁sentence｜>", [("GR050", 0)]),
    ],
)
def test_what_may_be_meant_is_a_warning(name, text, expected):
    assert faults(text, name) == faults(text, name, "warning") == expected


def test_an_unclosed_chatml_turn_before_a_bare_header_has_two_faults():
    reading = read("<|im_start|>user\nWhat's the weather?<|im_start|>assistant", "chatml")

    assert [(one.code, one.offset) for one in reading.findings] == [("GR020", 36), ("GR010", 36)]
    assert [one.expected for one in reading.findings] == ["<|im_end|>⏎", "<|im_start|>assistant⏎"]
    assert reading.awaits_answer


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mistral-v1", [("GR050", 10), ("GR040", 46), ("GR010", 72)]),
        ("mistral-v3", [("GR050", 10), ("GR010", 46), ("GR010", 72)]),
    ],
)
def test_newlines_and_a_lone_system_sentence_in_a_mistral_text_are_found(name, expected):
    text = "<s>[INST] You are a helpful assistant. [/INST]\nHello! How may I help?</s>\n[INST] Hello! [/INST]"

    assert [(code, offset) for code, offset in faults(text, name)] == [
        (code, offset if offset != 72 else text.index("\n[INST]")) for code, offset in expected
    ]


def test_a_text_of_another_family_is_called_what_it_is():
    reading = read("<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\n", "llama3")

    assert reading.findings[0].code == "GR060"
    assert reading.findings[0].found == "zephyr"
    assert {"GR010", "GR030"} <= {one.code for one in reading.findings}


def test_a_missing_bos_in_text_is_only_worth_a_note():
    [found] = read("<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>", "llama3").findings

    assert (found.code, found.severity) == ("GR001", "info")


def test_turns_say_where_content_and_markers_are():
    text = "<|im_start|>user\nHi<|im_end|>\n"
    [turn] = read(text, "chatml").turns

    assert text[turn.start : turn.end] == turn.content == "Hi"
    assert (turn.opener_start, turn.closer_end, turn.is_closed) == (0, len(text), True)


def test_findings_are_capped_and_the_rest_counted():
    findings = read("<|im_start|>" * 5000, "chatml").findings

    assert len(findings) == 101
    assert findings[-1].message == "4900 more findings of this kind and others"


@pytest.mark.parametrize("dialect", ALL, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "\n", "<", "[INST]", "</s>", "<|im_start|>\ud800\n\x00<|im_end|>"]
)
def test_no_text_is_too_odd(dialect, text):
    assert 0.0 <= parse(text, dialect).score <= 1.0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chatml", "<|im_start|>" * 80_000),
        ("mistral-v3", "[INST]" * 60_000),
        ("llama2", "[INST] " * 40_000 + " [/INST]" * 40_000),
        ("zephyr", "<|a|>" * 200_000),
        ("vicuna", "\n" * 1_000_000 + "USER: "),
        ("phi3", "<|user|>\n" + "<|endoftext|>" * 80_000),
        ("qwen3", "<|im_start|>assistant\n" + '<tool_call>\n{"a' * 60_000),
        ("qwen3", "<|im_start|>assistant\n<tool_call>\n" + "[" * 1_000_000 + "<|im_end|>\n"),
        ("llama3", "<|start_header_id|>user<|end_header_id|>\n\n" + "</s>" * 200_000),
        ("harmony", "<|start|>assistant to=" + "a" * 1_000_000),
    ],
)
def test_hostile_megabytes_take_seconds(name, text):
    start = time.process_time()
    reading = read(text, name)

    assert time.process_time() - start < 10
    assert len(reading.findings) <= 102


def test_detecting_hostile_megabytes_takes_seconds():
    start = time.process_time()
    detect("<|im_start|>" * 400_000)

    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello [/INST] Hi </s>", set()),
        ("<s>[INST] Hello [/INST] Hi </s>", set()),
        ("<s>[INST] <<SYS>>\nBe brief.\n\nHello [/INST] Hi </s>", {"GR031"}),
        ("<s>[INST] Be brief.\n<</SYS>>\n\nHello [/INST] Hi </s>", {"GR031"}),
        ("<s>[INST] a [/INST] b </s><s>[INST] <<SYS>>\nS\n<</SYS>>\n\nc [/INST] d </s>", {"GR031"}),
    ],
)
def test_a_wrapped_system_message_is_opened_and_closed_in_the_first_user_turn(text, codes):
    reading = parse(text, find_dialect("llama2", load_families()))

    assert {finding.code for finding in reading.findings if finding.severity == "error"} == codes

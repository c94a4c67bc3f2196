"""Fuzzed prompts for the reader of dialects: any text and any ids are read into messages and findings, in time."""

import sys
import time

import corpus
import pytest
from fuzz import bounded, mutated
from hypothesis import given
from hypothesis import strategies as st

from chateval.__main__ import main
from chateval.template import open_tokenizer, tokenize
from chateval.template.grammar import detect, load_families, parse, parse_ids

FAMILIES = load_families()
MARKERS = (
    "<|im_start|>", "<|im_end|>", "\n", "user", "assistant", "system", "<s>", "</s>", "[INST]", "[/INST]", "<<SYS>>",
    "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<start_of_turn>", "<end_of_turn>",
    "<bos>", "<|user|>", "<|assistant|>", "<|end|>", "USER:", "ASSISTANT:", "### Instruction:", "### Response:",
    "<think>", "</think>", "<tool_call>", "</tool_call>", '{"name": "f", "arguments": {}}', "[TOOL_CALLS]",
    "<|channel|>", "<|message|>", "<|start|>", "<|python_tag|>", "\0", "\ud7ff", "\u2028", " ", "a",
)  # fmt: skip
REAL = (
    "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Yes. </s><s>[INST] More [/INST]",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n",
)
SECONDS = 10
"""Time that one prompt may take to read as every dialect on a busy machine."""


def texts():
    pieces = st.lists(st.one_of(st.sampled_from(MARKERS), st.text(max_size=6)), max_size=30).map("".join)
    spoilt = (
        st.sampled_from(REAL).flatmap(lambda text: mutated(text.encode())).map(lambda b: b.decode("utf-8", "replace"))
    )
    return st.one_of(pieces, spoilt)


def read_as_everything(text):
    """Read a text as every dialect; assert that findings lie in it and that what was read is a chat."""
    start = time.monotonic()
    for match in detect(text, FAMILIES):
        reading = parse(text, match.dialect)
        assert 0 <= reading.score <= 1
        assert all(isinstance(message["role"], str) for message in reading.messages)
        for finding in reading.findings:
            assert finding.offset is None or 0 <= finding.offset <= len(text)
            assert "\n" not in finding.message
    assert time.monotonic() - start < SECONDS


@bounded(150)
@given(text=texts())
def test_any_text_is_read_as_every_dialect(text):
    read_as_everything(text)


@bounded(40)
@given(ids=st.lists(st.integers(0, 399), max_size=40), text=texts())
def test_any_ids_are_read(tiny_chat, ids, text):
    tokenizer = open_once(tiny_chat)
    [spelt] = tokenize(tokenizer, [text])

    for given_ids in (ids, spelt, spelt[: len(spelt) // 2] + ids):
        for family in FAMILIES.values():
            parse_ids(given_ids, tokenizer, family.dialects[0])


_OPEN = {}


def open_once(folder):
    """Return the tokenizer of a folder, opened at the first call."""
    if folder not in _OPEN:
        _OPEN[folder] = open_tokenizer(folder)
    return _OPEN[folder]


@pytest.mark.parametrize(
    "text",
    [
        "<|im_start|>" * 20_000,
        "<|im_start|>user\n" * 20_000,
        "<" * 200_000,
        "[INST]" * 8_000 + "[/INST]" * 8_000,
        "<think>" * 20_000,
        "<tool_call>" + "[" * 100_000,
        '<tool_call>{"name": ' + '{"a": ' * 20_000,
        "USER: " * 20_000,
        "\n" * 200_000,
    ],
    ids=lambda text: text[:12],
)
def test_long_repeats_are_read_in_time(text, monkeypatch, capsys, tmp_path):
    path = tmp_path / "prompt.txt"
    path.write_text(text)
    monkeypatch.setattr(sys, "argv", ["chateval", "template", "check-text", str(path)])
    start = time.monotonic()

    with pytest.raises(SystemExit) as caught:
        main()

    assert caught.value.code in (0, 1, 3)
    assert time.monotonic() - start < SECONDS
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.slow
@bounded(150)
@given(data=st.data())
def test_spoilt_prompts_of_the_hub_are_read(data):
    known = [row["expected"] for row in corpus.rows("render_hfjs") if isinstance(row["expected"], str)][:400]
    read_as_everything(data.draw(mutated(data.draw(st.sampled_from(known)).encode())).decode("utf-8", "replace"))

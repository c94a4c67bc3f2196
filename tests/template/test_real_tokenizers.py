"""Published tokenizers and a published GGUF: what a check of their templates must say of them, and must not."""

from dataclasses import dataclass
from functools import cache

import pytest
from registry import npm_tokenizer, smollm2_gguf

from chateval.errors import TemplateError
from chateval.template import check_specimen, find_facts, open_specimen, open_tokenizer, render, tokenize

pytestmark = pytest.mark.slow

USER = {"role": "user", "content": "Q"}
ASSISTANT = {"role": "assistant", "content": "A"}
CALL = {"type": "function", "id": "a1b2c3d4e", "function": {"name": "f", "arguments": '{"x": 1}'}}
RESULT = {"role": "tool", "name": "f", "tool_call_id": "a1b2c3d4e", "content": "R"}


@dataclass(frozen=True)
class Known:
    """What is known of a published tokenizer and its template."""

    markers: tuple[str, ...]
    """Control literals that the template writes."""
    end_of_turn: str
    generation_prompt: str
    """What the switch adds; empty where it adds nothing."""
    template_writes_bos: bool = False
    tokenizer_adds_bos: bool = False
    is_eos_end_of_turn: bool = True
    prefix: str = ""
    """What the template puts before an answer in a closed chat, beyond the generation prompt."""


LLAMA3_MARKERS = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
CHATML_MARKERS = ("<|im_start|>", "<|im_end|>")

KNOWN = {
    "llama3": Known(LLAMA3_MARKERS, "<|eot_id|>", "", template_writes_bos=True, is_eos_end_of_turn=False),
    "llama3_1": Known(
        LLAMA3_MARKERS,
        "<|eot_id|>",
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        template_writes_bos=True,
        tokenizer_adds_bos=True,
    ),
    "gemma3": Known(
        ("<bos>", "<start_of_turn>", "<end_of_turn>"),
        "<end_of_turn>",
        "<start_of_turn>model\n",
        template_writes_bos=True,
        tokenizer_adds_bos=True,
    ),
    "qwen3": Known(
        (*CHATML_MARKERS, "<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"),
        "<|im_end|>",
        "<|im_start|>assistant\n",
        prefix="<think>\n\n</think>\n\n",
    ),
    "deepseek_v3": Known(
        ("<｜begin▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>", "<｜tool▁sep｜>"),
        "<｜end▁of▁sentence｜>",
        "<｜Assistant｜>",
        template_writes_bos=True,
    ),
    # Its BOS is what opens every turn.
    "smollm2": Known(CHATML_MARKERS, "<|im_end|>", "<|im_start|>assistant\n", template_writes_bos=True),
}

every = pytest.mark.parametrize("model", KNOWN)


@cache
def _tokenizer(model: str):
    return open_tokenizer(smollm2_gguf() if model == "smollm2" else npm_tokenizer(model))


@every
def test_every_marker_is_one_id(model):
    tokenizer = _tokenizer(model)

    ids = tokenize(tokenizer, KNOWN[model].markers)

    assert [len(marker_ids) for marker_ids in ids] == [1] * len(ids)
    assert {number for [number] in ids} <= set(tokenizer.added_tokens_decoder)


@every
def test_bos_comes_twice_only_where_both_template_and_tokenizer_write_it(model):
    tokenizer, known = _tokenizer(model), KNOWN[model]
    text = render(tokenizer, [USER])

    [plain] = tokenize(tokenizer, ["x"], add_special_tokens=True)
    [own], [again] = (tokenize(tokenizer, [text], add_special_tokens=add) for add in (False, True))

    bos = tokenizer.bos_token_id
    assert (plain[0] == bos) == known.tokenizer_adds_bos
    assert (bos is not None and own[0] == bos) == known.template_writes_bos
    assert again == ([bos, *own] if known.tokenizer_adds_bos else own)
    assert (again[:2] == [bos, bos]) == (model in ("llama3_1", "gemma3"))


@every
def test_the_end_of_the_turn_is_the_end_token_of_all_but_the_first_llama3(model):
    tokenizer, known = _tokenizer(model), KNOWN[model]

    facts = find_facts(tokenizer, source="tokenizer", eos_ids=[])

    assert facts.end_of_turn_id == tokenizer.convert_tokens_to_ids(known.end_of_turn)
    assert (facts.end_of_turn_id == tokenizer.eos_token_id) == known.is_eos_end_of_turn == (model != "llama3")
    assert set(facts.stop_ids) == {facts.end_of_turn_id, tokenizer.eos_token_id}


@every
def test_the_switch_adds_the_generation_prompt(model):
    tokenizer, known = _tokenizer(model), KNOWN[model]

    closed, opened = (render(tokenizer, [USER], add_generation_prompt=on) for on in (False, True))

    assert opened == closed + known.generation_prompt


@every
def test_an_answer_after_the_generation_prompt_is_the_closed_chat_but_for_qwen3(model):
    tokenizer, known = _tokenizer(model), KNOWN[model]

    opened, closed = render(tokenizer, [USER]), render(tokenizer, [USER, ASSISTANT], add_generation_prompt=False)

    assert closed.startswith(f"{opened}{known.prefix}A{known.end_of_turn}")
    assert bool(known.prefix) == (model == "qwen3")


def test_the_first_llama3_opens_an_answer_even_when_told_not_to():
    tokenizer = _tokenizer("llama3")

    text = render(tokenizer, [USER, ASSISTANT], add_generation_prompt=False)

    assert text.endswith("A<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")


@pytest.mark.parametrize(
    ("model", "opening"),
    [("smollm2", "<|im_start|>system\nYou are a helpful AI assistant named SmolLM"), ("qwen3", "<|im_start|>user\nQ")],
)
def test_smollm2_puts_a_system_message_of_its_own_before_a_chat_without_one(model, opening):
    tokenizer = _tokenizer(model)

    assert render(tokenizer, [USER]).startswith(opening)
    told = render(tokenizer, [{"role": "system", "content": "S"}, USER])
    assert told.startswith("<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ")


def test_smollm2_pads_with_its_end_token_and_opens_turns_with_its_bos():
    tokenizer = _tokenizer("smollm2")

    assert tokenizer.pad_token_id == tokenizer.eos_token_id == 2
    assert tokenizer.bos_token == "<|im_start|>"
    assert len(tokenizer) == 49152


@pytest.mark.parametrize("model", ["qwen3", "smollm2", "deepseek_v3"])
def test_edge_whitespace_is_kept(model):
    assert "  Q \n" in render(_tokenizer(model), [{"role": "user", "content": "  Q \n"}])


@pytest.mark.parametrize("model", ["llama3", "llama3_1", "gemma3"])
def test_edge_whitespace_is_trimmed(model):
    tokenizer = _tokenizer(model)

    assert render(tokenizer, [{"role": "user", "content": "  Q \n"}]) == render(tokenizer, [USER])


def test_gemma3_folds_the_system_message_into_the_user_and_refuses_two_users():
    tokenizer = _tokenizer("gemma3")

    assert "<start_of_turn>user\nS\n\nQ<end_of_turn>" in render(tokenizer, [{"role": "system", "content": "S"}, USER])
    with pytest.raises(TemplateError, match="must alternate"):
        render(tokenizer, [USER, USER])


@pytest.mark.parametrize("model", ["qwen3", "deepseek_v3"])
def test_a_tool_call_whose_content_is_none_is_refused_since_transformers_drops_the_key(model):
    with pytest.raises(TemplateError, match="no attribute 'content'"):
        render(_tokenizer(model), [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}, RESULT])


@pytest.mark.parametrize(("model", "is_kept"), [("qwen3", True), ("deepseek_v3", False), ("llama3_1", False)])
def test_a_tool_call_whose_content_is_empty_is_kept_by_qwen3_only(model, is_kept):
    text = render(_tokenizer(model), [USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}, RESULT])

    assert ('"x": 1' in text) == is_kept
    assert "R" in text


def test_qwen3_strips_the_thinking_of_all_but_the_last_answer():
    thought = {"role": "assistant", "content": "<think>\nT\n</think>\n\nA"}

    text = render(_tokenizer("qwen3"), [USER, thought, USER, thought])

    assert text.count("<think>\nT\n</think>") == 1
    assert text.index("<think>") > text.rindex("<|im_start|>user")


@pytest.mark.parametrize(
    ("model", "errors", "others"),
    [
        ("llama3", {"CT105", "CT203"}, set()),
        ("llama3_1", {"CT101"}, set()),
        ("gemma3", {"CT101"}, set()),
        ("qwen3", set(), {"CT204", "CT401", "CT407"}),
        ("deepseek_v3", {"CT502"}, {"CT107"}),
    ],
)
def test_the_checker_finds_what_is_known_of_real_tokenizers(model, errors, others):
    report = check_specimen(open_specimen(npm_tokenizer(model)))

    assert {found.code for found in report.findings if found.severity == "error"} == errors
    assert {found.code for found in report.findings if found.severity != "error"} == others


def test_the_gguf_of_smollm2_has_only_its_pad_token_and_its_default_system_text():
    report = check_specimen(open_specimen(smollm2_gguf()))

    assert {found.code for found in report.findings} == {"CT107", "CT208"}
    assert report.verdict == "CONFORMS"
    assert report.family == "smollm2"

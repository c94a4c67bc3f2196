"""Packed passes against each family's own attention, on tiny random models."""

import pytest
import torch
import transformers

from chateval.engine.base import Batch
from chateval.engine.choose import score_choices
from chateval.engine.decode import Ending, Processors
from chateval.engine.generate import Room, Stream
from chateval.engine.packing import NOTHING
from chateval.engine.passes import Passes
from chateval.engine.plain import generate_plainly, score_plainly
from chateval.engine.probe import can_pack
from chateval.records import Decoding, Prompt

SIZE = {
    "vocab_size": 99,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
SLIDING = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 6, "head_dim": 8}
EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}

PACKED = {
    "Llama": {},
    "Mistral": {"sliding_window": 6},
    "Qwen2": {},
    "Qwen3": {"head_dim": 8},
    "Phi3": {},
    "Gemma": {"head_dim": 8},
    "Gemma2": SLIDING | {"query_pre_attn_scalar": 8},
    "Gemma3Text": SLIDING | {"query_pre_attn_scalar": 8},
    "Olmo2": {},
    "Granite": {"attention_multiplier": 0.4},
    "SmolLM3": {"no_rope_layers": [1, 0]},
    "GptOss": SLIDING | EXPERTS,
    "Cohere": {},
    "StableLm": {},
}


def build(name, options):
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**(SIZE | options))
    name = {"Gemma3Text": "Gemma3"}.get(name, name)
    return getattr(transformers, f"{name}ForCausalLM")(config).eval()


def prompts(choices=()):
    generator = torch.Generator().manual_seed(1)
    head = tuple(torch.randint(3, 99, (9,), generator=generator).tolist())
    return [
        Prompt(
            f"{n:016x}",
            (),
            "",
            (*head, *torch.randint(3, 99, (length,), generator=generator).tolist()),
            Decoding(max_new_tokens=9 - n),
            choices,
        )
        for n, length in enumerate((14, 3, 8, 3, 21))
    ]


@pytest.mark.parametrize("name", PACKED)
@torch.inference_mode()
def test_a_family_answers_packed_as_it_does_by_itself(name):
    model = build(name, PACKED[name])
    choices = ((5, 6, 7), (5, 6, 8, 9), (10,), (11, 5))
    assert can_pack(model)

    with Passes(model) as passes:
        asked = prompts(choices)
        scored = score_choices(passes, asked, passes.extend(NOTHING, asked[0].ids[:9]))
        ending = Ending(frozenset(), str)
        stream = Stream(passes, ending, Processors(None), Room(3, 40))
        rows = {row.prompt.sample_id: row.ids for rows in stream.run([Batch(tuple(prompts()), 9)]) for row in rows}

    for prompt, found in zip(asked, scored, strict=True):
        for choice, logprobs in zip(choices, found, strict=True):
            assert logprobs == pytest.approx(score_plainly(model, prompt.ids, choice), abs=1e-4)
    for prompt in prompts():
        assert rows[prompt.sample_id] == generate_plainly(model, prompt, ending).ids


def test_a_model_with_a_state_is_not_packed():
    config = transformers.MambaConfig(vocab_size=99, hidden_size=32, num_hidden_layers=2, state_size=4)

    assert not can_pack(transformers.MambaForCausalLM(config).eval())


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(
            {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}}, id="moving angles"
        ),
        pytest.param({"layer_types": ["full_attention", "chunked_attention"]}, id="chunks"),
    ],
)
def test_what_depends_on_more_than_the_tokens_seen_is_not_packed(options):
    model = build("Llama", {})
    for name, value in options.items():
        setattr(model.config, name, value)

    assert not can_pack(model)


def test_a_model_that_packed_attention_gets_wrong_is_found_out():
    model = build("Llama", {})
    layer = model.model.layers[1].self_attn
    layer.layer_idx = 0  # its keys would go where those of the first layer are

    with torch.inference_mode():
        assert not can_pack(model)

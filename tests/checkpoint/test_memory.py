"""Digests of models in memory: the same for the same numbers, another for any other."""

import pytest
import torch

from chateval.checkpoint.memory import MemoryDigester

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks for it


@pytest.fixture
def model(tiny_chat):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_chat)


def adapt(model, **options):
    from peft import LoraConfig, get_peft_model

    return get_peft_model(model, LoraConfig(target_modules=["q_proj"], task_type="CAUSAL_LM", **({"r": 2} | options)))


def test_equal_numbers_have_equal_digests_and_one_other_number_does_not(model):
    first = MemoryDigester().model(model)
    assert MemoryDigester().model(model) == first

    with torch.no_grad():
        model.lm_head.weight[0, 0] += 1

    assert MemoryDigester().model(model).weights != first.weights


def test_the_numbers_are_counted_once(model):
    assert MemoryDigester().model(model).n_base == model.num_parameters()


def test_settings_that_change_no_answer_change_no_digest(model):
    digester = MemoryDigester()
    before = digester.model(model)
    model.config.use_cache = False
    model.config._name_or_path = "elsewhere"
    model.set_attn_implementation("eager")

    assert digester.model(model) == before

    model.generation_config.repetition_penalty = 1.3
    assert digester.model(model).weights != before.weights


def test_the_base_under_an_adapter_has_the_digest_that_it_has_alone(model):
    alone = MemoryDigester().model(model)
    adapted = adapt(model)
    found = MemoryDigester().model(adapted)

    assert (found.weights, found.n_base) == (alone.weights, alone.n_base)
    assert found.n_adapter == sum(p.numel() for name, p in adapted.named_parameters() if "lora_" in name)


def test_an_adapter_is_its_numbers_and_its_scaling(model):
    adapted = adapt(model)
    digester = MemoryDigester()
    first = digester.model(adapted)
    with torch.no_grad():
        adapted.base_model.model.model.layers[1].self_attn.q_proj.lora_B.default.weight[0, 0] = 1.0
    trained = digester.model(adapted)
    adapted.peft_config["default"].lora_alpha = 99

    assert len({first.adapter, trained.adapter, digester.model(adapted).adapter}) == 3
    assert first.weights == trained.weights


def test_a_frozen_tensor_is_read_again_after_something_wrote_to_it(model):
    model.requires_grad_(False)
    digester = MemoryDigester()
    before = digester.model(model)
    assert digester.model(model) == before

    model.model.norm.weight.add_(1)

    assert digester.model(model).weights != before.weights

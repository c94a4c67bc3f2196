"""A model in training that is asked in between: what is put back, and what is refused."""

import random

import numpy as np
import pytest
import torch

from chateval.engine.live import LiveWeights, same_random_numbers, undisturbed, unwrap
from chateval.errors import CheckpointError

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks for it


@pytest.fixture
def model(tiny_chat):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_chat).train()


@pytest.fixture
def adapted(model):
    from peft import LoraConfig, get_peft_model

    return get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")).train()


def drawn() -> tuple[float, float, float]:
    return torch.rand(1).item(), float(np.random.rand()), random.random()


def test_random_numbers_go_on_as_if_none_had_been_drawn(model):
    torch.manual_seed(1), np.random.seed(1), random.seed(1)
    expected = drawn()
    torch.manual_seed(1), np.random.seed(1), random.seed(1)

    with same_random_numbers(model):
        drawn()

    assert drawn() == expected


def test_modes_trained_parameters_and_settings_are_put_back(model):
    layers = model.model.layers
    layers[0].eval()  # a training may freeze a part of the model
    layers[1].requires_grad_(False)
    model.config.use_cache = False
    before = [module.training for module in model.modules()], [p.requires_grad for p in model.parameters()]

    with undisturbed(model):
        model.eval()
        model.requires_grad_(True)
        model.set_attn_implementation("eager")
        model.config.use_cache = True

    assert ([module.training for module in model.modules()], [p.requires_grad for p in model.parameters()]) == before
    assert model.config._attn_implementation == "sdpa"
    assert model.config.use_cache is False


def test_what_is_put_back_is_put_back_after_an_error(model):
    with pytest.raises(RuntimeError, match="out of luck"), LiveWeights(model).use(None, None) as inner:
        assert not inner.training
        raise RuntimeError("out of luck")

    assert model.training


def test_the_forward_of_mixed_precision_is_put_aside_and_back(model):
    plain = model.forward
    model._original_forward = plain
    model.forward = wrapped = torch.autocast("cpu", dtype=torch.bfloat16)(plain)

    with LiveWeights(model).use(None, None) as inner:
        assert inner.forward == plain

    assert model.forward is wrapped


def test_an_adapter_is_off_where_none_is_named(adapted):
    torch.nn.init.normal_(adapted.base_model.model.model.layers[0].self_attn.q_proj.lora_B.default.weight)
    ids, weights = torch.tensor([[3, 4, 5, 6]]), LiveWeights(adapted)
    trained = [name for name, parameter in adapted.named_parameters() if parameter.requires_grad]

    with weights.use(None, None) as inner:
        off = inner(input_ids=ids).logits
    with weights.use("any", None) as inner:
        on = inner(input_ids=ids).logits

    assert not torch.equal(on, off)
    assert [name for name, parameter in adapted.named_parameters() if parameter.requires_grad] == trained
    assert adapted.training


def test_an_adapter_that_is_no_part_of_the_layers_is_refused(model):
    from peft import PromptTuningConfig, get_peft_model

    prompted = get_peft_model(model, PromptTuningConfig(num_virtual_tokens=4, task_type="CAUSAL_LM"))

    with pytest.raises(CheckpointError, match="PROMPT_TUNING cannot be evaluated while training; LoRA can"):
        LiveWeights(prompted)


def test_sharded_weights_are_refused(model):
    next(model.parameters()).ds_id = 0  # as DeepSpeed's ZeRO-3 marks what it has taken apart

    with pytest.raises(CheckpointError, match=r"its weights are sharded .* use DDP, or one process"):
        LiveWeights(model)


def test_wrappers_for_several_devices_are_taken_off(model):
    assert unwrap(torch.nn.DataParallel(model)) is model

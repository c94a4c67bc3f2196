"""Fault 13: an adapter of another base, with tensors too few or too many, or one that does nothing."""

import json
import shutil

import pytest
from hostile_models import FAKE, copy, refused_run, rewrite, run

PREFIX = "base_model.model."
QUERY = "model.layers.0.self_attn.q_proj"
A, B = (f"{PREFIX}{QUERY}.lora_{end}.weight" for end in "AB")


@pytest.fixture
def refused(tiny_chat, tiny_loras, tmp_path):
    """Change the tensors and the config of an adapter; return the line that a run of it is refused with."""

    def run(change=dict, *, base=tiny_chat, **config):
        folder = copy(tiny_loras[0], tmp_path / "lora", adapter_config=config)
        rewrite(folder / "adapter_model.safetensors", change)
        line = refused_run(tmp_path / "run", f"base={base}", f"lora={folder}@base")
        assert line.startswith(f"{folder}")
        return line

    return run


def without(part):
    return lambda tensors: {name: tensor for name, tensor in tensors.items() if part not in name}


def renamed(old, new):
    return lambda tensors: {name.replace(old, new): tensor for name, tensor in tensors.items()}


def with_more(name, *shape):
    import torch

    return lambda tensors: {**tensors, PREFIX + name: torch.ones(shape)}


def test_an_adapter_for_a_wider_base_lists_its_first_three_differing_modules(refused, tiny_other):
    line = refused(base=tiny_other)

    assert "adapter of another base: " in line
    assert line.count("48 x 48 in the base") == 2
    assert "model.layers.0.self_attn.v_proj is 16 x 32 in the adapter and 24 x 48 in the base" in line
    assert "; and 1 more. Name the base that it was trained on (NAME=ADAPTER@BASE)" in line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (renamed("layers.1", "layers.7"), "it changes model.layers.7.self_attn.q_proj, which the base does not have"),
        (renamed("layers", "blocks"), "it changes model.blocks.0.self_attn.q_proj, which the base does not have"),
        (without(B), f"{QUERY} has lora_A and no lora_B"),
        (without(A), f"{QUERY} has lora_B and no lora_A"),
        (without("layers.1"), "target_modules names model.layers.1.self_attn.q_proj, which is not in the file"),
        (without("v_proj"), "target_modules names model.layers.0.self_attn.v_proj, which is not in the file"),
        (
            renamed("self_attn.v_proj", "self_attn.k_proj"),
            "target_modules does not name model.layers.0.self_attn.k_proj, which is in the file",
        ),
        (with_more("model.norm.weight", 32), "would be written into the base that other checkpoints share"),
        (with_more("lm_head.weight", 400, 32), "would be written into the base that other checkpoints share"),
        (with_more(f"{QUERY}.base_layer.weight", 32, 32), "its file holds more than an adapter"),
        (with_more(f"{QUERY}.lora_A.lora_B.weight", 4, 32), "its file holds more than an adapter"),
        (with_more("x.lora_A.other.weight", 4, 32), "its file holds more than an adapter"),
    ],
    ids=[
        "a layer too many",
        "other modules",
        "no lora_B",
        "no lora_A",
        "a layer too few",
        "a kind too few",
        "another kind",
        "a norm",
        "a head",
        "a base layer",
        "a name in a name",
        "a name of another adapter",
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_a_prompt_is_asked(refused, change, said):
    assert said in refused(change)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"r": 8}, f"{QUERY} has rank 4, the config says r=8"),
        ({"r": 0}, "r is 0; a rank is a number above 0"),
        ({"r": "4"}, "r is '4'; a rank is a number above 0"),
        ({"r": 10**9}, "has rank 4, the config says r=1000000000"),
        ({"target_modules": ["q_proj"]}, "target_modules does not name model.layers.0.self_attn.v_proj"),
        ({"target_modules": ["q_proj", "v_proj", "up_proj"]}, "target_modules names model.layers.0.mlp.up_proj"),
        ({"layer_replication": [[0, 2], [0, 2]]}, "layer_replication is more than an adapter"),
        ({"megatron_config": {"a": 1}, "megatron_core": "evil"}, "megatron_config is more than an adapter"),
        ({"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens is more than an adapter"),
        ({"init_lora_weights": ["gaussian"]}, "writes into the base"),
    ],
)
def test_a_config_that_does_not_fit_its_file_is_refused_before_a_prompt_is_asked(refused, config, said):
    assert said in refused(**config)


@pytest.mark.parametrize("module", ["lm_head", "model.embed_tokens"])
def test_an_adapter_trained_with_another_vocabulary_says_so(refused, module):
    line = refused(with_more(f"{module}.weight", 403, 32), modules_to_save=[module.rpartition(".")[2]])

    assert f"{module} is 403 x 32 in the adapter and " in line
    assert " x 32 in the base (another vocabulary)" in line


def test_low_rank_embeddings_of_another_vocabulary_say_so(refused):
    import torch

    def change(tensors):
        name = f"{PREFIX}model.embed_tokens.lora_embedding_"
        return {**tensors, f"{name}A": torch.ones(4, 403), f"{name}B": torch.ones(32, 4)}

    line = refused(change, target_modules=["q_proj", "v_proj", "embed_tokens"])

    assert "model.embed_tokens is 32 x 403 in the adapter and " in line
    assert "(another vocabulary)" in line


def test_an_adapter_in_shards_is_refused_as_peft_loads_one_file(tiny_loras, tiny_chat, tmp_path):
    folder = shutil.copytree(tiny_loras[0], tmp_path / "lora")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model-00001-of-00001.safetensors")
    index = {"weight_map": {A: "adapter_model-00001-of-00001.safetensors"}}
    (folder / "adapter_model.safetensors.index.json").write_text(json.dumps(index))

    assert f"{folder}: no adapter_model.safetensors in it" in refused_run(
        tmp_path / "run", f"lora={folder}@{tiny_chat}"
    )


def zero(end):
    return lambda tensors: {name: tensor * (f"lora_{end}" not in name) for name, tensor in tensors.items()}


@pytest.mark.parametrize(
    ("change", "config", "reason"),
    [
        (dict, {"lora_alpha": 0}, "lora_alpha is 0"),
        (zero("A"), {}, "every lora_A is 0"),
        (zero("B"), {}, "every lora_B is 0"),
    ],
    ids=["alpha 0", "zero A", "zero B"],
)
def test_an_adapter_that_does_nothing_is_run_and_the_report_says_so(
    tiny_chat, tiny_loras, tmp_path, change, config, reason
):
    folder = copy(tiny_loras[0], tmp_path / "lora", adapter_config=config)
    rewrite(folder / "adapter_model.safetensors", change)

    found = run(*FAKE, "--checkpoint", f"base={tiny_chat}", "--checkpoint", f"lora={folder}@base", "--out", tmp_path)

    assert found.exit_code == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert [one["inert"] for one in report["checkpoints"]] == ["", reason]
    assert "adds nothing to its base" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    "config",
    [{}, {"rank_pattern": {"q_proj": 4}, "r": 8}, {"target_modules": r".*\.(q|v)_proj"}, {"modules_to_save": []}],
)
def test_an_adapter_that_fits_is_run(tiny_chat, tiny_loras, tmp_path, config):
    folder = copy(tiny_loras[0], tmp_path / "lora", adapter_config=config)
    if config.get("r") == 8:
        rewrite(folder / "adapter_model.safetensors", without("v_proj"))
        (folder / "adapter_config.json").write_text(
            json.dumps(json.loads((folder / "adapter_config.json").read_text()) | {"target_modules": ["q_proj"]})
        )

    assert run(*FAKE, "--checkpoint", f"lora={folder}@{tiny_chat}", "--out", tmp_path).exit_code == 0

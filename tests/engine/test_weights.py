import json
import shutil

import pytest
from safetensors.torch import load_file, save_file

from chateval.engine.weights import Weights
from chateval.errors import CheckpointError


def rewrite(path, change):
    tensors = load_file(path)
    save_file(change(tensors), path, metadata={"format": "pt"})


def load(folder, adapter=None):
    with Weights(folder, dtype="float32").use(adapter, "a"):
        pass


def test_weights_that_are_not_in_the_files_are_refused_and_not_drawn_at_random(tiny_chat, tmp_path):
    folder = shutil.copytree(tiny_chat, tmp_path / "model")
    rewrite(folder / "model.safetensors", lambda tensors: {n: t for n, t in tensors.items() if "layers.1.mlp" not in n})

    with (
        pytest.raises(CheckpointError, match=r"3 weights of LlamaForCausalLM are not in the files .*layers\.1\.mlp"),
        Weights(folder, dtype="float32").use(None, None),
    ):
        pass


def test_a_config_that_makes_no_model_is_named(tiny_chat, tmp_path):
    folder = shutil.copytree(tiny_chat, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_attention_heads": 0}))

    with (
        pytest.raises(CheckpointError, match="the model cannot be loaded"),
        Weights(folder, dtype="float32").use(None, None),
    ):
        pass


@pytest.mark.filterwarnings("ignore:Found missing adapter keys")
def test_an_adapter_that_lacks_tensors_is_refused(tiny_chat, tiny_loras, tmp_path):
    folder = shutil.copytree(tiny_loras[0], tmp_path / "lora")
    rewrite(folder / "adapter_model.safetensors", lambda tensors: {n: t for n, t in tensors.items() if "layers.0" in n})

    with (
        pytest.raises(CheckpointError, match="incomplete: 4 tensors that its config asks for are not in it"),
        Weights(tiny_chat, dtype="float32").use(folder, "a"),
    ):
        pass


def test_an_adapter_that_changes_nothing_is_said_to(tiny_chat, tiny_loras, tmp_path, caplog):
    folder = shutil.copytree(tiny_loras[0], tmp_path / "lora")
    rewrite(folder / "adapter_model.safetensors", lambda tensors: {n: t * ("lora_A" in n) for n, t in tensors.items()})

    load(tiny_chat, folder)

    assert "the adapter has no effect" in caplog.text

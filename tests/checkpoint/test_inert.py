import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from chateval.checkpoint.inert import inert_because

A, B = "base_model.model.q_proj.lora_A.weight", "base_model.model.q_proj.lora_B.weight"
ZERO, ONE = np.zeros((4, 2), np.float32), np.eye(4, 2, dtype=np.float32)


@pytest.mark.parametrize(
    ("tensors", "config", "reason"),
    [
        ({A: ONE, B: ONE}, {"lora_alpha": 16}, ""),
        ({A: ONE, B: ZERO}, {"lora_alpha": 16}, "every lora_B is 0"),
        ({A: ZERO, B: ONE}, {"lora_alpha": 16}, "every lora_A is 0"),
        ({A: ONE, B: ONE}, {"lora_alpha": 0}, "lora_alpha is 0"),
        ({A: ONE, B: ONE}, {"lora_alpha": 0, "alpha_pattern": {"q_proj": 8}}, ""),
        ({A: ONE, B: ZERO, B.replace("q_", "v_"): ONE}, {"lora_alpha": 16}, ""),
        ({A: ONE, B: ZERO, "base_model.model.lm_head.weight": ONE}, {"lora_alpha": 16}, ""),
        ({A.replace("A.weight", "embedding_A"): ONE}, {"lora_alpha": 16}, ""),
    ],
)
def test_an_adapter_is_inert_if_its_scale_or_one_side_of_all_its_matrices_is_zero(tmp_path, tensors, config, reason):
    save_file(tensors, tmp_path / "adapter_model.safetensors")

    assert inert_because(config, [tmp_path / "adapter_model.safetensors"]) == reason


def test_an_inert_adapter_is_resolved_with_the_reason(tiny_chat, tiny_loras, tmp_path):
    import shutil

    from chateval.checkpoint import DigestCache, resolve_all
    from chateval.records import CheckpointSpec

    folder = tmp_path / "scaled by 0"
    shutil.copytree(tiny_loras[0], folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 0}))

    [found] = resolve_all([CheckpointSpec("lora", str(folder), base=str(tiny_chat))], DigestCache(tmp_path / "digests"))

    assert found.inert == "lora_alpha is 0"

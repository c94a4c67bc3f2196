"""Fault 14: weights are a pickle that runs code when it is opened."""

import pickle
import shutil

import pytest
from hostile_models import FAKE, refused_run, run


class Creates:
    """Creates a file where it is unpickled."""

    def __init__(self, path):
        self._path = path

    def __reduce__(self):
        return open, (str(self._path), "w")


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "created"


@pytest.fixture
def write_pickle(canary):
    def write(path):
        path.write_bytes(pickle.dumps(Creates(canary)))

    return write


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_pickle_of_these_tests_does_run_code(write_pickle, tmp_path, canary):
    write_pickle(tmp_path / "x.bin")

    pickle.loads((tmp_path / "x.bin").read_bytes()).close()  # noqa: S301 - its own

    assert canary.exists()


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "consolidated.00.pth", "model.ckpt", "model.pt"]
)
def test_a_pickled_model_is_refused_with_the_conversion_named_and_not_opened(
    tiny_chat, tmp_path, write_pickle, canary, name
):
    folder = shutil.copytree(tiny_chat, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    write_pickle(folder / name)

    line = refused_run(tmp_path / "run", f"it={folder}")

    assert line == (
        f"{folder / name}: pickled weights can run code and are refused; save the checkpoint again with "
        "save_pretrained(..., safe_serialization=True), which writes safetensors"
    )
    assert not canary.exists()


def test_a_pickled_adapter_is_refused_and_not_opened(tiny_chat, tiny_loras, tmp_path, write_pickle, canary):
    folder = shutil.copytree(tiny_loras[0], tmp_path / "lora")
    (folder / "adapter_model.safetensors").unlink()
    write_pickle(folder / "adapter_model.bin")

    line = refused_run(tmp_path / "run", f"base={tiny_chat}", f"lora={folder}@base")

    assert line.startswith(f"{folder / 'adapter_model.bin'}: pickled weights can run code and are refused; save")
    assert not canary.exists()


def test_a_shard_index_cannot_name_a_pickle(tiny_chat, tmp_path, write_pickle, canary):
    folder = shutil.copytree(tiny_chat, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    write_pickle(folder / "pytorch_model.bin")
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "pytorch_model.bin"}}')

    assert "lists 'pytorch_model.bin', which is not the name of a safetensors file" in refused_run(
        tmp_path / "run", f"it={folder}"
    )
    assert not canary.exists()


def test_a_pickle_that_calls_itself_safetensors_is_a_broken_file(tiny_chat, tmp_path, write_pickle, canary):
    folder = shutil.copytree(tiny_chat, tmp_path / "model")
    write_pickle(folder / "model.safetensors")

    assert "broken safetensors file" in refused_run(tmp_path / "run", f"it={folder}")
    assert not canary.exists()


def test_only_what_a_trainer_left_is_no_checkpoint(tiny_chat, tmp_path, write_pickle):
    folder = shutil.copytree(tiny_chat, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    write_pickle(folder / "optimizer.pt")

    assert f"{folder}: no model.safetensors in it" in refused_run(tmp_path / "run", f"it={folder}")


@pytest.mark.filterwarnings("ignore:Found missing adapter keys")
def test_pickles_beside_good_weights_are_never_opened(tiny_chat, tiny_loras, tmp_path, write_pickle, canary):
    model = shutil.copytree(tiny_chat, tmp_path / "model")
    lora = shutil.copytree(tiny_loras[0], tmp_path / "lora")
    for folder in (model, lora):
        for name in ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "pytorch_model.bin"):
            write_pickle(folder / name)
        write_pickle(folder / "adapter_model.bin")
    command = ["transformers" if word == "fake" else word for word in FAKE]

    found = run(*command, "--checkpoint", f"base={model}", "--checkpoint", f"lora={lora}@base", "--out", tmp_path / "o")

    assert found.exit_code == 0
    assert not canary.exists()

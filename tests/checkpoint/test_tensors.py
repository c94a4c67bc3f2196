import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from chateval.checkpoint.tensors import read_shapes, weight_files
from chateval.errors import CheckpointError


def written(path, header: dict, data: bytes = b""):
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def test_shapes_are_those_that_the_library_wrote(tmp_path):
    save_file({"a": np.zeros((2, 3), np.float32), "b": np.zeros(5, np.float16)}, tmp_path / "x.safetensors")

    assert read_shapes(tmp_path / "x.safetensors") == {"a": (2, 3), "b": (5,)}


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "a header of 0 bytes in 0"),
        (b"\xff" * 8, "a header of"),
        ((2**63).to_bytes(8, "little") + b"{}", "a header of"),
        ((2).to_bytes(8, "little") + b"[}", "the header is not JSON"),
        ((2).to_bytes(8, "little") + b"{}", "it holds no tensor"),
    ],
)
def test_a_broken_header_is_named(tmp_path, content, match):
    (tmp_path / "x.safetensors").write_bytes(content)

    with pytest.raises(CheckpointError, match=match):
        read_shapes(tmp_path / "x.safetensors")


@pytest.mark.parametrize("offsets", [[0, 9], [4, 2], [-4, 4]])
def test_a_tensor_outside_the_file_is_named(tmp_path, offsets):
    path = written(
        tmp_path / "x.safetensors", {"w": {"dtype": "F32", "shape": [2], "data_offsets": offsets}}, b"\0" * 8
    )

    with pytest.raises(CheckpointError, match=r"tensor 'w' lies outside the file \(truncated\?\)"):
        read_shapes(path)


def test_a_listed_shard_that_is_absent_is_named(tmp_path):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "model-00001-of-00002.safetensors").touch()

    with pytest.raises(CheckpointError, match=r"lists 'model-00002-of-00002\.safetensors', which is not in the folder"):
        weight_files(tmp_path)


def test_a_shard_may_not_lie_outside_the_folder(tmp_path):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../secret.safetensors"}}))

    with pytest.raises(CheckpointError, match="which is not in the folder"):
        weight_files(tmp_path)

import numpy as np
from safetensors.numpy import save_file

from chateval.checkpoint.tensors import n_numbers, read_header, read_shapes


def test_shapes_and_places_are_those_that_the_library_wrote(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({"a": np.full((2, 3), 7, np.float32), "b": np.zeros(5, np.float16), "none": np.zeros((0, 4))}, path)

    shapes, tensor = read_shapes(path), read_header(path)["a"]

    assert shapes == {"a": (2, 3), "b": (5,), "none": (0, 4)}
    assert n_numbers(shapes) == 11
    assert np.frombuffer(path.read_bytes()[tensor.begin : tensor.end], np.float32).tolist() == [7.0] * 6

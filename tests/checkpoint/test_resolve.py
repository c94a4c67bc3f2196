import json
import shutil

import pytest

from chateval.checkpoint import DigestCache, resolve_all
from chateval.errors import CheckpointError
from chateval.records import CheckpointSpec


@pytest.fixture
def resolve(tmp_path):
    def run(*specs):
        return resolve_all(specs, DigestCache(tmp_path / "digests.json"))

    return run


@pytest.fixture
def copy(tmp_path):
    def run(folder, name="copy"):
        return shutil.copytree(folder, tmp_path / name)

    return run


def spec(path, name="it", **options):
    return CheckpointSpec(name=name, path=str(path), **options)


def test_a_folder_with_a_template_is_a_chat_model(resolve, tiny_chat):
    [found] = resolve(spec(tiny_chat))

    assert (found.kind, found.context_tokens, found.template_path) == ("chat", 512, str(tiny_chat))
    assert len(found.weights_digest) == len(found.tokenizer_digest) == 64


def test_a_folder_without_a_template_is_refused_with_three_ways_out(resolve, copy, tiny_chat):
    folder = copy(tiny_chat)
    (folder / "chat_template.jinja").unlink()

    with pytest.raises(
        CheckpointError, match=r"no chat template.*--template NAME\|FILE .*--completion .*another checkpoint"
    ):
        resolve(spec(folder))


@pytest.mark.parametrize(
    "options",
    [{"template": "chatml"}, {"completion": True}, {"spare_template": "chatml"}, {"spare_completion": True}],
)
def test_a_way_out_makes_it_a_base_model(resolve, copy, tiny_chat, options):
    folder = copy(tiny_chat)
    (folder / "chat_template.jinja").unlink()

    [found] = resolve(spec(folder, **options))

    assert found.kind == "base"
    assert (found.template == "chatml") != found.completion


def test_a_spare_layout_leaves_a_template_of_its_own_alone(resolve, tiny_chat):
    [found] = resolve(spec(tiny_chat, spare_template="zephyr", spare_completion=True))

    assert (found.kind, found.template, found.completion) == ("chat", None, False)


def test_an_adapter_finds_its_base_in_its_config(resolve, tiny_chat, tiny_loras):
    [found] = resolve(spec(tiny_loras[0]))

    assert (found.kind, found.base_path) == ("lora", str(tiny_chat))
    assert found.template_path == str(tiny_chat)


def test_an_adapter_shares_the_weights_digest_of_its_base(resolve, tiny_chat, tiny_loras):
    base, one, two = resolve(
        spec(tiny_chat, "base"), spec(tiny_loras[0], "one", base="base"), spec(tiny_loras[1], "two", base="base")
    )

    assert base.weights_digest == one.weights_digest == two.weights_digest
    assert len({base.adapter_digest, one.adapter_digest, two.adapter_digest}) == 3


def test_parameters_are_counted_from_the_headers_of_weight_files(resolve, tiny_chat, tiny_loras):
    from safetensors.numpy import load_file
    from transformers import AutoModelForCausalLM

    n_base = AutoModelForCausalLM.from_pretrained(tiny_chat).num_parameters()
    n_adapter = sum(tensor.size for tensor in load_file(tiny_loras[0] / "adapter_model.safetensors").values())

    [lora], [base] = resolve(spec(tiny_loras[0])), resolve(spec(tiny_chat))

    assert (base.n_parameters, lora.n_parameters) == (n_base, n_base + n_adapter)


def test_an_adapter_of_another_width_is_refused(resolve, tiny_other, tiny_loras):
    with pytest.raises(
        CheckpointError, match=r"adapter of another base: model\.layers\.0.*32.*in the adapter and .*48"
    ):
        resolve(spec(tiny_other, "base"), spec(tiny_loras[0], "lora", base="base"))


def test_an_adapter_of_another_base_of_the_same_shape_is_refused(resolve, copy, tiny_chat, tiny_loras):
    folder = copy(tiny_chat)
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)

    with pytest.raises(CheckpointError, match="it was trained on .* whose weights differ"):
        resolve(spec(folder, "base"), spec(tiny_loras[0], "lora", base="base"))


def test_a_moved_base_with_the_same_weights_is_accepted(resolve, copy, tiny_chat, tiny_loras):
    folder = copy(tiny_chat)

    base, lora = resolve(spec(folder, "base"), spec(tiny_loras[0], "lora", base="base"))

    assert lora.base_path == base.path


def test_an_adapter_brings_its_own_template(resolve, copy, tiny_loras):
    folder = copy(tiny_loras[0])
    (folder / "chat_template.jinja").write_text("{{ messages }}")

    [found] = resolve(spec(folder))

    assert found.template_path == str(folder)


def test_an_adapter_whose_base_is_not_here_says_how_to_name_one(resolve, copy, tiny_loras):
    folder = copy(tiny_loras[0])
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": "/gone"}))

    with pytest.raises(CheckpointError, match=r"its base '/gone' is not here; say where it is: it=.*@BASE"):
        resolve(spec(folder))


def test_a_whole_model_takes_no_base(resolve, tiny_chat):
    with pytest.raises(CheckpointError, match=r"no adapter_config\.json, so it takes no base"):
        resolve(spec(tiny_chat, "a"), spec(tiny_chat, "b", base="a"))


def test_pickled_weights_are_refused_and_not_opened(resolve, copy, tiny_chat):
    folder = copy(tiny_chat)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"not even a pickle")

    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin: pickled weights can run code"):
        resolve(spec(folder))


def test_a_pickled_adapter_is_refused(resolve, copy, tiny_loras):
    folder = copy(tiny_loras[0])
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")

    with pytest.raises(CheckpointError, match=r"adapter_model\.bin: pickled weights"):
        resolve(spec(folder))


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_model_that_wants_remote_code_is_refused(resolve, copy, tiny_chat, name):
    folder = copy(tiny_chat)
    config = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps(config | {"auto_map": {"AutoModel": "evil.Model"}}))

    with pytest.raises(CheckpointError, match=r"auto_map wants to run .*evil\.Model.* never run"):
        resolve(spec(folder))


def test_a_path_that_is_nothing_is_named(resolve, tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint at '.*gone': give a folder, a \.gguf file or a hub id"):
        resolve(spec(tmp_path / "gone"))


def test_a_hub_id_comes_from_the_hub_cache_pinned_to_its_commit(resolve, tiny_chat, tmp_path, monkeypatch):
    import huggingface_hub.constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    repo = tmp_path / "hub" / "models--someone--tiny"
    shutil.copytree(tiny_chat, repo / "snapshots" / commit)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    [found] = resolve(spec("someone/tiny"))

    assert (found.repo, found.revision, found.kind) == ("someone/tiny", commit, "chat")


def test_a_hub_id_that_cannot_be_had_says_so(resolve, tmp_path, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(CheckpointError, match=r"someone/absent: no such folder here, and not to be had from the hub"):
        resolve(spec("someone/absent"))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "an adapter of type 'PREFIX_TUNING'; LORA is what can share a base"),
        (
            {"init_lora_weights": "pissa"},
            "init_lora_weights='pissa' writes into the base, which other checkpoints share",
        ),
        ({"bias": "all"}, "bias='all' writes into the base"),
    ],
)
def test_an_adapter_that_cannot_be_switched_off_is_refused(resolve, copy, tiny_loras, changes, match):
    folder = copy(tiny_loras[0])
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | changes))

    with pytest.raises(CheckpointError, match=match):
        resolve(spec(folder))


def test_a_weight_file_named_by_the_config_is_refused(resolve, copy, tiny_chat):
    folder = copy(tiny_chat)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"transformers_weights": "adapter_model.bin"}))

    with pytest.raises(CheckpointError, match="transformers_weights names a weight file of its own"):
        resolve(spec(folder))


def test_the_digest_is_of_the_file_that_is_loaded_when_shards_lie_beside_it(resolve, copy, tiny_chat):
    folder = copy(tiny_chat)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "gone.safetensors"}}))

    [plain], [with_index] = resolve(spec(tiny_chat)), resolve(spec(folder))

    assert plain.weights_digest == with_index.weights_digest


def test_an_adapter_that_is_its_own_base_is_refused(resolve, copy, tiny_loras):
    folder = copy(tiny_loras[0])

    with pytest.raises(CheckpointError, match="is an adapter itself; merge that one first"):
        resolve(spec(folder, "lora", base="lora"))


def test_a_base_that_the_config_records_is_a_place_and_no_name(resolve, copy, tiny_chat, tiny_loras):
    folder = copy(tiny_loras[0])
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": "base"}))

    with pytest.raises(CheckpointError, match="its base 'base' is not here"):
        resolve(spec(tiny_chat, "base"), spec(folder, "lora"))

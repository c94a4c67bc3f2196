"""A path becomes a specimen: whose tokenizer, whose template, which base, which evidence."""

import json
import shutil

import pytest

from chateval.errors import CheckpointError
from chateval.template import open_specimen

OWN = "{% for m in messages %}{{ m.content }}{% endfor %}"


def test_a_folder_has_its_own_tokenizer_template_and_embeddings(tiny_chat):
    specimen = open_specimen(tiny_chat)

    assert specimen.source is not None
    assert specimen.tokens["eos_token"] == "<|im_end|>"
    assert specimen.n_embeddings == 400
    assert specimen.base is None
    assert specimen.dialect is not None
    assert specimen.dialect.name == "chatml"


def test_an_adapter_without_a_tokenizer_takes_its_base_s(tiny_loras, tiny_chat):
    specimen = open_specimen(tiny_loras[0])

    assert specimen.base is not None
    assert specimen.base.subject == str(tiny_chat)
    assert specimen.tokenizer is specimen.base.tokenizer
    assert specimen.template() == specimen.base.template()
    assert specimen.n_embeddings == 400


def test_the_template_of_an_adapter_goes_before_its_base_s(tiny_loras, tmp_path):
    folder = tmp_path / "adapter"
    shutil.copytree(tiny_loras[0], folder)
    (folder / "chat_template.jinja").write_text(OWN)

    specimen = open_specimen(folder)

    assert specimen.template() == OWN
    assert specimen.source.origin == "chat_template.jinja"
    assert len(specimen.sources) == 1


def test_a_base_that_is_named_goes_before_the_recorded_one(tiny_loras, tiny_other):
    assert open_specimen(tiny_loras[0], base=tiny_other).base.subject == str(tiny_other)


def test_a_bare_template_has_the_tokens_it_is_given(tmp_path):
    path = tmp_path / "x.jinja"
    path.write_text("{{ bos_token }}" + OWN)

    specimen = open_specimen(path, tokens={"bos_token": "<s>"})

    assert specimen.tokenizer is None
    assert specimen.text("question") == "<s>What is the capital of France?"


def test_of_several_templates_chats_with_tools_take_tool_use(tiny_chat, tmp_path):
    folder = tmp_path / "named"
    shutil.copytree(tiny_chat, folder)
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates" / "tool_use.jinja").write_text("with tools")

    specimen = open_specimen(folder)

    assert specimen.text("tools_offered") == "with tools"
    assert specimen.text("question") != "with tools"


def test_the_eos_ids_are_those_of_generation_config_and_tokenizer(tiny_chat, tmp_path):
    folder = tmp_path / "eos"
    shutil.copytree(tiny_chat, folder)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [0]}))

    assert open_specimen(folder).eos_ids == {0, 2}


def test_a_path_that_is_not_there_is_the_users_mistake(tmp_path):
    with pytest.raises(CheckpointError, match="no such file"):
        open_specimen(tmp_path / "nowhere")


def test_a_broken_weight_file_is_named(tiny_chat, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(tiny_chat, folder)
    (folder / "model.safetensors").write_bytes(b"\xff" * 32)

    with pytest.raises(CheckpointError, match=r"model\.safetensors: broken safetensors file"):
        open_specimen(folder)


def test_an_adapter_with_a_tokenizer_and_no_template_has_the_template_of_its_base(tiny_loras, tiny_chat, tmp_path):
    folder = tmp_path / "adapter"
    shutil.copytree(tiny_loras[0], folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_chat / name, folder)

    specimen = open_specimen(folder)

    assert specimen.tokenizer is not specimen.base.tokenizer
    assert specimen.template() == specimen.base.template()
    assert specimen.source.origin == f"{tiny_chat}/chat_template.jinja"

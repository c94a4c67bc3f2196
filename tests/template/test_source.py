"""Every place of a folder that may hold a template is found; the one that transformers takes comes first."""

import json

import pytest

from chateval.errors import CheckpointError, TemplateError
from chateval.template.source import find_sources, read_json


def test_a_jinja_file_comes_before_the_config(tmp_path):
    (tmp_path / "chat_template.jinja").write_text("jinja")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "config"}))
    (tmp_path / "chat_template.json").write_text(json.dumps({"chat_template": "processor"}))
    (tmp_path / "additional_chat_templates").mkdir()
    (tmp_path / "additional_chat_templates" / "tool_use.jinja").write_text("tools")

    found = [(source.origin, source.name, source.text, source.is_read) for source in find_sources(tmp_path)]

    assert found == [
        ("chat_template.jinja", "default", "jinja", True),
        ("additional_chat_templates/tool_use.jinja", "tool_use", "tools", True),
        ("tokenizer_config.json: chat_template", "default", "config", True),
        ("chat_template.json: chat_template", "default", "processor", False),
    ]


def test_named_templates_of_a_config_keep_their_names(tmp_path):
    named = [{"name": "default", "template": "a"}, {"name": "rag", "template": "b"}, "no entry", {"name": 3}]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": named}))

    assert [(source.name, source.text) for source in find_sources(tmp_path)] == [("default", "a"), ("rag", "b")]


def test_a_folder_without_a_template_has_no_source(tmp_path):
    assert find_sources(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("chat_template.jinja", b"x" * 300_000, TemplateError, "at most 262,144"),
        ("chat_template.jinja", b"\xff\xfe", TemplateError, "not readable as UTF-8"),
        ("tokenizer_config.json", b"{", CheckpointError, "not JSON"),
        ("tokenizer_config.json", b"[" * 100_000, CheckpointError, "not JSON"),
        ("tokenizer_config.json", b"[1]", CheckpointError, "a JSON object is expected, not list"),
        ("tokenizer_config.json", json.dumps({"chat_template": "x" * 300_000}).encode(), TemplateError, "at most"),
        ("model.gguf", b"GGUF" + b"\xff" * 64, CheckpointError, "not a readable GGUF file"),
    ],
)
def test_what_cannot_be_read_names_the_file(tmp_path, name, content, error, said):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(error, match=said):
        find_sources(tmp_path / name if name.endswith("gguf") else tmp_path)


def test_a_file_that_is_absent_is_an_empty_object(tmp_path):
    assert read_json(tmp_path / "config.json") == {}

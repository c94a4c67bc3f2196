"""Fuzzed tokenizer files: whatever stands in them, a tokenizer opens and works, or one line says that it does not."""

import json
import shutil

import pytest
from fuzz import bounded, mutated, one_line_or_fine, spoilt
from hypothesis import given
from hypothesis import strategies as st

from chateval.prompt import PromptOptions, build_prompts
from chateval.records import Decoding, Sample, Task
from chateval.template import find_facts, open_tokenizer

TEXT = "hello \u00e9 <|im_end|> \u4f60\u597d"
FILES = ("tokenizer.json", "tokenizer_config.json")


class Folder:
    """A tokenizer with its template, whose files are spoilt one at a time."""

    def __init__(self, source, place):
        self._place = place
        place.mkdir()
        for name in (*FILES, "config.json", "chat_template.jinja"):
            shutil.copy(source / name, place)
        self.whole = {name: (place / name).read_bytes() for name in FILES}

    def use_with(self, name, data):
        """Use the tokenizer with other bytes in one of its files."""
        (self._place / name).write_bytes(data)
        try:
            return use(self._place)
        finally:
            (self._place / name).write_bytes(self.whole[name])


@pytest.fixture(scope="module")
def folder(tiny_chat, tmp_path_factory):
    return Folder(tiny_chat, tmp_path_factory.mktemp("fuzz") / "tokenizer")


def test_a_tokenizer_that_is_whole_works(folder):
    assert use(folder._place).ids


def use(folder):
    """Open a tokenizer, build a prompt with it, and read that back."""

    def go():
        tokenizer = open_tokenizer(folder)
        sample = Sample("0" * 16, {}, messages=({"role": "user", "content": TEXT},), target="x")
        task = Task("t", 1, "", "", "", "generate", Decoding(), (), (sample,), "", "", "d")
        [prompt] = build_prompts(task, [sample], tokenizer, PromptOptions())
        find_facts(tokenizer, source="tokenizer", eos_ids=[2])
        tokenizer.decode(list(prompt.ids))
        return prompt

    return one_line_or_fine(go)


def small(document):
    """Return a document with its long lists and objects cut to their first entries, as places to spoil."""
    if isinstance(document, dict):
        return {key: small(value) for key, value in list(document.items())[:24]}
    return [small(value) for value in document[:6]] if isinstance(document, list) else document


@pytest.mark.parametrize("name", FILES)
@bounded(30)
@given(data=st.data())
def test_a_tokenizer_with_mutated_bytes(folder, name, data):
    folder.use_with(name, data.draw(mutated(folder.whole[name])))


@pytest.mark.parametrize("name", FILES)
@bounded(40)
@given(data=st.data())
def test_a_tokenizer_with_junk_in_it(folder, name, data):
    document = data.draw(spoilt(small(json.loads(folder.whole[name]))))
    folder.use_with(name, json.dumps(document).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("part", ["added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"])
@bounded(12)
@given(data=st.data())
def test_a_tokenizer_with_one_part_spoilt(folder, part, data):
    document = json.loads(folder.whole["tokenizer.json"])
    own = {
        "normalizer": {"type": "Replace", "pattern": {"Regex": "^(a+)+$"}, "content": "b"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<|endoftext|>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<|endoftext|>": {"id": "<|endoftext|>", "ids": [0], "tokens": ["<|endoftext|>"]}},
        },
    }.get(part, document[part])
    document[part] = data.draw(
        spoilt({**own, "vocab": dict(list(own["vocab"].items())[:9])} if part == "model" else own)
    )
    folder.use_with("tokenizer.json", json.dumps(document).encode())

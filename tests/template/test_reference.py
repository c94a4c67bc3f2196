import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from chateval.errors import TemplateError
from chateval.template.grammar import find_dialect, load_families
from chateval.template.probes import probe
from chateval.template.reference import Encoder, additions, compare_ids, open_encoder
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import open_tokenizer

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEKKEN = (
    "<s>{% for m in messages %}{% if m.role == 'user' %}[INST]{{ m.content }}[/INST]{% elif m.role == 'assistant' %}"
    "{{ m.content }}</s>{% else %}{{ raise_exception('no system') }}{% endif %}{% endfor %}"
)
LLAMA3 = (
    "<|begin_of_text|>{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content }}"
    "<|eot_id|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


def specimen(jinja: str = CHATML, **given) -> Specimen:
    return Specimen("x", (TemplateSource("x.jinja", "default", jinja),), **given)


def data_of(package: str, path: str) -> Path:
    """Return a file of an installed package; skip where the package is not there."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        pytest.skip(f"{package} is not installed")
    return Path(found.origin).parent / path


class PlainTokenizer:
    """Gives control strings their ids, and every other stretch of text those of `encode`."""

    bos_token_id: int | None = None
    eos_token_id = None

    def __init__(self, controls, encode, bos):
        self._controls, self._encode, self.bos_token_id = controls, encode, controls[bos]
        self._pattern = re.compile("(" + "|".join(map(re.escape, controls)) + ")")

    def __call__(self, texts, **_):
        return {"input_ids": [self._ids(text) for text in texts]}

    def _ids(self, text):
        pieces = [piece for piece in self._pattern.split(text) if piece]
        return [
            number
            for piece in pieces
            for number in ([self._controls[piece]] if piece in self._controls else self._encode(piece))
        ]


def test_mistral_s_encoder_agrees_on_all_probes_that_it_takes(tmp_path):
    shutil.copy(data_of("mistral_common", "data/tekken_240718.json"), tmp_path / "tekken.json")
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    vocabulary = MistralTokenizer.from_file(str(tmp_path / "tekken.json")).instruct_tokenizer.tokenizer
    names = ("<s>", "</s>", "[INST]", "[/INST]")
    controls = {name: vocabulary.get_special_token(name) for name in names}
    tokenizer = PlainTokenizer(controls, lambda text: vocabulary.encode(text, bos=False, eos=False), "<s>")
    found = specimen(TEKKEN, tokenizer=tokenizer, folder=tmp_path, settings=Settings("mistral-v3-tekken"))

    encoder = open_encoder(found)
    compared = [one for one in compare_ids(found, encoder) if one.probe.stratum in ("plain", "multi_turn")]

    assert encoder.name.startswith("mistral-common 1.")
    assert len(compared) == 13
    assert [one.probe.name for one in compared if one.found != one.expected] == []


def test_meta_s_encoder_agrees_on_plain_chats(tmp_path):
    (tmp_path / "original").mkdir()
    vocabulary_path = tmp_path / "original" / "tokenizer.model"
    shutil.copy(data_of("llama_models", "llama3/tokenizer.model"), vocabulary_path)
    from llama_models.llama3.tokenizer import Tokenizer

    vocabulary = Tokenizer(vocabulary_path)
    tokenizer = PlainTokenizer(
        dict(vocabulary.special_tokens), lambda text: vocabulary.encode(text, bos=False, eos=False), "<|begin_of_text|>"
    )
    found = specimen(LLAMA3, tokenizer=tokenizer, folder=tmp_path, settings=Settings("llama3"))

    encoder = open_encoder(found)
    compared = [one for one in compare_ids(found, encoder) if one.probe.stratum not in ("special", "thinking")]

    assert encoder.name.startswith("llama-models ")
    assert len(compared) == 25
    # Meta encodes the blank line of the header apart from a content that begins with a newline.
    assert [one.probe.name for one in compared if one.found != one.expected] == ["edge_newlines"]


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("chatml", "no reference encoder"),
        ("mistral-v3-tekken", "mistral-common"),
        ("llama3", "llama-models"),
        ("harmony", "none can be read from a checkpoint folder"),
    ],
)
def test_what_is_missing_is_said(family, said, tmp_path):
    with pytest.raises(TemplateError, match=said):
        open_encoder(specimen(folder=tmp_path, settings=Settings(family)))


def test_a_bare_template_has_no_vocabulary():
    with pytest.raises(TemplateError, match="no folder"):
        open_encoder(specimen(settings=Settings("llama3")))


def test_a_bos_at_the_start_of_either_side_is_left_out(tiny_chat):
    tokenizer = open_tokenizer(tiny_chat)

    def encode(one):
        text = "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in one.messages)
        text += "<|im_start|>assistant\n" if one.add_generation_prompt else ""
        return (tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"])

    compared = compare_ids(specimen(tokenizer=tokenizer), Encoder("stand-in", encode))

    assert compared
    assert {one.found == one.expected for one in compared if not one.probe.tools} == {True}


def test_a_probe_that_the_encoder_refuses_is_left_out(tiny_chat):
    def refuse(_):
        raise TemplateError("no")

    assert compare_ids(specimen(tokenizer=open_tokenizer(tiny_chat)), Encoder("stand-in", refuse)) == []


@pytest.mark.parametrize(
    ("condition", "failed"),
    [("messages | length == 5", ["three_turns"]), ("messages[0].role == 'system'", [])],
    ids=["one length of chats", "every system message"],
)
def test_a_probe_that_only_the_template_fails_on_has_no_text_unless_it_refuses_all_such(condition, failed, tiny_chat):
    strict = specimen(
        "{% if " + condition + " %}{{ raise_exception('no') }}{% endif %}" + CHATML,
        tokenizer=open_tokenizer(tiny_chat),
        settings=Settings(family="chatml"),
    )

    compared = compare_ids(strict, Encoder("stand-in 1.0", lambda _: (1, 2)))

    without = [one for one in compared if one.text is None]
    assert [one.probe.name for one in without] == failed
    assert all(one.found == () and one.expected == (1, 2) for one in without)


def test_known_additions_are_a_default_system_text_and_an_empty_reasoning_block():
    families = load_families()
    qwen2, qwen3 = find_dialect("qwen2", families), find_dialect("qwen3", families)
    chat = probe("answered").messages

    systems = [one[0]["content"] for one in additions(chat, qwen2) if one[0]["role"] == "system"]
    answers = [one[-1]["content"] for one in additions(chat, qwen3)]

    assert systems == list(qwen2.default_system)
    assert "Paris." in answers
    assert "<think>\n\n</think>\n\nParis." in answers

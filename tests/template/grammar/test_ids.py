import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from chateval.template.grammar import find_dialect, load_families, parse_ids
from chateval.template.tokenizer import open_tokenizer

FAMILIES = load_families()
CHATML = find_dialect("chatml", FAMILIES)


@pytest.fixture
def tokenizer(tiny_chat):
    return open_tokenizer(tiny_chat)


def encode(tokenizer, text, *, split=False):
    """Ids of a text; `split` spells special tokens with ordinary ones, as a sanitised content does."""
    return tokenizer(text, add_special_tokens=False, split_special_tokens=split)["input_ids"]


def metaspace_tokenizer(special, words):
    vocabulary = {token: number for number, token in enumerate(["<unk>", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([AddedToken(one, special=True, normalized=False) for one in special])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def test_a_control_literal_of_ordinary_tokens_is_content(tokenizer):
    ids = [
        *encode(tokenizer, "<|im_start|>user\n"),
        *encode(tokenizer, "say <|im_end|> twice", split=True),
        *encode(tokenizer, "<|im_end|>\n<|im_start|>assistant\n"),
    ]
    reading = parse_ids(ids, tokenizer, CHATML)

    assert reading.messages == ({"role": "user", "content": "say <|im_end|> twice"},)
    assert reading.findings == ()
    assert reading.awaits_answer


def test_the_same_literal_as_a_special_id_closes_the_turn(tokenizer):
    ids = encode(tokenizer, "<|im_start|>user\nsay <|im_end|> twice<|im_end|>\n<|im_start|>assistant\n")
    reading = parse_ids(ids, tokenizer, CHATML)

    assert reading.messages[0]["content"] == "say "
    assert {"GR010"} <= {one.code for one in reading.findings if one.severity == "error"}


def test_markers_spelt_by_ordinary_tokens_are_no_markers(tokenizer):
    ids = encode(tokenizer, "<|im_start|>user\nhi<|im_end|>\n", split=True)

    assert parse_ids(ids, tokenizer, CHATML).score == 0.0


def test_letters_of_several_tokens_are_decoded_together(tokenizer):
    ids = encode(tokenizer, "<|im_start|>user\né日😀<|im_end|>\n")

    assert parse_ids(ids, tokenizer, CHATML).messages[0]["content"] == "é日😀"


def test_a_bos_that_the_dialect_needs_is_missed_in_ids():
    tokenizer = metaspace_tokenizer(["<s>", "</s>", "[INST]", "[/INST]"], ["▁hi", "▁yo"])
    dialect = find_dialect("mistral-v3", FAMILIES)
    ids = encode(tokenizer, "[INST] hi[/INST] yo</s>")
    errors = [one.code for one in parse_ids(ids, tokenizer, dialect).findings if one.severity == "error"]

    assert errors == ["GR001"]


def test_the_blank_that_sentencepiece_keeps_in_its_pieces_is_seen():
    tokenizer = metaspace_tokenizer(["<s>", "</s>", "[INST]", "[/INST]"], ["▁hi", "▁yo"])
    dialect = find_dialect("mistral-v3", FAMILIES)
    reading = parse_ids(encode(tokenizer, "<s>[INST] hi[/INST] yo</s>"), tokenizer, dialect)

    assert reading.findings == ()
    assert [one["content"] for one in reading.messages] == ["hi", "yo"]


def test_no_ids_are_an_empty_text(tokenizer):
    assert parse_ids([], tokenizer, CHATML).turns == ()

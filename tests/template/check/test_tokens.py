import json
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import rows

from chateval.template.check import NotEvaluated
from chateval.template.check.tokens import CHECKS
from chateval.template.source import TemplateSource, read_configs
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import open_tokenizer

RUN = {check.code: check.run for check in CHECKS}
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n"
    "{{ message.content }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
LLAMA3_TOKENS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
ZEPHYR = (
    "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def make_tokenizer(special, *, adds_bos=False, **names):
    """Return a tokenizer of bytes and the special tokens, which come first."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate([*special, *letters])}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(special))
    if adds_bos:
        bos = names["bos_token"]
        tokenizer.post_processor = TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def specimen(jinja, tokenizer, *, configs=None, base=None, n_embeddings=None, **settings):
    return Specimen(
        "x",
        (TemplateSource("chat_template.jinja", "default", jinja),),
        tokens=tokenizer.special_tokens_map,
        tokenizer=tokenizer,
        configs=configs or {},
        base=base,
        n_embeddings=n_embeddings,
        settings=Settings(**settings),
    )


def chatml(**options):
    tokenizer = make_tokenizer(["<|endoftext|>", "<|im_start|>", "<|im_end|>"], eos_token="<|im_end|>")
    return specimen(CHATML, tokenizer, family="chatml", **options)


def llama3(*, adds_bos=False, jinja=LLAMA3, eos="<|eot_id|>", **options):
    tokenizer = make_tokenizer(LLAMA3_TOKENS, adds_bos=adds_bos, bos_token="<|begin_of_text|>", eos_token=eos)
    return specimen(jinja, tokenizer, family="llama3", **options)


def zephyr(*, adds_bos, **options):
    tokenizer = make_tokenizer(["<unk>", "<s>", "</s>"], adds_bos=adds_bos, bos_token="<s>", eos_token="</s>")
    return specimen(ZEPHYR, tokenizer, family="zephyr", **options)


def flaws(code, found):
    return list(RUN[code](found))


@pytest.mark.parametrize("make", [chatml, llama3, lambda: zephyr(adds_bos=True)], ids=["chatml", "llama3", "zephyr"])
@pytest.mark.parametrize("code", ["CT101", "CT102", "CT103", "CT105", "CT108"])
def test_a_clean_checkpoint_has_no_flaw(code, make):
    assert flaws(code, make()) == []


def test_a_bos_of_template_and_tokenizer_is_doubled():
    [flaw] = flaws("CT101", llama3(adds_bos=True))

    assert "by the template and, where it tokenises, by the tokenizer" in flaw.message
    assert flaw.found_ids[:3] == (0, 0, 2)
    assert flaw.expected_ids[:2] == (0, 2)


def test_a_bos_that_the_template_writes_twice_is_doubled():
    [flaw] = flaws("CT101", llama3(jinja="{{ bos_token }}" + LLAMA3))

    assert "twice by the template" in flaw.message
    assert flaw.expected_ids[:2] == (0, 2)


@pytest.mark.parametrize("code", ["CT101", "CT102", "CT103", "CT105", "CT111"])
def test_a_template_that_writes_lone_surrogates_is_not_judged(code):
    with pytest.raises(NotEvaluated):
        flaws(code, llama3(jinja='{{ bos_token }}{{ "\\ud800" }}'))


def test_a_bos_that_the_tokenizer_alone_adds_is_not_doubled():
    assert flaws("CT101", llama3(jinja=LLAMA3.replace("{{ bos_token }}", ""), adds_bos=True)) == []


def test_a_bos_that_nobody_writes_is_missing():
    [flaw] = flaws("CT102", llama3(jinja=LLAMA3.replace("{{ bos_token }}", "")))

    assert flaw.expected == "<|begin_of_text|>"
    assert flaw.expected_ids[:2] == (0, 2)


def test_a_bos_that_the_tokenizer_should_add_is_missing():
    assert len(flaws("CT102", zephyr(adds_bos=False))) == 1


def test_a_vocabulary_without_the_bos_of_the_family_is_not_judged():
    tokenizer = make_tokenizer(["<|im_end|>"], eos_token="<|im_end|>")

    with pytest.raises(NotEvaluated):
        flaws("CT102", specimen(ZEPHYR, tokenizer, family="zephyr"))


def test_markers_that_the_vocabulary_lacks_are_several_tokens():
    tokenizer = make_tokenizer(["<|endoftext|>"], eos_token="<|endoftext|>")

    found = flaws("CT103", specimen(CHATML, tokenizer, family="chatml"))

    assert {flaw.text[flaw.offset : flaw.offset + flaw.length] for flaw in found} == {"<|im_start|>", "<|im_end|>"}
    assert all(len(flaw.found_ids) > 1 for flaw in found)


def test_markers_that_are_ordinary_text_may_be_several_tokens():
    assert flaws("CT103", zephyr(adds_bos=True)) == []


def test_embeddings_with_a_row_for_every_token_are_enough():
    assert flaws("CT104", chatml(n_embeddings=259)) == []


def test_ids_beyond_the_embeddings_are_named():
    tokenizer = make_tokenizer(["<|endoftext|>"], eos_token="<|endoftext|>")
    n_embeddings = len(tokenizer)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})

    found = flaws("CT104", specimen(CHATML, tokenizer, n_embeddings=n_embeddings))

    assert [flaw.text[flaw.offset : flaw.offset + flaw.length] for flaw in found] == ["<|im_start|>", "<|im_end|>"]


@pytest.mark.parametrize(
    ("config", "n_flaws"),
    [
        ({}, 2),
        ({"target_modules": ["q_proj"], "modules_to_save": None}, 2),
        ({"modules_to_save": ["embed_tokens", "lm_head"]}, 0),
        ({"target_modules": ["q_proj", "embed_tokens"]}, 0),
        ({"trainable_token_indices": [257, 258]}, 0),
        ({"trainable_token_indices": {"embed_tokens": [257]}}, 1),
    ],
)
def test_new_tokens_of_an_adapter_must_be_trained(config, n_flaws):
    base = specimen(CHATML, make_tokenizer(["<|endoftext|>"], eos_token="<|endoftext|>"))
    tokenizer = make_tokenizer(["<|endoftext|>"], eos_token="<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    configs = {"adapter_config.json": {"peft_type": "LORA", **config}}

    found = flaws("CT104", specimen(CHATML, tokenizer, base=base, configs=configs))

    assert len(found) == n_flaws


def test_without_weights_and_base_embeddings_are_not_judged():
    with pytest.raises(NotEvaluated):
        flaws("CT104", chatml())


def test_an_answer_must_end_with_an_end_token():
    [flaw] = flaws("CT105", llama3(eos="<|end_of_text|>"))

    assert (flaw.expected_ids, flaw.found_ids) == ((4,), (1,))
    assert "no generation_config.json" in flaw.message
    assert flaw.text[flaw.offset : flaw.offset + flaw.length] == "<|eot_id|>"


@pytest.mark.parametrize("eos", [4, [1, 4]])
def test_the_end_token_may_stand_in_generation_config(eos):
    configs = {"generation_config.json": {"eos_token_id": eos}}

    assert flaws("CT105", llama3(eos="<|end_of_text|>", configs=configs)) == []


@pytest.mark.parametrize("jinja", ["{{ raise_exception('no') }}", "{{ messages[0].content }}", "{{ 'Paris.' }}"])
def test_an_answer_that_cannot_be_found_has_no_end_to_judge(jinja):
    with pytest.raises(NotEvaluated):
        flaws("CT105", llama3(jinja=jinja))


@pytest.mark.parametrize(
    ("declared", "n_flaws"),
    [([1, 4], 0), (4, 0), ([4, 9999], 1), ([1], 1), ([1, 9999], 1), ([4, -1], 1), ([4, 2**70], 1)],
)
def test_declared_ends_are_those_of_answers_or_of_the_family(declared, n_flaws):
    found = flaws("CT106", llama3(configs={"generation_config.json": {"eos_token_id": declared}}))

    assert len(found) == n_flaws


def test_an_end_that_nobody_declares_is_not_told_twice():
    configs = {"generation_config.json": {"eos_token_id": [1]}}

    assert flaws("CT106", llama3(eos="<|end_of_text|>", configs=configs)) == []


def test_without_generation_config_no_end_is_declared():
    with pytest.raises(NotEvaluated):
        flaws("CT106", llama3())


@pytest.mark.parametrize(("masking", "severity"), [(False, None), (True, "error")])
def test_pad_that_is_eos_is_an_error_only_where_padding_is_masked(masking, severity, tiny_chat):
    found = specimen(CHATML, open_tokenizer(tiny_chat), masking_collator=masking)

    [flaw] = flaws("CT107", found)

    assert flaw.severity == severity
    assert flaw.found == "<|im_end|>"


def test_a_pad_of_its_own_is_no_flaw():
    tokenizer = make_tokenizer(["<pad>", "<|im_start|>", "<|im_end|>"], eos_token="<|im_end|>", pad_token="<pad>")

    assert flaws("CT107", specimen(CHATML, tokenizer)) == []


def test_without_pad_nothing_is_said():
    with pytest.raises(NotEvaluated):
        flaws("CT107", chatml())


def test_bos_that_opens_turns_is_noted():
    tokenizer = make_tokenizer(["<|im_start|>", "<|im_end|>"], bos_token="<|im_start|>", eos_token="<|im_end|>")

    [flaw] = flaws("CT108", specimen(CHATML, tokenizer))

    assert flaw.text[flaw.offset :] == "<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("base", "ours", "n_flaws"),
    [
        (["<a>", "<b>"], ["<a>", "<b>"], 0),
        (["<a>", "<b>"], ["<b>", "<a>"], 1),
        (["<a>", "<b>"], ["<a>", "<c>"], 1),
        (["<a>", "<|reserved_special_token_0|>"], ["<a>", "<|im_start|>"], 0),
    ],
)
def test_ids_stand_for_the_tokens_of_the_base(base, ours, n_flaws):
    under = specimen(CHATML, make_tokenizer(base))

    assert len(flaws("CT109", specimen(CHATML, make_tokenizer(ours), base=under))) == n_flaws


def test_tokens_that_are_added_at_the_end_move_none():
    tokenizer = make_tokenizer(["<a>"])
    tokenizer.add_tokens(["<new>"])

    assert flaws("CT109", specimen(CHATML, tokenizer, base=specimen(CHATML, make_tokenizer(["<a>"])))) == []


@pytest.mark.parametrize(("config", "n_notes"), [({"padding_side": "right"}, 1), ({"padding_side": "left"}, 0)])
def test_padding_on_the_right_is_noted_where_it_is_asked_for(config, n_notes):
    assert len(flaws("CT110", chatml(configs={"tokenizer_config.json": config}))) == n_notes


def test_without_a_config_padding_is_not_judged():
    with pytest.raises(NotEvaluated):
        flaws("CT110", chatml())


@pytest.mark.parametrize(("side", "lost"), [("right", "the generation prompt"), ("left", "its head")])
def test_a_cut_prompt_loses_an_end(side, lost):
    found = llama3()
    found.tokenizer.truncation_side = side

    [flaw] = flaws("CT111", found)

    assert lost in flaw.message
    assert f"on the {side}" in flaw.message


def test_notes_and_findings_are_what_the_families_make_of_them():
    notes = {check.code for check in CHECKS if check.is_note}

    assert notes == {"CT108", "CT110", "CT111"}


def test_a_saved_folder_is_read_as_it_stands(tiny_chat: Path):
    tokenizer = open_tokenizer(tiny_chat)
    found = replace(specimen(CHATML, tokenizer), configs=read_configs(tiny_chat), n_embeddings=len(tokenizer))

    assert json.loads((tiny_chat / "generation_config.json").read_text())["eos_token_id"] == 2
    for code in ("CT101", "CT104", "CT105", "CT106", "CT108"):
        assert flaws(code, found) == []


@pytest.mark.oracle
def test_published_mutants_are_no_matter_of_tokens():
    for row in rows("mutants"):
        special = {"bos_token": row["bos_token"] or "<bos>", "eos_token": row["eos_token"]}
        tokenizer = make_tokenizer([*special.values(), "<|im_start|>", *LLAMA3_TOKENS[2:4]], **special)
        if row["defect"] == []:
            for code in ("CT101", "CT105"):
                assert flaws(code, specimen(row["template"], tokenizer)) == [], row["id"]

import pytest

from chateval.errors import CheckpointError, TemplateError
from chateval.template import (
    find_facts,
    named_templates,
    open_tokenizer,
    read_template,
    render,
    render_completion,
    tokenize,
)

CHAT = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]


@pytest.fixture
def tokenizer(tiny_chat):
    return open_tokenizer(tiny_chat)


def test_chatml_is_described_as_it_is(tokenizer):
    facts = find_facts(tokenizer, source="tokenizer", eos_ids=[0])

    assert facts.generation_prompt == "<|im_start|>assistant\n"
    assert facts.end_of_turn_id == tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert facts.stop_ids == (0, 2)
    assert facts.bos_id is None
    assert facts.special_tokens == {"<|endoftext|>": 0, "<|im_start|>": 1, "<|im_end|>": 2}


def test_only_tokens_flagged_special_are_special(tokenizer):
    tokenizer.add_tokens(["<word>"])

    facts = find_facts(tokenizer, source="tokenizer", eos_ids=[0])

    assert tokenizer.convert_tokens_to_ids("<word>") not in (None, *facts.special_tokens.values())
    assert sorted(facts.special_tokens) == ["<|endoftext|>", "<|im_end|>", "<|im_start|>"]


def test_an_added_token_that_is_not_special_can_end_a_turn(tokenizer):
    tokenizer.add_tokens(["<end>"])
    tokenizer.chat_template = tokenizer.chat_template.replace("<|im_end|>", "<end>")

    facts = find_facts(tokenizer, source="tokenizer", eos_ids=[0])

    assert facts.end_of_turn_id == tokenizer.convert_tokens_to_ids("<end>")
    assert facts.end_of_turn_id in facts.stop_ids
    assert "<end>" not in facts.special_tokens


def test_the_end_of_turn_that_the_template_writes_joins_the_stop_set(tokenizer):
    tokenizer.eos_token = "<|endoftext|>"

    facts = find_facts(tokenizer, source="tokenizer", eos_ids=[])

    assert facts.stop_ids == (0, 2)


def test_a_bos_that_the_template_writes_must_stand_first(tokenizer):
    tokenizer.chat_template = "{{ bos_token }}" + tokenizer.chat_template

    assert find_facts(tokenizer, source="tokenizer", eos_ids=[]).bos_id == 0


def test_a_template_without_a_generation_prompt_has_none(tokenizer):
    tokenizer.chat_template = "{% for m in messages %}[INST] {{ m['content'] }} [/INST]{% endfor %}"

    facts = find_facts(tokenizer, source="tokenizer", eos_ids=[0])

    assert facts.generation_prompt == ""
    assert facts.end_of_turn_id is None


def test_completion_asks_the_template_nothing(tokenizer):
    tokenizer.chat_template = "{{ raise_exception('never') }}"

    facts = find_facts(tokenizer, source="tokenizer", eos_ids=[], completion=True)

    assert (facts.source, facts.text, facts.end_of_turn_id, facts.stop_ids) == ("completion", "", None, (2,))


def test_a_checkpoint_without_any_end_token_is_refused(tokenizer):
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    tokenizer.eos_token = None

    with pytest.raises(TemplateError, match="no end token"):
        find_facts(tokenizer, source="tokenizer", eos_ids=[])


@pytest.mark.parametrize(
    ("template", "match"),
    [
        ("{{ raise_exception('no system') }}", "no system"),
        ("{% for m in messages %}", r"cannot be rendered \(line 1 of it\)"),
        ("{{ ''.__class__.__mro__ }}", "cannot be rendered: access to attribute"),
        ("{{ messages[7]['content'] + 1 }}", "cannot be rendered: "),
    ],
)
def test_a_template_that_fails_is_a_template_error(tokenizer, template, match):
    tokenizer.chat_template = template

    with pytest.raises(TemplateError, match=match):
        render(tokenizer, CHAT)


@pytest.mark.parametrize("name", named_templates())
def test_a_named_template_keeps_every_message_and_opens_the_answer(tokenizer, name):
    tokenizer.chat_template = read_template(name)
    chat = [*CHAT, {"role": "assistant", "content": "A"}, {"role": "user", "content": "V"}]

    text = render(tokenizer, chat)
    closed = render(tokenizer, chat, add_generation_prompt=False)

    places = [
        text.index(f"{m['content']}", text.find("Instruction") if name == "alpaca" and i else 0)
        for i, m in enumerate(chat)
    ]
    assert len(places) == 4
    assert text.startswith(closed)
    assert len(text) > len(closed)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chatml", "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n"),
        (
            "llama3",
            "<|endoftext|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        ("zephyr", "<|system|>\nS<|im_end|>\n<|user|>\nU<|im_end|>\n<|assistant|>\n"),
        ("vicuna", "S USER: U ASSISTANT:"),
        ("alpaca", "S\n\n### Instruction:\nU\n\n### Response:\n"),
    ],
)
def test_a_named_template_writes_its_layout(tokenizer, name, expected):
    tokenizer.chat_template = read_template(name)

    assert render(tokenizer, CHAT) == expected


def test_an_unknown_template_lists_the_named_ones():
    with pytest.raises(TemplateError, match="neither a file nor one of alpaca, chatml, llama3, vicuna, zephyr"):
        read_template("chat-ml")


def test_completion_is_the_contents_with_blank_lines():
    assert render_completion(CHAT) == "S\n\nU\n\n"


def test_tokenising_adds_nothing_to_rendered_text(tokenizer):
    [ids] = tokenize(tokenizer, ["<|im_start|>user\nU<|im_end|>\n"])

    assert ids[0] == 1
    assert ids.count(2) == 1


def test_a_folder_without_a_tokenizer_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="its tokenizer cannot be loaded"):
        open_tokenizer(tmp_path)


def test_an_added_token_of_white_space_ends_no_turn(tokenizer):
    from tokenizers import AddedToken

    tokenizer.add_tokens([AddedToken("\n\n", special=False)])
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}\n\n{% endfor %}"

    assert find_facts(tokenizer, source="tokenizer", eos_ids=[2]).end_of_turn_id is None


def test_a_tokenizer_that_adds_an_end_token_does_not_end_a_completion(tokenizer):
    from tokenizers.processors import TemplateProcessing

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|endoftext|> $A <|im_end|>", special_tokens=[("<|endoftext|>", 0), ("<|im_end|>", 2)]
    )

    [ids] = tokenize(tokenizer, ["one two"], add_special_tokens=True)

    assert ids[0] == 0
    assert ids[-1] != 2

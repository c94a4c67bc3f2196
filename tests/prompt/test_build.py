from dataclasses import replace

import pytest

from chateval.errors import TemplateError
from chateval.prompt import PromptOptions, build_prompts
from chateval.records import Decoding, Sample, Task
from chateval.template import open_tokenizer

SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "What is the capital of France?"}
NO_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
DROPS_SYSTEM = NO_SYSTEM.replace("{{ raise_exception('System role not supported') }}{% endif %}", "{% else %}").replace(
    "{% endfor %}", "{% endif %}{% endfor %}"
)


@pytest.fixture
def tokenizer(tiny_chat):
    return open_tokenizer(tiny_chat)


def task(**changes) -> Task:
    base = Task("t", 1, "", "", "", "generate", Decoding(max_new_tokens=10), (), (), "", "", "")
    return replace(base, **changes)


def sample(*messages, **changes) -> Sample:
    return replace(Sample("0" * 16, {}, tuple(messages)), **changes)


def test_a_prompt_is_the_rendered_text_tokenised_once(tokenizer):
    [prompt] = build_prompts(task(), [sample(SYSTEM, USER)], tokenizer, PromptOptions())

    assert prompt.text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhat is the capital of France?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert list(prompt.ids) == tokenizer.apply_chat_template([SYSTEM, USER], add_generation_prompt=True)["input_ids"]


def test_a_tokenizer_that_adds_bos_does_not_double_the_one_of_the_template(tokenizer):
    from tokenizers.processors import TemplateProcessing

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
    )
    tokenizer.chat_template = "{{ bos_token }}" + tokenizer.chat_template

    [prompt] = build_prompts(task(), [sample(USER)], tokenizer, PromptOptions())

    assert prompt.ids[:2] == (0, 1)


@pytest.mark.parametrize(("template", "word"), [(NO_SYSTEM, "refuses"), (DROPS_SYSTEM, "drops")])
def test_a_system_message_that_cannot_be_carried_is_an_error_with_the_ways_out(tokenizer, template, word):
    tokenizer.chat_template = template

    with pytest.raises(TemplateError, match=f"{word} a system message; say --system fold_into_user .* --system drop"):
        build_prompts(task(), [sample(SYSTEM, USER)], tokenizer, PromptOptions())


@pytest.mark.parametrize(
    ("policy", "contents"),
    [("fold_into_user", ["Be brief.\n\nWhat is the capital of France?"]), ("drop", ["What is the capital of France?"])],
)
def test_a_named_policy_says_where_the_system_message_goes(tokenizer, policy, contents):
    tokenizer.chat_template = NO_SYSTEM

    [prompt] = build_prompts(task(), [sample(SYSTEM, USER)], tokenizer, PromptOptions(system=policy))

    assert [message["content"] for message in prompt.messages] == contents


def test_a_template_that_carries_system_messages_is_left_alone(tokenizer):
    [prompt] = build_prompts(task(), [sample(SYSTEM, USER)], tokenizer, PromptOptions(system="drop"))

    assert [message["role"] for message in prompt.messages] == ["system", "user"]


def test_a_prompt_over_the_limit_is_an_error_of_its_sample(tokenizer):
    [long, short] = build_prompts(
        task(), [sample({**USER, "content": "one two " * 50}), sample(USER)], tokenizer, PromptOptions(limit=80)
    )

    assert "exceed the checkpoint's limit of 80" in long.error
    assert short.error is None


def test_dropping_the_oldest_turns_keeps_the_system_message_and_the_last_question(tokenizer):
    turns = [
        message
        for number in range(6)
        for message in (
            {"role": "user", "content": f"question {number}"},
            {"role": "assistant", "content": f"answer {number}"},
        )
    ]
    chat = sample(SYSTEM, *turns, USER)
    options = PromptOptions(limit=120, overflow="drop_oldest_turns")

    [prompt] = build_prompts(task(), [chat], tokenizer, options)

    assert prompt.error is None
    assert len(prompt.ids) + 10 <= 120
    assert prompt.messages[0] == SYSTEM
    assert prompt.messages[1]["role"] == "user"
    assert prompt.messages[-1] == USER
    assert prompt.n_cut == len(chat.messages) - len(prompt.messages) > 0


def test_choices_are_tokenised_as_they_follow_the_prompt(tokenizer):
    chat = sample(USER, choices=("Paris", "Rome"), target="Paris")

    [prompt] = build_prompts(task(output="choose"), [chat], tokenizer, PromptOptions())

    for choice, ids in zip(chat.choices, prompt.choice_ids, strict=True):
        whole = tokenizer(prompt.text + choice, add_special_tokens=False)["input_ids"]
        assert list(prompt.ids + ids) == whole


def test_a_choice_that_melts_into_the_prompt_is_tokenised_by_itself(tokenizer):
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    chat = sample({"role": "user", "content": "qu"}, choices=("ick", "ack"), target="ick")

    [prompt] = build_prompts(task(output="choose"), [chat], tokenizer, PromptOptions())

    assert list(prompt.ids) == tokenizer("qu")["input_ids"]
    assert list(prompt.choice_ids[0]) == tokenizer("ick")["input_ids"]


def test_completion_shows_text_without_roles(tokenizer):
    [prompt] = build_prompts(task(), [sample(SYSTEM, USER)], tokenizer, PromptOptions(completion=True))

    assert prompt.text == "Be brief.\n\nWhat is the capital of France?\n\n"


def test_repeats_are_prompts_of_their_own(tokenizer):
    decoding = Decoding(temperature=1.0, repeats=3)

    prompts = build_prompts(task(decoding=decoding), [sample(USER)], tokenizer, PromptOptions())

    assert [prompt.repeat for prompt in prompts] == [0, 1, 2]


def test_a_choice_needs_room_for_itself_and_not_for_an_answer(tokenizer):
    chat = sample(USER, choices=("Paris", "Rome"), target="Paris")
    long = sample(USER, choices=("one " * 200, "Rome"), target="Rome")
    decoding = Decoding(max_new_tokens=400)

    [fits, does_not] = build_prompts(
        task(output="choose", decoding=decoding), [chat, long], tokenizer, PromptOptions(limit=100)
    )

    assert fits.error is None
    assert "exceed the checkpoint's limit of 100" in does_not.error


def test_a_folded_system_message_outlives_the_turn_it_would_have_stood_in(tokenizer):
    tokenizer.chat_template = NO_SYSTEM
    turns = [{"role": role, "content": "one two three " * 20} for role in ("user", "assistant")]
    options = PromptOptions(limit=120, system="fold_into_user", overflow="drop_oldest_turns")

    [prompt] = build_prompts(task(), [sample(SYSTEM, *turns, USER)], tokenizer, options)

    assert prompt.error is None
    assert prompt.n_cut == 2
    assert prompt.messages[0]["content"] == "Be brief.\n\nWhat is the capital of France?"


def test_the_middle_of_the_longest_message_is_cut_by_as_little_as_fits(tokenizer):
    text = " ".join(f"word{number}" for number in range(200))
    chat = sample(SYSTEM, {"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}, USER)
    options = PromptOptions(limit=150, overflow="truncate_middle")

    [prompt] = build_prompts(task(), [chat], tokenizer, options)

    shown = prompt.messages[1]["content"]
    head, tail = shown.split("\n[...]\n")
    assert text.startswith(head) and text.endswith(tail) and abs(len(head) - len(tail)) <= 1
    assert 150 - 10 - 3 <= len(prompt.ids) <= 150 - 10
    assert (prompt.messages[0], prompt.messages[-1], prompt.n_cut) == (SYSTEM, USER, 1)
    n_kept = len(head) + len(tail)
    assert prompt.cut == (f"{len(text) - n_kept:,} of {len(text):,} characters from the middle of messages[1]")


def test_what_no_cut_can_make_fit_is_an_error(tokenizer):
    chat = sample({"role": "system", "content": "one two " * 100}, USER)

    [prompt] = build_prompts(task(), [chat], tokenizer, PromptOptions(limit=80, overflow="truncate_middle"))

    assert "exceed the checkpoint's limit of 80" in prompt.error
    assert (prompt.n_cut, prompt.cut) == (0, "")


def test_tools_are_handed_to_the_template(tokenizer):
    tokenizer.chat_template = "{% for tool in tools %}[{{ tool.function.name }}]{% endfor %}" + tokenizer.chat_template
    tool = {"type": "function", "function": {"name": "weather"}}

    [prompt] = build_prompts(task(), [sample(USER, tools=(tool,))], tokenizer, PromptOptions())

    assert prompt.text.startswith("[weather]<|im_start|>")


def test_parts_of_text_are_shown_as_one_text_and_an_image_is_an_error_of_its_sample(tokenizer):
    text = {"type": "text", "text": "What is this?"}
    image = {"type": "image", "url": "a.png"}

    [fine, faulty] = build_prompts(
        task(),
        [sample({"role": "user", "content": [text]}), sample({"role": "user", "content": [text, image]})],
        tokenizer,
        PromptOptions(),
    )

    assert "user\nWhat is this?<|im_end|>" in fine.text and fine.error is None
    assert faulty.error == "messages[0].content[1] is of type 'image'; checkpoints are shown text only"


def test_a_choice_that_is_a_whole_answer_has_the_end_of_turn_behind_it(tokenizer):
    asked = sample(USER, choices=("Paris.", "Rome, of course."))
    plain, ended = (
        build_prompts(task(output="choose", choices_end_turn=ends), [asked], tokenizer, PromptOptions(end_of_turn_id=7))
        for ends in (False, True)
    )

    assert ended[0].choice_ids == tuple((*ids, 7) for ids in plain[0].choice_ids)


def test_a_checkpoint_without_an_end_of_turn_cannot_be_asked_for_one(tokenizer):
    asked = sample(USER, choices=("Paris.", "Rome."))

    [prompt] = build_prompts(task(output="choose", choices_end_turn=True), [asked], tokenizer, PromptOptions())

    assert prompt.error == "the checkpoint has no end of turn to put behind a choice"

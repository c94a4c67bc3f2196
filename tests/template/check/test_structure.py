from dataclasses import replace

import pytest
from corpus import rows
from specimens import CHATML, LLAMA3, MISTRAL, SPM_TOKENS, ZEPHYR, bare, look
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from chateval.template.check import NotEvaluated
from chateval.template.check.contents import CHECKS as CONTENT_CHECKS
from chateval.template.check.sentinels import text_of
from chateval.template.check.structure import CHECKS

TURN = "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
PROMPT = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
OPENER = "<|im_start|>assistant\n"
CODES = [check.code for check in CHECKS]


def severities(code, specimen):
    check = next(check for check in CHECKS if check.code == code)
    return [flaw.severity or check.severity for flaw in look(code, specimen)]


def findings(code, specimen):
    """Return what would be reported: nothing for a note, and nothing for what cannot be evaluated."""
    check = next(check for check in CHECKS if check.code == code)
    try:
        flaws = look(code, specimen)
    except NotEvaluated:
        return []
    return [] if check.is_note else flaws


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("template", [CHATML, LLAMA3, ZEPHYR], ids=["chatml", "llama3", "zephyr"])
def test_a_clean_template_has_no_finding(code, template):
    assert findings(code, bare(template)) == []


def test_codes_come_in_order():
    assert sorted(CODES) == CODES
    assert {check.code for check in CONTENT_CHECKS} <= set(CODES)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ 1 / 0 }}" + CHATML, "division by zero"),
        ("{{ raise_exception('not today') }}", "not today"),
        ("{{ messages.append(1) }}" + CHATML, "append"),
        ("{{ 'a' + missing }}" + CHATML, "missing"),
    ],
)
def test_a_standard_chat_that_fails_is_an_error_with_the_reason(template, reason):
    [flaw] = look("CT201", bare(template))

    assert reason in flaw.message


def test_a_refused_system_message_is_no_failure_and_a_broken_one_is():
    refused = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHATML
    broken = "{% if messages[0]['role'] == 'system' %}{{ 1 / 0 }}{% endif %}" + CHATML

    assert look("CT201", bare(refused)) == []
    assert [flaw.probe for flaw in look("CT201", bare(broken))] == ["system"]


LATER = "{% if messages | length > LIMIT %}{{ FAULT }}{% endif %}" + CHATML


@pytest.mark.parametrize("limit", ["3", "4"])
@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ("raise_exception('too long')", "is refused: too long"),
        ("1 / 0", "fails: ZeroDivisionError"),
        ("'a' + missing", "fails: "),
        ("messages.append(1)", "fails: "),
    ],
)
def test_a_chat_that_fails_only_once_it_is_longer_is_an_error(limit, fault, word):
    [flaw] = look("CT201", bare(LATER.replace("LIMIT", limit).replace("FAULT", fault)))

    assert flaw.message.startswith("user → answer")
    assert word in flaw.message


def test_a_system_message_that_only_longer_chats_refuse_is_an_error():
    gate = "{% if messages[0]['role'] == 'system' and messages | length > 3 %}{{ raise_exception('no') }}{% endif %}"

    [flaw] = look("CT201", bare(gate + CHATML))

    assert "system → user → answer renders" in flaw.message


@pytest.mark.parametrize("template", [CHATML, MISTRAL, LATER.replace("LIMIT", "5").replace("FAULT", "1 / 0")])
def test_what_is_refused_in_a_shorter_chat_too_is_no_failure_of_longer_ones(template):
    assert look("CT201", bare(template)) == []


def test_a_template_that_does_not_compile_is_not_evaluated():
    with pytest.raises(NotEvaluated, match="does not compile"):
        look("CT201", bare("{% for %}"))


def test_a_missing_generation_prompt_is_found():
    [flaw] = look("CT202", bare("{% for message in messages %}" + TURN + "{% endfor %}"))

    assert "does not open the assistant's turn" in flaw.message


def test_a_family_without_a_generation_prompt_needs_none():
    assert look("CT202", bare(MISTRAL)) == []
    assert look("CT203", bare(MISTRAL)) == []
    assert look("CT204", bare(MISTRAL)) == []


def test_a_prompt_written_with_every_question_is_told_apart_from_a_missing_one():
    template = (
        "{% for message in messages %}{% if message['role'] == 'user' %}"
        + TURN
        + OPENER
        + "{% elif message['role'] == "
        "'assistant' %}{{ message['content'] }}<|im_end|>\n{% else %}" + TURN + "{% endif %}{% endfor %}"
    )

    [flaw] = look("CT202", bare(template, family="chatml"))

    assert "follows every user turn" in flaw.message
    assert look("CT203", bare(template)) == []


@pytest.mark.parametrize(
    ("template", "opener"),
    [
        (CHATML, OPENER),
        (LLAMA3, "<|start_header_id|>assistant<|end_header_id|>\n\n"),
        (ZEPHYR, "<|assistant|>\n"),
    ],
    ids=["chatml", "llama3", "zephyr"],
)
def test_a_prompt_that_is_always_written_is_found_once(template, opener):
    always = template.replace("{% if add_generation_prompt %}", "{% if true %}")
    specimen = bare(always, tokens={"bos_token": "<|begin_of_text|>", "eos_token": "</s>"})

    [flaw] = look("CT203", specimen)

    assert flaw.text[flaw.offset :] == opener
    assert look("CT202", specimen) == []
    assert look("CT205", specimen) == []


def test_a_prompt_that_is_always_written_and_lacks_its_newline_is_found():
    assert severities("CT203", bare(CHATML.replace(PROMPT, "<|im_start|>assistant"))) == ["error"]


@pytest.mark.parametrize(
    ("prompt", "severity"),
    [
        ("<|im_start|>assistant\n\n", "error"),
        ("<|im_start|>bot\n", "error"),
        ("<|im_start|>assistant", "error"),
        ("<|im_start|>assistant\n<think>\n", "warning"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", "warning"),
    ],
)
def test_a_prompt_that_an_answer_does_not_follow_is_found(prompt, severity):
    template = CHATML.replace(PROMPT, "{% if add_generation_prompt %}" + prompt + "{% endif %}")

    assert severities("CT204", bare(template)) == [severity]


def test_an_empty_reasoning_before_rendered_answers_is_a_warning():
    template = CHATML.replace(
        "{{ message['content'] }}",
        "{% if message['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}{{ message['content'] }}",
    )

    [flaw] = look("CT204", bare(template))

    assert flaw.severity == "warning"
    assert "a block for reasoning, <think>⏎⏎</think>⏎⏎" in flaw.message


def test_the_place_of_a_mismatch_is_where_the_prompt_and_the_answer_part():
    template = CHATML.replace(PROMPT, "{% if add_generation_prompt %}<|im_start|>model\n{% endif %}")

    [flaw] = look("CT204", bare(template))

    assert flaw.text[: flaw.offset].endswith("<|im_start|>")
    assert flaw.expected.startswith("model⏎")
    assert flaw.found.startswith("assistant⏎")


@pytest.mark.parametrize(
    ("ending", "word"),
    [
        ("{% if not loop.last or add_generation_prompt %}<|im_end|>\n{% endif %}", "while <|im_end|> ends an earlier"),
        ("{% if message['role'] != 'assistant' %}<|im_end|>\n{% endif %}", "nothing ends"),
    ],
)
def test_an_answer_that_is_not_closed_is_an_error(ending, word):
    [flaw] = look("CT205", bare(CHATML.replace("<|im_end|>\n", ending, 1), family="chatml"))

    assert flaw.severity == "error"
    assert word in flaw.message
    assert flaw.expected == "<|im_end|>"


def test_another_end_after_the_last_answer_still_closes_it():
    ending = "{% if loop.last and message['role'] == 'assistant' %}<|return|>{% else %}<|im_end|>\n{% endif %}"

    assert look("CT205", bare(CHATML.replace("<|im_end|>\n", ending, 1))) == []


def test_a_dropped_system_message_is_found():
    template = CHATML.replace(TURN, "{% if message['role'] != 'system' %}" + TURN + "{% endif %}")

    [flaw] = look("CT206", bare("{{ bos_token }}" + template))

    assert flaw.expected not in flaw.text
    assert flaw.text[flaw.offset :].startswith("<|im_start|>user")


@pytest.mark.parametrize("kept", ["loop.first", "loop.index0 < 2"])
def test_a_second_system_message_that_is_dropped_is_a_warning(kept):
    template = CHATML.replace(TURN, "{% if message['role'] != 'system' or " + kept + " %}" + TURN + "{% endif %}")

    [flaw] = look("CT206", bare(template))

    assert flaw.severity == "warning"
    assert "the second system message" in flaw.message
    assert flaw.text[: flaw.offset].endswith(" here")


def test_a_second_system_message_that_is_refused_is_not_dropped():
    gate = (
        "{% if messages[1:] | selectattr('role', 'equalto', 'system') | list %}{{ raise_exception('one') }}{% endif %}"
    )

    assert look("CT206", bare(gate + CHATML)) == []


def test_a_system_message_that_only_long_chats_lose_is_found():
    template = CHATML.replace(
        TURN, "{% if message['role'] != 'system' or messages|length < 3 %}" + TURN + "{% endif %}"
    )

    [flaw] = look("CT206", bare(template))

    assert "system → user → answer" in flaw.message


def test_a_refused_system_message_is_noted_and_not_taken_for_a_kept_one():
    specimen = bare(MISTRAL)

    [flaw] = look("CT207", specimen)

    assert "no such role" in flaw.message
    with pytest.raises(NotEvaluated, match="no such role"):
        look("CT206", specimen)
    assert look("CT207", bare(CHATML)) == []


DEFAULT = "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are Bob.<|im_end|>\n{% endif %}"
DATED = (
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\nToday: 1 May\n\n"
    "{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] }}{% set messages = messages[1:] %}{% endif %}"
    "<|eot_id|>" + LLAMA3.removeprefix("{{ bos_token }}")
)


@pytest.mark.parametrize(
    ("template", "literal"),
    [
        (DEFAULT + CHATML, "You are Bob."),
        ("<|im_start|>system\nAlways this.<|im_end|>\n" + CHATML, "Always this."),
        ("A chat. " + MISTRAL.removeprefix("{{ bos_token }}"), "A chat."),
    ],
)
def test_system_text_that_the_chat_does_not_have_is_shown(template, literal):
    [flaw] = look("CT208", bare(template))

    assert flaw.text[flaw.offset :].startswith(literal)
    assert literal in flaw.message


def test_lines_that_surround_every_system_message_are_found_too():
    [flaw] = look("CT208", bare(DATED, tokens={"bos_token": "<|begin_of_text|>"}))

    assert "Today: 1 May" in flaw.message


def test_a_known_default_is_named():
    known = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"

    [flaw] = look("CT208", bare(DEFAULT.replace("You are Bob.", known) + CHATML, family="chatml"))

    assert "a known default of smollm2" in flaw.message


@pytest.mark.parametrize(
    ("content", "severity", "word"),
    [
        ("{{ message['content'] | trim }}", "warning", "cut off"),
        ("{{ message['content'] | e }}", "error", "escaped as HTML"),
        ("{{ message['content'] | replace('<b>', '') }}", "error", "changed"),
        ("{{ message['content'] | upper }}", "error", "changed in upper and lower case"),
        ("{{ message['content'] | lower }}", "error", "changed in upper and lower case"),
        ("{{ message['content'][:500] }}", "error", "9,500 of its 10,000 characters are lost"),
        ("{{ message['content'][-500:] }}", "error", "9,500 of its 10,000 characters are lost"),
        ("{{ message['content'][:3000] + message['content'][-2997:] }}", "error", "4,003 of its 10,000"),
        ("{{ message['content'] | truncate(4000, true, '') }}", "error", "6,000 of its 10,000"),
        ("{{ message['content'] | wordwrap(200) }}", "error", "its blanks change"),
        ("{{ message['content'] if message['content'] | length < 900 else '' }}", "error", "10,000 of its 10,000"),
        ("{{ message['content'] if message['content'] | length < 900 else 1 / 0 }}", "error", "division by zero"),
    ],
)
def test_altered_contents_are_found(content, severity, word):
    specimen = bare(CHATML.replace("{{ message['content'] }}", content))

    assert severity in severities("CT209", specimen)
    assert word in " ".join(flaw.message for flaw in look("CT209", specimen))


def test_a_content_that_is_cut_is_shown_where_it_breaks_off():
    template = CHATML.replace("{{ message['content'] }}", "{{ message['content'][:500] }}")

    [flaw] = look("CT209", bare(template))

    assert "(system, user, assistant)" in flaw.message
    assert flaw.text[flaw.offset :].startswith("<|im_end|>")


def test_a_cut_of_one_role_names_it():
    cut = "{{ message['content'][:2000] if message['role'] == 'user' else message['content'] }}"

    [flaw] = look("CT209", bare(CHATML.replace("{{ message['content'] }}", cut)))

    assert "(user)" in flaw.message


@pytest.mark.parametrize(("family", "n_found"), [("command-r", 0), ("chatml", 1)])
def test_a_family_that_trims_may_trim(family, n_found):
    template = CHATML.replace("{{ message['content'] }}", "{{ message['content'] | trim }}")

    assert len(look("CT209", bare(template, family=family))) == n_found


def test_lost_and_reordered_contents_are_errors():
    lost = CHATML.replace("messages %}", "messages[1:] %}")
    reversed_ = CHATML.replace("messages %}", "messages | reverse %}")

    assert severities("CT209", bare(lost.replace("[1:]", "[-2:]")))[0] == "error"
    assert severities("CT209", bare(reversed_)) == ["error"]


def test_refused_orders_are_noted():
    template = (
        "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('must alternate') }}{% endif %}{% endfor %}" + CHATML
    )

    assert len(look("CT210", bare(template))) == 2
    assert look("CT210", bare(CHATML)) == []


def test_a_rendering_that_changes_with_the_clock_is_found():
    [flaw] = look("CT211", bare("{{ strftime_now('%d %b %Y') }}\n" + CHATML))

    assert "03 Feb 2024" in flaw.message


def test_a_date_that_only_chats_with_tools_have_is_found():
    [flaw] = look("CT211", bare("{% if tools %}{{ strftime_now('%d %b %Y') }}\n{% endif %}" + CHATML))

    assert "a chat with tools: 03 Feb 2024" in flaw.message


def test_tools_that_a_template_cannot_take_do_not_hide_a_stable_prompt():
    assert look("CT211", bare("{% if tools %}{{ raise_exception('no tools') }}{% endif %}" + CHATML)) == []


@pytest.mark.parametrize("date", ["2024-07-26", "{{ date_string | default('26 Jul 2024') }}"])
def test_a_fixed_date_is_no_clock(date):
    assert look("CT211", bare(date + CHATML)) == []


def test_text_after_the_opener_is_found_and_a_block_for_reasoning_is_left_to_another_check():
    goes_on = CHATML.replace(PROMPT, PROMPT.replace("assistant\n", "assistant\nSure, "))
    thinks = CHATML.replace(PROMPT, PROMPT.replace("assistant\n", "assistant\n<think>\n"))

    [flaw] = look("CT212", bare(goes_on))

    assert flaw.text[flaw.offset :] == "Sure, "
    assert look("CT212", bare(thinks)) == []


def word_tokenizer(text):
    """Return a tokenizer in which a word and the space before it are one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=600, show_progress=False)
    tokenizer.train_from_iterator([text] * 10, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


@pytest.mark.parametrize(("end", "n_found"), [(": ", 1), (":\n", 0)])
def test_a_space_that_belongs_to_the_answer_is_found_by_the_ids(end, n_found):
    template = CHATML.replace("assistant\n", "assistant" + end).replace("role'] }}\n", "role'] }}" + end)
    specimen = bare(template)
    specimen = replace(specimen, tokenizer=word_tokenizer(text_of(specimen, "ua")))

    flaws = look("CT212", specimen)

    assert len(flaws) == n_found
    assert all(flaw.expected_ids != flaw.found_ids for flaw in flaws)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "template",
    ["", "no messages", "{{ 1 / 0 }}", "{% for %}", "{{ messages }}", "\x00\ud800" + CHATML, "<|im_start|>" * 2_000],
    ids=["empty", "constant", "fails", "syntax", "repr", "odd", "long"],
)
def test_a_strange_template_gives_flaws_or_no_evaluation_and_never_a_crash(code, template):
    findings(code, bare(template, tokens={}))


EXPECTED = {
    "agp-ignored": "CT203",
    "system-dropped": "CT206",
    "default-system": "CT208",
    "agp-mismatch": "CT204",
    "eot-missing-assistant": "CT205",
    "order": "CT209",
    "content-stripped": "CT209",
}


@pytest.mark.oracle
def test_the_injected_defects_of_the_corpus_are_found_and_the_controls_are_clean():
    for row in rows("mutants"):
        specimen = bare(row["template"], tokens={**SPM_TOKENS, **{k: row[k] for k in ("bos_token", "eos_token")}})
        found = {code for code in CODES if findings(code, specimen)}
        wanted = {EXPECTED[defect] for defect in row["defect"] if defect in EXPECTED}
        assert wanted <= found, row["id"]
        assert row["defect"] or not found, row["id"]

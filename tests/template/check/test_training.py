from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from corpus import rows
from specimens import CHATML, LLAMA3, ZEPHYR, bare, look

from chateval.template.check import NotEvaluated
from chateval.template.check.training import CHECKS

CODES = [check.code for check in CHECKS]
TAGGED = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] }}<|im_end|>{% endgeneration %}\n"
    "{% else %}{{ message['content'] }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TURN = "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
THINKS = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['reasoning_content'] is defined and (KEEP) %}"
    "<think>\n{{ message['reasoning_content'] }}\n</think>\n\n{% endif %}"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True)
class Recorded:
    """As much of the recorded evidence as is looked at here."""

    template: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    now: str | None = None
    path: str = "chateval_training.json"


def findings(code, specimen):
    check = next(check for check in CHECKS if check.code == code)
    if "evidence" in check.needs and specimen.evidence is None:
        return []
    try:
        flaws = look(code, specimen)
    except NotEvaluated:
        return []
    return [flaw for flaw in flaws if not check.is_note or flaw.severity == "error"]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("template", [CHATML, LLAMA3, ZEPHYR, TAGGED], ids=["chatml", "llama3", "zephyr", "tagged"])
def test_a_clean_template_has_no_finding(code, template):
    assert findings(code, bare(template)) == []


def test_codes_come_in_order():
    assert sorted(CODES) == CODES


def test_a_history_that_is_cut_is_found_at_its_place():
    cut = "{{ message['content'] if loop.last else message['content'][:10] }}"

    [flaw] = look("CT401", bare(CHATML.replace("{{ message['content'] }}", cut)))

    assert flaw.severity == "warning"
    assert flaw.text[flaw.offset :].startswith("<|im_end|>")


def test_a_tool_call_that_is_rendered_otherwise_once_answered_is_found():
    template = CHATML.replace(
        "{{ message['content'] }}",
        "{{ message['content'] }}{% if message['tool_calls'] and loop.last %}<tool_call>{% endif %}",
    )

    [flaw] = look("CT401", bare(template))

    assert "tool call" in flaw.message


def test_a_generation_prompt_that_is_always_written_is_not_blamed_on_the_history():
    template = CHATML.replace("{% if add_generation_prompt %}", "{% if true %}")

    assert look("CT401", bare(template)) == []


def test_histories_that_cannot_be_rendered_are_not_stable():
    with pytest.raises(NotEvaluated, match="several turns"):
        look("CT401", bare("{{ raise_exception('no') }}"))


def test_missing_tags_are_a_note_and_an_error_where_the_training_needs_them():
    assert [flaw.severity for flaw in look("CT402", bare(CHATML))] == [None]
    assert [flaw.severity for flaw in look("CT402", bare(CHATML, assistant_only_loss=True))] == ["error"]
    assert look("CT402", bare(TAGGED)) == []
    assert look("CT402", bare("{# {% generation %} #}" + CHATML)) != []


@pytest.mark.parametrize("code", ["CT403", "CT404", "CT405"])
def test_a_mask_needs_tags(code):
    with pytest.raises(NotEvaluated, match="no {% generation %} tags"):
        look(code, bare(CHATML))


def test_a_mask_without_the_end_of_turn_is_found():
    template = TAGGED.replace("<|im_end|>{% endgeneration %}", "{% endgeneration %}<|im_end|>")

    [flaw] = look("CT403", bare(template))

    assert "leaves <|im_end|> out after 2 of 2 answers" in flaw.message
    assert flaw.text[flaw.offset : flaw.offset + flaw.length] == "<|im_end|>"


@pytest.mark.parametrize(
    ("template", "word"),
    [
        (
            CHATML.replace("<|im_start|>{", "{% generation %}<|im_start|>{", 1).replace(
                "<|im_end|>\n", "<|im_end|>\n{% endgeneration %}", 1
            ),
            "a system message",
        ),
        (
            TAGGED.replace("{% generation %}", "")
            .replace(
                "<|im_start|>{{ message['role'] }}\n{% if message['role'] == 'assistant' %}",
                "{% if message['role'] == 'assistant' %}{% generation %}<|im_start|>assistant\n",
            )
            .replace("{% else %}", "{% else %}<|im_start|>{{ message['role'] }}\n"),
            "the opener of the assistant's turn: <|im_start|>assistant⏎",
        ),
    ],
    ids=["everything", "opener"],
)
def test_a_mask_that_covers_more_is_found(template, word):
    [flaw] = look("CT404", bare(template))

    assert word in flaw.message


def test_a_mask_may_cover_a_block_for_reasoning():
    template = TAGGED.replace("{% generation %}", "{% generation %}<think>\n\n</think>\n\n")

    assert look("CT404", bare(template)) == []


NEXT = (
    "{% if message['role'] == 'user' and not loop.first %}{{ message['content'] }}<|im_end|>\n"
    "{% elif message['role'] == 'assistant' %}<|im_start|>assistant\n"
    "{% generation %}{{ message['content'] }}<|im_end|>\n"
    "{% if not loop.last %}<|im_start|>user\n{% endif %}{% endgeneration %}"
    "{% else %}" + TURN + "{% endif %}"
)


def test_a_mask_that_goes_on_into_the_next_opener_is_found():
    template = "{% for message in messages %}" + NEXT + "{% endfor %}"

    [flaw] = look("CT404", bare("{% if messages[0]['role'] == 'system' %}{{ 1 / 0 }}{% endif %}" + template))

    assert flaw.text[flaw.offset : flaw.offset + flaw.length] == "<|im_start|>user\n"
    assert "opens the next turn" in flaw.message


@pytest.mark.parametrize(
    ("user", "opener", "end", "tokens"),
    [
        ("<|im_start|>user\nC<|im_end|>\n", "<|im_start|>assistant\n", "<|im_end|>\n", {}),
        ("<bos><u>C<e>\n", "<a>", "<e>\n</s>", {"eos_token": "</s>"}),
        ("[INST] C [/INST]", " ", " </s>", {"eos_token": "</s>", "bos_token": "<s>"}),
        ("\nUser: C\n", "Bot: ", "\n### End\n", {}),
        ("[u]C", "[a]", "<|end|><|sep|>\n", {}),
    ],
)
def test_a_mask_may_cover_all_that_closes_a_turn(user, opener, end, tokens):
    template = (
        "{% for message in messages %}{% if message['role'] == 'user' %}"
        + user.replace("C", "{{ message['content'] }}")
        + "{% elif message['role'] == 'assistant' %}"
        + opener
        + "{% generation %}{{ message['content'] }}"
        + end.replace("\n", "{{ '\\n' }}")
        + "{% endgeneration %}{% else %}{{ raise_exception('no') }}{% endif %}{% endfor %}"
    )

    assert look("CT404", bare(template, tokens=tokens)) == []


def test_tags_around_nothing_are_found():
    template = TAGGED.replace(
        "{{ message['content'] }}<|im_end|>{% endgeneration %}", "{% endgeneration %}{{ message['content'] }}<|im_end|>"
    )

    [flaw] = look("CT405", bare(template))

    assert "none of 2 answers" in flaw.message


@pytest.mark.parametrize(
    ("condition", "missed"), [("loop.last", "answer 1 of 2"), ("loop.index0 < 3", "answer 2 of 2")]
)
def test_an_answer_without_tags_among_others_with_them_is_found(condition, missed):
    template = TAGGED.replace("== 'assistant' %}", f"== 'assistant' and {condition} %}}", 1)

    [flaw] = look("CT405", bare(template))

    assert missed in flaw.message
    assert flaw.text[flaw.offset :].startswith(flaw.expected)


def test_the_template_of_the_training_is_compared_by_rendering():
    respelt = CHATML.replace("message['role']", "message.role")
    specimen = replace(bare(CHATML), evidence=Recorded(respelt))

    assert look("CT406", specimen) == []


@pytest.mark.parametrize(
    ("trained", "severity"),
    [(ZEPHYR, "error"), (CHATML.replace("assistant\n", "assistant\n<think>\n"), "warning")],
    ids=["another family", "reasoning"],
)
def test_another_template_in_the_training_is_found(trained, severity):
    recorded = Recorded(trained, tokens={"eos_token": "</s>"})

    [flaw] = look("CT406", replace(bare(CHATML), evidence=recorded))

    assert flaw.severity == severity
    assert flaw.expected != flaw.found


def test_switches_of_the_training_are_part_of_it():
    template = CHATML + "{% if add_generation_prompt and not enable_thinking | default(true) %}off{% endif %}"
    recorded = Recorded(template, kwargs={"enable_thinking": False})

    [flaw] = look("CT406", replace(bare(template), evidence=recorded))

    assert "{'enable_thinking': False}" in flaw.message
    assert look("CT406", replace(bare(template, kwargs={"enable_thinking": False}), evidence=recorded)) == []


def test_evidence_without_a_template_is_no_evidence_of_it():
    with pytest.raises(NotEvaluated, match="no template"):
        look("CT406", replace(bare(CHATML), evidence=Recorded("")))


STRIPS = "{{ message['content'] if loop.last else message['content'].split('</think>')[-1] }}"


@pytest.mark.parametrize(
    ("template", "way"),
    [
        (CHATML.replace("{{ message['content'] }}", STRIPS), "content"),
        (THINKS.replace("KEEP", "loop.last"), "reasoning_content"),
    ],
)
def test_reasoning_that_later_goes_is_found_twice(template, way):
    specimen = bare(template, family="chatml")

    [gone] = look("CT407", specimen)
    [unstable] = look("CT401", specimen)

    assert gone.message.startswith(f"reasoning in {way} is rendered")
    assert gone.text[gone.offset :].startswith("Melziano says 1")
    assert (gone.severity, unstable.severity) == ("warning", "warning")


def test_reasoning_that_stays_is_no_finding():
    assert look("CT407", bare(THINKS.replace("KEEP", "true"))) == []


def test_a_family_that_drops_reasoning_by_design_gets_no_warning():
    specimen = bare(CHATML.replace("{{ message['content'] }}", STRIPS), family="qwen3")

    [gone] = look("CT407", specimen)

    assert gone.severity == "info"
    assert "by design" in gone.message


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "template",
    ["", "{{ 1 / 0 }}", "{% for %}", "{% generation %}{% endgeneration %}", "{{ messages }}", "\x00\ud800" + TAGGED],
)
def test_a_strange_template_gives_flaws_or_no_evaluation_and_never_a_crash(code, template):
    specimen = replace(bare(template, tokens={}), evidence=Recorded(CHATML))
    try:
        look(code, specimen)
    except NotEvaluated as reason:
        assert str(reason)


EXPECTED = {
    "not-prefix-preserving": "CT401",
    "mask-no-eot": "CT403",
    "mask-overreach": "CT404",
    "think-stripped": "CT407",
}


@pytest.mark.oracle
def test_the_injected_defects_of_the_corpus_are_found_and_the_controls_are_clean():
    for row in rows("mutants"):
        specimen = bare(row["template"], tokens={"bos_token": row["bos_token"], "eos_token": row["eos_token"]})
        found = {code for code in CODES if findings(code, specimen)}
        wanted = {EXPECTED[defect] for defect in row["defect"] if defect in EXPECTED}
        assert wanted <= found, row["id"]
        assert row["defect"] or not found, row["id"]

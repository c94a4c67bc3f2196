from dataclasses import replace

import pytest
from answers import FACTS
from rigged import THINKING_TEMPLATE

from chateval.records import Decoding, Prompt, Response
from chateval.template.answer import separate

PROMPT = Prompt("0" * 16, (), "<|im_start|>assistant\n<think>", (1,), Decoding())
THINKS = replace(FACTS, text=THINKING_TEMPLATE, special_tokens={"[THINK]": 5, "[/THINK]": 6, "<|im_end|>": 2})


def answer(text, **said):
    return Response(**{"sample_id": "0" * 16, "text": text, "finish": "eos", "raw_text": f"{text}<|im_end|>", **said})


def test_a_response_without_thinking_is_the_same_object():
    plain = answer("Paris")

    assert separate(plain, replace(PROMPT, text="<|im_start|>assistant\n"), THINKS) is plain


def test_the_answer_is_without_the_thinking_and_the_raw_text_as_it_was():
    found = separate(answer("so</think>Paris"), PROMPT, THINKS)

    assert (found.text, found.reasoning, found.is_incomplete) == ("Paris", "so", False)
    assert found.raw_text == "so</think>Paris<|im_end|>"


def test_thinking_that_never_ends_is_no_answer():
    found = separate(answer("so on and on", finish="length"), PROMPT, THINKS)

    assert (found.text, found.reasoning, found.is_incomplete) == ("", "so on and on", True)


def test_marks_that_are_special_tokens_are_found_in_the_raw_text():
    facts = replace(THINKS, text="{{ '[THINK]' }}{{ '[/THINK]' }}")
    said = answer("so Paris", raw_text="[THINK]so [/THINK]Paris<|im_end|>")

    found = separate(said, replace(PROMPT, text=""), facts)

    assert (found.text, found.reasoning) == ("Paris", "so")


def test_a_stop_string_is_not_brought_back_from_the_raw_text():
    facts = replace(THINKS, text="{{ '[THINK]' }}{{ '[/THINK]' }}")
    said = answer("so Paris", raw_text="[THINK]so [/THINK]Paris\n\nQ:", finish="stop")

    asked = replace(PROMPT, text="", decoding=Decoding(stop=("\n\n",)))

    assert separate(said, asked, facts).text == "Paris"


@pytest.mark.parametrize("text", ["<think>so</think>Paris", "so</think>Paris"])
def test_a_template_that_knows_no_thinking_has_the_plain_marks(text):
    found = separate(answer(text), replace(PROMPT, text="Question:"), FACTS)

    assert (found.text, found.reasoning) == ("Paris", "so")


def test_what_a_server_took_apart_stays_as_it_gave_it():
    said = answer("Paris", reasoning="so")

    assert separate(said, PROMPT, THINKS) is said


def test_a_call_ends_thinking_that_nothing_closes():
    facts = replace(THINKS, text=THINKING_TEMPLATE + '{{ "<tool_call>{\\"name\\": \\"arguments\\"}</tool_call>" }}')
    said = answer('so\n<tool_call>\n{"name": "find", "arguments": {}}\n</tool_call>')

    found = separate(said, PROMPT, facts)

    assert (found.is_incomplete, found.reasoning) == (False, "so")
    assert found.text.startswith("<tool_call>")


def test_the_analysis_of_harmony_is_thinking():
    facts = replace(THINKS, text="<|channel|><|message|>")
    raw = "<|channel|>analysis<|message|>so<|end|><|start|>assistant<|channel|>final<|message|>Paris"

    found = separate(answer("sofinalParis", raw_text=raw), replace(PROMPT, text=""), facts)
    cut = separate(answer("so", raw_text="<|channel|>analysis<|message|>so"), replace(PROMPT, text=""), facts)

    assert (found.text, found.reasoning, found.is_incomplete) == ("Paris", "so", False)
    assert (cut.text, cut.is_incomplete) == ("", True)

"""Specimens made of a few lines of Jinja, and what one check says about them."""

from collections.abc import Mapping
from typing import Any

from chateval.errors import ChatevalError
from chateval.template.check import CHECKS, Flaw, NotEvaluated
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA3 = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message['role'] }}<|end_header_id|>\n\n"
    "{{ message['content'] }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
ZEPHYR = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}[INST] {{ message['content'] }}[/INST]"
    "{% elif message['role'] == 'assistant' %} {{ message['content'] }}{{ eos_token }}"
    "{% else %}{{ raise_exception('no such role') }}{% endif %}{% endfor %}"
)
TOKENS: Mapping[str, Mapping[str, str]] = {
    CHATML: {"eos_token": "<|im_end|>"},
    LLAMA3: {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
}
SPM_TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def bare(template: str, *, tokens: Mapping[str, str] | None = None, **settings: Any) -> Specimen:
    """Return a template without a tokenizer; `settings` are those of `Settings`."""
    if tokens is None:
        tokens = TOKENS.get(template, SPM_TOKENS)
    source = TemplateSource("chat_template.jinja", "default", template)
    return Specimen("here", (source,), tokens=tokens, settings=Settings(**settings))


def look(code: str, specimen: Specimen) -> list[Flaw]:
    """Return what one check yields.

    Raises:
        NotEvaluated: Also where the user is at fault, as in a run of all checks.
    """
    try:
        return list(CHECKS[code].run(specimen))
    except ChatevalError as error:
        raise NotEvaluated(str(error)) from error

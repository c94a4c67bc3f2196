"""Control tokens that a message of a chat spells: the model is shown them as its own, whatever the layout says."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chateval.findings import Finding
from chateval.messages import content_text
from chateval.records import Prompt
from chateval.template import Tokenizer

CODE = "CT604"
AROUND = 32
"""Characters on each side of a spelt token that must stand in the prompt with it: a template may take tokens out."""

_log = logging.getLogger(__name__)


def mark_typed_tokens(prompts: Sequence[Prompt], tokenizer: Tokenizer, *, task: str) -> list[Prompt]:
    """Return the prompts, each with a finding for every message that spells a token which became a control token.

    A forged turn is well formed and its layout is in order: it is found here and nowhere else.
    """
    ids = {
        str(token): int(number)
        for number, token in tokenizer.added_tokens_decoder.items()
        if token.special and str(token).strip()
    }
    if not ids:
        return list(prompts)
    pattern = re.compile("|".join(sorted(map(re.escape, ids), key=len, reverse=True)))
    marked: list[Prompt] = []
    spelling: list[str] = []
    for prompt in prompts:
        findings = tuple(_findings(prompt, pattern, ids))
        marked.append(replace(prompt, findings=(*prompt.findings, *findings)) if findings else prompt)
        if findings:
            spelling.append(f"sample {prompt.sample_id}, {findings[0].message}")
    if spelling:
        _log.warning("%s: %d of %d prompts spell control tokens: %s", task, len(spelling), len(prompts), spelling[0])
    return marked


def _findings(prompt: Prompt, pattern: re.Pattern[str], ids: Mapping[str, int]) -> Iterator[Finding]:
    """Yield one finding a message, about its first token that the prompt has as a control token."""
    for index, message in enumerate(prompt.messages):
        for text, (start, end) in ((said, hit.span()) for said in _said(message) for hit in pattern.finditer(said)):
            literal = text[start:end]
            place = prompt.text.find(text[max(start - AROUND, 0) : end + AROUND].strip())
            if place >= 0 and ids[literal] in prompt.ids:
                yield Finding(
                    CODE,
                    "error",
                    f"messages[{index}] ({message['role']}) spells {literal}, which reaches the model as control "
                    f"token {ids[literal]}",
                    offset=prompt.text.find(literal, place),
                    length=len(literal),
                    found=literal,
                    found_ids=(ids[literal],),
                )
                break


def _said(message: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of a message: what it says, what it thinks, and what it calls tools with."""
    yield content_text(message)
    yield from _texts([message.get("reasoning_content"), message.get("tool_calls")])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)

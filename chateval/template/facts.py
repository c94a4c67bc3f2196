"""What a template and tokenizer do, found out by rendering probes: BOS, generation prompt, end of turn, stop set."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from chateval.codec import digest
from chateval.errors import TemplateError
from chateval.records import TemplateFacts
from chateval.template.render import render, tokenize
from chateval.template.tokenizer import Tokenizer, options_of, own_template

_QUESTION = "chateval-question"
_ANSWER = "chateval-answer"


def find_facts(
    tokenizer: Tokenizer,
    *,
    source: str,
    eos_ids: Sequence[int],
    completion: bool = False,
    dialect: str | None = None,
) -> TemplateFacts:
    """Probe a tokenizer with a question and an answer.

    Args:
        tokenizer: Of the checkpoint, with the template to be used.
        source: Where the template was read from, for the manifest.
        eos_ids: The EOS ids of the checkpoint's generation_config; empty if it has none.
        completion: Plain text is sent, without the template.
        dialect: Name of the dialect that the template's renderings parse as.

    Raises:
        TemplateError: If the template cannot carry one question and one answer.
    """
    added = {int(number): token for number, token in tokenizer.added_tokens_decoder.items()}
    special = {token.content: number for number, token in added.items() if token.special}
    stops = {int(number) for number in eos_ids}
    if tokenizer.eos_token_id is not None:
        stops.add(int(tokenizer.eos_token_id))
    adds_bos = _starts_with_bos(tokenizer, add_special_tokens=True, text="x")
    if completion:
        return TemplateFacts(
            source="completion",
            text="",
            digest=hashlib.sha256(b"").hexdigest(),
            bos_id=tokenizer.bos_token_id if adds_bos else None,
            generation_prompt="",
            end_of_turn_id=None,
            stop_ids=tuple(sorted(stops)),
            special_tokens=special,
        )
    text = own_template(tokenizer)
    opened = render(tokenizer, [{"role": "user", "content": _QUESTION}])
    end_of_turn = _end_of_turn(tokenizer, {token.content: number for number, token in added.items()})
    if end_of_turn is not None:
        stops.add(end_of_turn)
    if not stops:
        raise TemplateError(f"{source}: no end token: none in generation_config, the tokenizer or the template")
    writes_bos = _starts_with_bos(tokenizer, add_special_tokens=False, text=opened)
    return TemplateFacts(
        source=source,
        text=text,
        digest=_digest(text, options_of(tokenizer)),
        bos_id=tokenizer.bos_token_id if adds_bos or writes_bos else None,
        generation_prompt=_generation_prompt(tokenizer, opened),
        end_of_turn_id=end_of_turn,
        stop_ids=tuple(sorted(stops)),
        special_tokens=special,
        dialect=dialect,
    )


def _digest(text: str, options: Mapping[str, Any]) -> str:
    """Return the sha256 of a template; switches that it is rendered with make it another one."""
    own = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return digest([own, dict(options)]) if options else own


def _starts_with_bos(tokenizer: Tokenizer, *, add_special_tokens: bool, text: str) -> bool:
    if tokenizer.bos_token_id is None:
        return False
    [ids] = tokenize(tokenizer, [text], add_special_tokens=add_special_tokens)
    return ids[:1] == [tokenizer.bos_token_id]


def _generation_prompt(tokenizer: Tokenizer, opened: str) -> str:
    closed = render(tokenizer, [{"role": "user", "content": _QUESTION}], add_generation_prompt=False)
    if opened.startswith(closed):
        return opened[len(closed) :]
    shared = next((i for i, (a, b) in enumerate(zip(opened, closed, strict=False)) if a != b), len(closed))
    return opened[shared:]


def _end_of_turn(tokenizer: Tokenizer, added: dict[str, int]) -> int | None:
    """Return the id of the first special or added token after the answer, as the template closes it."""
    chat = [{"role": "user", "content": _QUESTION}, {"role": "assistant", "content": _ANSWER}]
    _, answer, tail = render(tokenizer, chat, add_generation_prompt=False).rpartition(_ANSWER)
    if not answer:
        return None
    found = [
        (tail.find(token), -len(token), number) for token, number in added.items() if token.strip() and token in tail
    ]
    return min(found)[2] if found else None

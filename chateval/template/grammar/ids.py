"""Ids to text and back to places: control literals count only where they are tokens of their own."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from chateval.template.grammar.dialect import Dialect
from chateval.template.grammar.parse import read_claimed
from chateval.template.grammar.reading import Reading


def parse_ids(ids: Sequence[int], tokenizer: Any, dialect: Dialect) -> Reading:
    """Read the ids of a prompt as a dialect.

    A control literal that the user's text spells with ordinary tokens is content. One that the vocabulary has no token
    for counts as text only in dialects whose markers are plain text.

    Args:
        ids: Token ids as the model sees them, BOS included.
        tokenizer: Of the checkpoint; its added tokens are what can be control.
        dialect: What the prompt claims to be.
    """
    added = {int(number): str(token.content) for number, token in tokenizer.added_tokens_decoder.items()}
    text, places = spell(ids, tokenizer, added)
    known = set(added.values())

    def is_control(place: int, literal: str) -> bool:
        if literal in known:
            return places.get(place) == literal
        return dialect.plain_markers

    return read_claimed(text, dialect, is_control=is_control, needs_bos=True)


def spell(ids: Sequence[int], tokenizer: Any, added: dict[int, str]) -> tuple[str, dict[int, str]]:
    """Return the text of the ids, and the added tokens in it by their place in characters."""
    parts: list[str] = []
    places: dict[int, str] = {}
    length = 0
    for is_added, run in groupby((int(one) for one in ids), key=added.__contains__):
        for part in [added[one] for one in run] if is_added else [_decode(list(run), tokenizer)]:
            if is_added:
                places[length] = part
            parts.append(part)
            length += len(part)
    return "".join(parts), places


def _decode(ids: list[int], tokenizer: Any) -> str:
    text = str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
    first = tokenizer.convert_ids_to_tokens(ids[0])
    # SentencePiece drops the blank before the first word of what it decodes
    is_dropped = isinstance(first, str) and first.startswith("▁") and not text.startswith(" ")
    return " " + text if is_dropped else text

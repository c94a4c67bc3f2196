"""Rows of token ids and vocabularies compared: where they part, shown with the tokens around."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from chateval.template.tokenizer import Tokenizer

N_EXAMPLES = 5
_AROUND = 3
"""Tokens shown before and after the first that differs."""


@dataclass(frozen=True, slots=True)
class TokenDifference:
    """Where two rows of token ids part."""

    index: int
    """The first token that differs, from 0."""
    start: int
    """The first token shown, from 0."""
    a_ids: tuple[int, ...]
    b_ids: tuple[int, ...]
    """Ids from `start`, a few beyond `index`."""
    a_tokens: tuple[str, ...]
    b_tokens: tuple[str, ...]
    """The same, decoded one by one; an id without text in angle brackets."""


@dataclass(frozen=True, slots=True)
class VocabularyDiff:
    """What differs between two maps from token to id."""

    n_a: int
    n_b: int
    n_moved: int
    """Tokens that both have under different ids."""
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    moved: tuple[tuple[str, int, int], ...]
    """The first few of each: token, id in a, id in b."""


def diff_ids(a: tuple[Tokenizer, Sequence[int]], b: tuple[Tokenizer, Sequence[int]]) -> TokenDifference | None:
    """Return where two rows of ids part, each with the tokenizer that decodes it; None if they are equal."""
    (_, mine), (_, other) = a, b
    if list(mine) == list(other):
        return None
    index = next(
        (place for place, (left, right) in enumerate(zip(mine, other, strict=False)) if left != right),
        min(len(mine), len(other)),
    )
    start, end = max(0, index - _AROUND), index + _AROUND + 1
    return TokenDifference(
        index,
        start,
        tuple(mine[start:end]),
        tuple(other[start:end]),
        _show_each(a[0], mine[start:end]),
        _show_each(b[0], other[start:end]),
    )


def decode_each(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[str, ...]:
    """Return the text of each token by itself; empty for one that has none, or that the tokenizer does not know."""
    known = {token_id: _decode(tokenizer, token_id) for token_id in set(ids)}
    return tuple(known[token_id] for token_id in ids)


def _decode(tokenizer: Tokenizer, token_id: int) -> str:
    try:
        text = str(tokenizer.decode([token_id], skip_special_tokens=False, clean_up_tokenization_spaces=False))
        token = tokenizer.convert_ids_to_tokens(token_id)
    except (OverflowError, IndexError, KeyError, TypeError):
        return ""
    # SentencePiece drops the blank before the first word of what it decodes
    is_dropped = isinstance(token, str) and token.startswith("▁") and not text.startswith(" ")
    return f" {text}" if is_dropped else text


def _show_each(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[str, ...]:
    texts = decode_each(tokenizer, ids)
    return tuple(text or f"<{token_id}>" for token_id, text in zip(ids, texts, strict=True))


def diff_vocabularies(a: Tokenizer, b: Tokenizer) -> VocabularyDiff | None:
    """Compare two tokenizers token by token; None if both give every token the same id."""
    mine: Mapping[str, int] = a.get_vocab()
    other: Mapping[str, int] = b.get_vocab()
    if mine == other:
        return None
    moved = [(token, mine[token], other[token]) for token in mine if token in other and mine[token] != other[token]]
    return VocabularyDiff(
        n_a=len(mine),
        n_b=len(other),
        n_moved=len(moved),
        only_a=tuple(islice((token for token in mine if token not in other), N_EXAMPLES)),
        only_b=tuple(islice((token for token in other if token not in mine), N_EXAMPLES)),
        moved=tuple(nsmallest(N_EXAMPLES, moved, key=lambda entry: entry[1])),
    )

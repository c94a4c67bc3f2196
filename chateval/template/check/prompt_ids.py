"""Token ids that prompts are made of, and how they are called."""

from collections.abc import Iterable, Iterator

from chateval.template.check.check import NotEvaluated
from chateval.template.specimen import Specimen
from chateval.template.tokenizer import Tokenizer

_MAX_ID = 2**31 - 1
"""A config may say anything; tokenizers take 32 bits."""


def written_ids(specimen: Specimen) -> Iterator[tuple[int, str, str]]:
    """Yield each id of the probes' prompts once, with the first probe that has it and its text."""
    seen: set[int] = set()
    for one, rendered in specimen.probed:
        if rendered.text is not None and one.stratum != "special":
            new = sorted(set(ids_of(specimen, rendered.text)) - seen)
            seen.update(new)
            yield from ((number, one.name, rendered.text) for number in new)


def ids_of(specimen: Specimen, text: str, *, add_special_tokens: bool = False) -> list[int]:
    """Return the token ids of a text.

    Raises:
        NotEvaluated: If there is no tokenizer, or the text has lone surrogates, which tokenizers refuse.
    """
    if specimen.tokenizer is None:
        raise NotEvaluated("needs a tokenizer")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotEvaluated("the template writes lone surrogates, which no tokenizer takes") from error
    return specimen.ids(text, add_special_tokens=add_special_tokens)


def name_tokens(specimen: Specimen, numbers: Iterable[int]) -> str:
    """Return tokens with their ids, for the reader; an id without a token says so."""
    names = tokenizer_of(specimen).convert_ids_to_tokens
    known = ((number, names(number) if 0 <= number <= _MAX_ID else None) for number in numbers)
    return ", ".join(f"{name or 'no token'} ({number})" for number, name in known)


def vocabulary(tokenizer: Tokenizer) -> dict[str, int]:
    """Return all tokens of a tokenizer with their ids, the added ones included."""
    known: dict[str, int] = tokenizer.get_vocab()
    return known


def tokenizer_of(specimen: Specimen) -> Tokenizer:
    """Return the tokenizer.

    Raises:
        NotEvaluated: If there is none.
    """
    if specimen.tokenizer is None:
        raise NotEvaluated("needs a tokenizer")
    return specimen.tokenizer

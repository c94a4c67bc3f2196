"""The token that begins a text: doubled, missing, or an opener of turns besides."""

from collections.abc import Iterator, Sequence

from chateval.template.check.check import Flaw, NotEvaluated
from chateval.template.check.prompt_ids import ids_of, tokenizer_of, vocabulary
from chateval.template.specimen import Specimen

_SHOWN_IDS = 6


def double_bos(specimen: Specimen) -> Iterator[Flaw]:
    """The template writes BOS, and so does the tokenizer when the text is tokenised as usual."""
    bos, text, number = tokenizer_of(specimen).bos_token, _question(specimen), tokenizer_of(specimen).bos_token_id
    if not bos or not text.startswith(bos):
        return
    alone, added = ids_of(specimen, text), ids_of(specimen, text, add_special_tokens=True)
    n_written, n_found = _n_leading(alone, number), _n_leading(added, number)
    if n_found > 1:
        is_once = n_written <= 1 and specimen.settings.is_tokenised_once
        by = "twice by the template" if n_written > 1 else "by the template and, where it tokenises, by the tokenizer"
        yield Flaw(
            f"{bos} is written {by}",
            severity="warning" if is_once else None,
            fix="write it once" if n_written > 1 else "",
            probe="question",
            text=text,
            offset=0,
            length=len(bos),
            expected=f"one {bos}",
            found=f"{n_found} of them with add_special_tokens=True",
            expected_ids=tuple(added[n_found - 1 :][:_SHOWN_IDS]),
            found_ids=tuple(added[:_SHOWN_IDS]),
        )


def missing_bos(specimen: Specimen) -> Iterator[Flaw]:
    """The family begins with BOS, and the template does not write it.

    What the tokenizer would add does not count where the family's templates write BOS: `apply_chat_template` tokenises
    without special tokens, so that nobody writes one. In the other families engines add it.
    """
    dialect, text = specimen.dialect, _question(specimen)
    if dialect is None or dialect.bos_rule == "never" or not dialect.bos:
        return
    known = vocabulary(tokenizer_of(specimen))
    numbers = {known[literal] for literal in (dialect.bos, *dialect.bos_others) if literal in known}
    if not numbers:
        raise NotEvaluated(f"the vocabulary has no {dialect.bos}, with which {dialect.name} begins")
    ids = ids_of(specimen, text, add_special_tokens=dialect.bos_rule == "tokenizer")
    if ids[0] not in numbers:
        bos = known.get(dialect.bos, min(numbers))
        yield Flaw(
            f"a prompt of {dialect.name} begins with {dialect.bos}; nobody writes it",
            probe="question",
            text=text,
            offset=0,
            expected=dialect.bos,
            found=text[: len(dialect.bos)],
            expected_ids=(bos, *ids[: _SHOWN_IDS - 1]),
            found_ids=tuple(ids[:_SHOWN_IDS]),
        )


def bos_opens_turns(specimen: Specimen) -> Iterator[Flaw]:
    """BOS is the token that opens every turn."""
    bos = tokenizer_of(specimen).bos_token
    if not bos:
        return
    asked, closed = specimen.text("question"), specimen.text("question", add_generation_prompt=False)
    if asked is None or closed is None or not asked.startswith(closed) or asked == closed:
        raise NotEvaluated("the template has no generation prompt")
    if asked[len(closed) :].lstrip().startswith(bos):
        yield Flaw(
            f"{bos} is BOS and opens every turn, so that it is no sign of the beginning of a text",
            probe="question",
            text=asked,
            offset=len(closed),
            length=len(bos),
            found=bos,
        )


def _question(specimen: Specimen) -> str:
    text = specimen.text("question")
    if text is None:
        raise NotEvaluated("the template cannot render a question")
    return text


def _n_leading(ids: Sequence[int], number: int) -> int:
    return next((n for n, found in enumerate(ids) if found != number), len(ids))

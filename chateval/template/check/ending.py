"""The token that ends an answer, as the template writes it, and the ones that the configs declare or pad with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chateval.template.check.check import Flaw, NotEvaluated
from chateval.template.check.prompt_ids import name_tokens, tokenizer_of, vocabulary, written_ids
from chateval.template.probes import probe
from chateval.template.specimen import Specimen

_PROBE = "answered"


@dataclass(frozen=True, slots=True)
class Ending:
    """The first added token after an answer."""

    literal: str
    number: int
    """Its token id."""
    probe: str
    text: str
    offset: int
    """Where the literal stands in `text`, in characters."""


def find_ending(specimen: Specimen) -> Ending:
    """Return the token that the template writes after an answer.

    Raises:
        NotEvaluated: If the template fails on an answered question, loses the answer, or writes no token after it.
    """
    text = specimen.text(_PROBE, add_generation_prompt=False)
    if text is None:
        raise NotEvaluated("the template cannot render an answered question")
    answer = probe(_PROBE).messages[-1]["content"]
    start = text.rfind(answer)
    if start < 0:
        raise NotEvaluated("the template does not write the answer as it is")
    start += len(answer)
    added = {token.content: int(number) for number, token in tokenizer_of(specimen).added_tokens_decoder.items()}
    found = [(text.find(token, start), -len(token), token) for token in added if token.strip()]
    offset, _, literal = min((place for place in found if place[0] >= 0), default=(-1, 0, ""))
    if offset < 0:
        raise NotEvaluated("no control token follows the answer")
    return Ending(literal, added[literal], _PROBE, text, offset)


def declared_ends(specimen: Specimen) -> list[int]:
    """Return the end tokens of generation_config.json; empty without."""
    found = (specimen.configs.get("generation_config.json") or {}).get("eos_token_id")
    return [number for number in (found if isinstance(found, list) else [found]) if isinstance(number, int)]


def unknown_end(specimen: Specimen) -> Iterator[Flaw]:
    """Generation does not stop at the token that ends the assistant's turn."""
    end = find_ending(specimen)
    if end.number in specimen.eos_ids:
        return
    ends = sorted(specimen.eos_ids)
    where = "" if specimen.configs.get("generation_config.json") else "; there is no generation_config.json"
    yield Flaw(
        f"an answer ends with {end.literal} ({end.number}), and generation does not stop at it{where}",
        probe=end.probe,
        text=end.text,
        offset=end.offset,
        length=len(end.literal),
        expected=f"{end.number} among the end tokens",
        found=name_tokens(specimen, ends) or "no end token",
        expected_ids=(end.number,),
        found_ids=tuple(ends),
    )


def unused_end(specimen: Specimen) -> Iterator[Flaw]:
    """generation_config.json stops at a token that no answer ends with."""
    declared = declared_ends(specimen)
    if not declared:
        raise NotEvaluated("needs an eos_token_id in generation_config.json")
    end = find_ending(specimen)
    if end.number not in declared and end.number in specimen.eos_ids:
        names = name_tokens(specimen, declared)
        said = (
            f"generation_config.json stops at {names}, and only the tokenizer knows that answers end with {end.literal}"
        )
        yield _end_flaw(specimen, end, declared, said)
        return
    written = {number for number, _, _ in written_ids(specimen)}
    for number in declared:
        if number not in written and number not in _usual_ends(specimen):
            said = f"generation_config.json stops at {name_tokens(specimen, [number])}, which the template never writes"
            yield _end_flaw(specimen, end, [number], said)


def pad_is_eos(specimen: Specimen) -> Iterator[Flaw]:
    """Padding and the end of a turn are one token: what masks the one masks the other."""
    tokenizer = tokenizer_of(specimen)
    if tokenizer.pad_token_id is None:
        raise NotEvaluated("the tokenizer has no pad token")
    if tokenizer.pad_token_id == tokenizer.eos_token_id:
        yield Flaw(
            f"pad and eos are both {tokenizer.pad_token} ({tokenizer.pad_token_id})",
            severity="error" if specimen.settings.masking_collator else None,
            expected="a pad token of its own",
            found=str(tokenizer.pad_token),
            found_ids=(int(tokenizer.pad_token_id),),
            origin="tokenizer_config.json: pad_token" if specimen.folder else "",
        )


def _usual_ends(specimen: Specimen) -> set[int]:
    """Return the ids that stop generation without being the end of a turn: eos, pad, and those of the family."""
    tokenizer, known = tokenizer_of(specimen), vocabulary(tokenizer_of(specimen))
    stops = specimen.dialect.stop if specimen.dialect else ()
    literals = [*stops, "</s>", "<eos>", "<|endoftext|>", "<|end_of_text|>", "<|eom_id|>"]
    found = {known[literal] for literal in literals if literal in known}
    found |= {number for number in (tokenizer.eos_token_id, tokenizer.pad_token_id) if number is not None}
    return found | (set(specimen.base.eos_ids) if specimen.base is not None else set())


def _end_flaw(specimen: Specimen, end: Ending, numbers: Iterable[int], said: str) -> Flaw:
    return Flaw(
        said,
        probe=end.probe,
        text=end.text,
        offset=end.offset,
        length=len(end.literal),
        expected=f"{end.literal} ({end.number})",
        found=name_tokens(specimen, numbers),
        expected_ids=(end.number,),
        found_ids=tuple(numbers),
        origin=_origin(specimen),
    )


def _origin(specimen: Specimen) -> str:
    """Return the file and key that the ends of a checkpoint stand in."""
    if specimen.configs.get("generation_config.json"):
        return "generation_config.json: eos_token_id"
    return "tokenizer_config.json: eos_token" if specimen.folder else ""

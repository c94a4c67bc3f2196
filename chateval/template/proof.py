"""Are the prompts of now those of the training? Every recorded row is rendered and tokenised again and compared."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chateval.template.difference import Kind, Pair, find_kind
from chateval.template.evidence import Evidence, Row
from chateval.template.ids import TokenDifference, diff_ids
from chateval.template.sandbox import Chat
from chateval.template.specimen import Specimen


@dataclass(frozen=True, slots=True)
class Proof:
    """One recorded row beside what the present template and tokenizer make of its messages."""

    index: int
    """Of the row in the record, from 0."""
    row: Row
    text: str = ""
    """The rendering of now; empty if there is none."""
    ids: tuple[int, ...] = ()
    error: str = ""
    """Why there is no rendering."""
    difference: TokenDifference | None = None
    """Side a is the training; None if the ids are equal or there is no rendering."""
    kind: Kind | None = None
    """What kind of difference the texts show; None if the texts are equal, the ids are not, or both are."""

    @property
    def is_equal(self) -> bool:
        """Whether the model would be fed the same ids as in training."""
        return not self.error and self.difference is None


def chat_of(row: Row, evidence: Evidence, kwargs: Mapping[str, Any] | None = None) -> Chat:
    """Return the rendering that the training asked for, with `kwargs` over its switches."""
    switches = {**evidence.kwargs, **row.kwargs, **(kwargs or {})}
    asks = switches.pop("add_generation_prompt", False)
    return Chat(row.messages or (), row.tools, None, bool(asks), switches, now=evidence.now)


def without_switches(specimen: Specimen) -> Specimen:
    """Return the specimen as it renders without the switches of the evaluation, which are not those of the training."""
    return replace(specimen, settings=replace(specimen.settings, kwargs={}))


def prove_rows(specimen: Specimen, evidence: Evidence) -> list[Proof]:
    """Compare each recorded row that has messages; the specimen must have a template and a tokenizer.

    A row that the training cut at `max_length` is equal if it is the start or the end of the present ids.
    """
    rows = [(index, row) for index, row in enumerate(evidence.rows) if row.messages]
    specimen = without_switches(specimen)
    renderings = specimen.render_all([chat_of(row, evidence) for _, row in rows])
    proofs = []
    for (index, row), rendered in zip(rows, renderings, strict=True):
        if rendered.text is None:
            proofs.append(Proof(index, row, error=rendered.error.message if rendered.error else "no text"))
        else:
            proofs.append(_prove(specimen, evidence, Proof(index, row, rendered.text)))
    return proofs


def _prove(specimen: Specimen, evidence: Evidence, proof: Proof) -> Proof:
    row, text = proof.row, proof.text
    ids = tuple(specimen.ids(text))
    is_cut = evidence.is_cut(row) and row.ids in (ids[: len(row.ids)], ids[len(ids) - len(row.ids) :])
    tokenizer = specimen.tokenizer
    difference = None if is_cut else diff_ids((tokenizer, row.ids), (tokenizer, ids))
    kind: Kind | None = None
    if difference is not None and tokenizer is not None:
        trained = str(tokenizer.decode(row.ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
        bos = (evidence.tokens.get("bos_token", ""), specimen.tokens.get("bos_token", ""))
        kind = find_kind(Pair(chat_of(row, evidence), trained, text, bos)) if trained != text else None
    return Proof(proof.index, row, text, ids, difference=difference, kind=kind)

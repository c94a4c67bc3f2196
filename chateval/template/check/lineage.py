"""CT8xx: is the template the one of the training, is it the one of the base, and what was trained in its turns?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.diff import ProbeDiff, diff_templates
from chateval.template.difference import Kind
from chateval.template.evidence import Evidence, Row
from chateval.template.grammar.literals import visible
from chateval.template.ids import decode_each
from chateval.template.mask import Trained, read_answers, render_answers, weigh_mask
from chateval.template.proof import Proof, chat_of, prove_rows
from chateval.template.specimen import Specimen

_AROUND = 3
"""Tokens shown before and after one at fault."""
_BEFORE, _AFTER = 20, 40
"""Characters shown before and after a difference."""


def no_evidence(specimen: Specimen) -> Iterator[Flaw]:
    """Note that nothing is known of the training."""
    if specimen.evidence is None:
        yield Flaw("there is no record of the training, so that its prompts cannot be compared with those of now")


def other_template(specimen: Specimen) -> Iterator[Flaw]:
    """Compare the text of the template with the one recorded; what it writes decides how bad a difference is."""
    evidence: Evidence = specimen.evidence
    if evidence.template == specimen.template():
        return
    flaw = Flaw(
        "the template is not the one that the training rendered with",
        origin=evidence.path,
        expected=evidence.template_digest,
    )
    if specimen.tokenizer is None:
        yield replace(flaw, message=f"{flaw.message}; without a tokenizer no row tells what changes by it")
        return
    proofs = prove_rows(specimen, evidence)
    n_equal = sum(proof.is_equal for proof in proofs)
    if proofs and n_equal == len(evidence.rows):
        message = f"the template's text is not that of the training, but all {n_equal} recorded rows keep their ids"
        yield replace(flaw, message=message, severity="warning")
    else:
        said = f"{n_equal} of {len(proofs)} recorded chats keep their ids" if proofs else "no chat was recorded"
        yield replace(flaw, message=f"{flaw.message}: {said}")


def other_ids(specimen: Specimen) -> Iterator[Flaw]:
    """Compare the ids of each recorded chat with those of now; a row of ids without its chat proves nothing."""
    evidence: Evidence = specimen.evidence
    proofs = prove_rows(specimen, evidence)
    flaws = [_different(specimen, evidence, proof) for proof in proofs if not proof.is_equal]
    yield from flaws
    yield from _other_kwargs(specimen, evidence, proofs)
    n_missing = len(evidence.rows) - len(proofs)
    if not flaws and n_missing:
        raise NotEvaluated(
            f"{n_missing} of {len(evidence.rows)} rows were recorded without messages, so that they cannot be rendered"
            " again; give the recorder the dataset with its messages"
        )


def _different(specimen: Specimen, evidence: Evidence, proof: Proof) -> Flaw:
    row = f"row {proof.index} of {len(evidence.rows)}"
    if proof.difference is None:
        return Flaw(f"{row} cannot be rendered any more: {proof.error}", probe=row)
    found = proof.difference
    what = f" ({proof.kind})" if proof.kind else ""
    n_before = found.index - found.start
    sides = [tokens[n_before] if n_before < len(tokens) else "the end" for tokens in (found.a_tokens, found.b_tokens)]
    return Flaw(
        f"{row}: token {found.index} was {visible(sides[0])} in training and is {visible(sides[1])} now{what}",
        probe=row,
        text=proof.text,
        offset=_offset(specimen, proof, found.index),
        length=len(sides[1]) if n_before < len(found.b_tokens) else 0,
        expected=visible("".join(found.a_tokens)),
        found=visible("".join(found.b_tokens)),
        expected_ids=found.a_ids,
        found_ids=found.b_ids,
    )


def _offset(specimen: Specimen, proof: Proof, index: int) -> int | None:
    tokenizer = specimen.tokenizer
    if tokenizer is None or not tokenizer.is_fast:
        return None
    options = {"add_special_tokens": False, "return_offsets_mapping": True, "verbose": False}
    offsets = tokenizer(proof.text, **options)["offset_mapping"]
    return int(offsets[index][0]) if index < len(offsets) else len(proof.text)


def _other_kwargs(specimen: Specimen, evidence: Evidence, proofs: list[Proof]) -> Iterator[Flaw]:
    """Find rows that the switches of the evaluation render otherwise than those of the training did."""
    kwargs = {key: value for key, value in specimen.settings.kwargs.items() if evidence.kwargs.get(key) != value}
    if not kwargs:
        return
    known = [proof for proof in proofs if proof.text]
    renderings = specimen.render_all([chat_of(proof.row, evidence, kwargs) for proof in known])
    n_other = sum(rendered.text != proof.text for proof, rendered in zip(known, renderings, strict=True))
    if n_other:
        said = ", ".join(f"{key}={value!r}" for key, value in sorted(kwargs.items()))
        yield Flaw(
            f"the switches {said} are not those of the training and change {n_other} of {len(known)} recorded chats",
            severity="warning",
            fix="evaluate with the switches of the training",
        )


def open_end(specimen: Specimen) -> Iterator[Flaw]:
    """Find answers that were trained without the token that ends them."""
    for index, row, trained in _masks(specimen):
        ends = [end for end in trained.open_ends if end < len(row.ids) or not specimen.evidence.is_cut(row)]
        if ends:
            message = f"row {index}: an answer is trained, the token that ends it (at {ends[0]}) is not"
            yield _at(specimen, Flaw(message, probe=f"row {index}"), row, ends[0])


def trained_prompt(specimen: Specimen) -> Iterator[Flaw]:
    """Find tokens of users, headers and system texts among those that were trained."""
    told = specimen.evidence.settings
    is_claimed = (
        specimen.settings.assistant_only_loss or told.get("assistant_only_loss") or told.get("completion_only_loss")
    )
    for index, row, trained in _masks(specimen):
        if trained.outside:
            message = (
                f"row {index}: {len(trained.outside)} of {trained.n_trained} trained tokens are not the assistant's"
            )
            flaw = Flaw(message, severity="error" if is_claimed else None, probe=f"row {index}")
            yield _at(specimen, flaw, row, trained.outside[0])


def trained_nothing(specimen: Specimen) -> Iterator[Flaw]:
    """Find rows with labels of which none is trained."""
    masks = [(index, row.mask) for index, row in enumerate(specimen.evidence.rows) if row.mask is not None]
    if not masks:
        raise NotEvaluated("the labels of the training were not recorded")
    for index, mask in masks:
        if not mask:
            yield Flaw(f"row {index} has no trained token", probe=f"row {index}")


def _masks(specimen: Specimen) -> list[tuple[int, Row, Trained]]:
    """Return what was trained in each row with labels whose turns can be told apart."""
    evidence: Evidence = specimen.evidence
    tokenizer, dialect = specimen.tokenizer, specimen.dialect
    if all(row.mask is None for row in evidence.rows):
        raise NotEvaluated("the labels of the training were not recorded")
    proofs: Mapping[int, Proof] = {}
    if dialect is None:
        if tokenizer is None or not tokenizer.is_fast:
            raise NotEvaluated("the family is not known, and the tokenizer does not tell where its tokens stand")
        proofs = {proof.index: proof for proof in prove_rows(specimen, evidence) if proof.ids == proof.row.ids}
    found = []
    for index, row in enumerate(evidence.rows):
        if row.mask is None or (dialect is None and index not in proofs):
            continue
        answers = (
            read_answers(tokenizer, row.ids, dialect)
            if dialect is not None
            else render_answers(specimen, evidence, proofs[index])
        )
        if answers:
            found.append((index, row, weigh_mask(tokenizer, row, answers)))
    if not found:
        raise NotEvaluated("in no recorded row can the answers be told from the rest")
    return found


def _at(specimen: Specimen, flaw: Flaw, row: Row, index: int) -> Flaw:
    """Add the row's text to a flaw, with the place of one of its tokens."""
    pieces = decode_each(specimen.tokenizer, row.ids)
    start = max(0, index - _AROUND)
    return replace(
        flaw,
        text="".join(pieces),
        offset=sum(map(len, pieces[:index])),
        length=len(pieces[index]) if index < len(pieces) else 0,
        found=visible("".join(pieces[start : index + _AROUND + 1])),
        found_ids=row.ids[start : index + _AROUND + 1],
    )


def unlike_base(specimen: Specimen) -> Iterator[Flaw]:
    """Compare the renderings with those of the base or the baseline, one flaw for each kind of difference."""
    base = specimen.base or specimen.baseline
    if base is None:
        raise NotEvaluated("needs a base to compare with (--base)")
    if base.source is None:
        raise NotEvaluated("the base has no chat template")
    if specimen.base is None and not (specimen.matches and base.matches and _family(specimen) == _family(base)):
        raise NotEvaluated("the baseline's template is of another family")
    if specimen.settings.is_held_to_base:
        raise NotEvaluated("CT304 holds it to the base")
    found = diff_templates(base, specimen)
    first: dict[Kind | None, ProbeDiff] = {}
    for probe in found.probes:
        if probe.status in ("text differs", "one raises"):
            first.setdefault(probe.kind, probe)
    for kind, probe in first.items():
        n = found.kinds[kind] if kind else 0
        place = probe.offset or 0
        yield Flaw(
            f"{kind}: not as in {base.subject} on {n} of {len(found.probes)} probes",
            probe=probe.probe,
            text=probe.b,
            offset=probe.offset,
            expected=visible(probe.a[max(0, place - _BEFORE) : place + _AFTER]),
            found=visible(probe.b[max(0, place - _BEFORE) : place + _AFTER]),
        )


def _family(specimen: Specimen) -> str:
    return (specimen.dialect or specimen.matches[0].dialect).family


CHECKS: tuple[Check, ...] = (
    Check(
        "CT801",
        "nothing is recorded of the training",
        "info",
        "call chateval.template.record in the trainer, or add TemplateRecorder to its callbacks",
        no_evidence,
        needs=(),
        is_note=True,
    ),
    Check(
        "CT802",
        "the template is not the one of the training",
        "error",
        "save the template of the training with the checkpoint, or train again with this one",
        other_template,
        needs=("template", "evidence"),
    ),
    Check(
        "CT803",
        "a chat of the training has other token ids now",
        "error",
        "save the tokenizer and the template of the training with the checkpoint",
        other_ids,
        needs=("template", "tokenizer", "evidence"),
    ),
    Check(
        "CT804",
        "the template writes something else than its base's",
        "warning",
        "take over the base's template, unless the training rendered with this one",
        unlike_base,
    ),
    Check(
        "CT805",
        "the end of an answer was not trained",
        "error",
        "keep the end of turn among the labels: pad with another token, and close the last turn",
        open_end,
        needs=("template", "tokenizer", "evidence"),
    ),
    Check(
        "CT806",
        "tokens that are not the assistant's were trained",
        "warning",
        "train on completions or on assistant tokens only, unless this is meant",
        trained_prompt,
        needs=("template", "tokenizer", "evidence"),
    ),
    Check(
        "CT807",
        "a recorded row trains nothing",
        "error",
        "leave such rows out, or raise max_length so that their answers are kept",
        trained_nothing,
        needs=("evidence",),
    ),
)

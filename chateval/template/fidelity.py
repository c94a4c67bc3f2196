"""How many published probes come out exactly as the strongest reference at hand writes them."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from chateval.errors import TemplateError
from chateval.findings import Fidelity, Proportion
from chateval.stats.interval import wilson
from chateval.template.grammar import Dialect, Match, write
from chateval.template.probes import PROBES_NAME, STRATA, Probe, standard_probes
from chateval.template.proof import prove_rows
from chateval.template.reference import additions, at_clock, compare_ids, open_encoder
from chateval.template.sandbox import Rendered
from chateval.template.specimen import Specimen

NEAR_SCORE = 0.4
"""Share of the probes' text that must parse for a dialect to be called the nearest, where its markers are common."""
CERTAIN_SCORE = 0.95
LEAST_SCORE = 0.1
"""Share that must parse for a dialect to be called the nearest at all."""
_DISTINCT = 4
"""Characters of an opener before the role's name that make it one family's own: `<|im_start|>`, not `<|`."""

Outcome = tuple[str, bool]
"""A stratum, and whether one of its probes came out as the reference has it."""


def measure_fidelity(specimen: Specimen) -> Fidelity | None:
    """Count exact matches against the recorded training rows, else the vendor's encoder, template, or grammar.

    Returns:
        None if there is no template, or nothing to hold it against.
    """
    if specimen.source is None:
        return None
    for measure in (_by_evidence, _by_encoder, _by_vendor, _by_grammar):
        found = measure(specimen)
        if found is not None:
            return found
    return None


def nearest(specimen: Specimen) -> tuple[Dialect, bool]:
    """Return the dialect to hold a template against, and whether it is certain: claimed, or parsed all but wholly.

    Raises:
        TemplateError: If no dialect comes near.
    """
    if specimen.dialect is not None:
        return specimen.dialect, bool(specimen.settings.family) or specimen.matches[0].score >= CERTAIN_SCORE
    text = "\n".join(found for name in ("question", "two_turns_answered") if (found := specimen.text(name)))
    if specimen.matches and specimen.matches[0].score >= LEAST_SCORE and _shows(specimen.matches[0], text):
        return specimen.matches[0].dialect, False
    raise TemplateError("the renderings parse as no known family (--family)")


def _shows(match: Match, text: str) -> bool:
    """Return whether a damaged text still has the markers of the dialect that it parses best as."""
    rules = [rule for role in ("user", "assistant") if (rule := match.dialect.turn(role)) and rule.opener[0].strip()]
    if not rules:
        return match.score >= NEAR_SCORE
    heads = [rule.opener[0].partition("{")[0].strip() for rule in rules]
    if not match.dialect.plain_markers and all(len(head) >= _DISTINCT and head in text for head in heads):
        return True
    closers = [rule.closer[0].strip() for rule in rules]
    openers = [rule.opener[0].replace("{word}", (rule.words or (rule.role,))[0]).strip() for rule in rules]
    is_opened = all("{" not in opener and opener in text for opener in openers)
    return any(closers) and all(one in text for one in closers) and (is_opened or match.score >= NEAR_SCORE)


def same_clock(one: Specimen, other: Specimen) -> Iterator[tuple[Probe, Rendered, Rendered]]:
    """Yield every standard probe as two templates render it at the same time, with the first one's switches."""
    probes = standard_probes()
    chats = [at_clock(one, probe) for probe in probes]
    yield from zip(probes, one.render_all(chats), other.render_all(chats), strict=True)


def _by_evidence(specimen: Specimen) -> Fidelity | None:
    evidence = specimen.evidence
    if evidence is None or specimen.tokenizer is None:
        return None
    right = [proof.is_equal for proof in prove_rows(specimen, evidence)]
    if not right:
        return None
    return Fidelity("evidence", f"recorded rows ({len(right)})", _proportion(right))


def _by_encoder(specimen: Specimen) -> Fidelity | None:
    if specimen.tokenizer is None:
        return None
    try:
        encoder = open_encoder(specimen)
    except TemplateError:
        return None
    compared = compare_ids(specimen, encoder)
    return _fidelity(encoder.name, [(one.probe.stratum, one.found == one.expected) for one in compared])


def _by_vendor(specimen: Specimen) -> Fidelity | None:
    base = specimen.base
    if base is None or base.source is None or _name_of(specimen) != _name_of(base):
        return None
    digest = hashlib.sha256(base.source.text.encode("utf-8", "surrogatepass")).hexdigest()
    outcomes = [
        (probe.stratum, found.text == expected.text)
        for probe, found, expected in same_clock(specimen, base)
        if expected.text is not None
    ]
    return _fidelity(f"vendor template sha256:{digest[:12]}", outcomes)


def _name_of(specimen: Specimen) -> str:
    try:
        return nearest(specimen)[0].name
    except TemplateError:
        return ""


def _by_grammar(specimen: Specimen) -> Fidelity | None:
    dialect = specimen.dialect
    if dialect is None:
        return None
    outcomes = []
    chats = [at_clock(specimen, probe) for probe in standard_probes()]
    for probe, rendered in zip(standard_probes(), specimen.render_all(chats), strict=True):
        texts = set(_writings(probe, dialect))
        if rendered.text is not None and texts:
            outcomes.append((probe.stratum, _without_bos(rendered.text, dialect) in texts))
    return _fidelity(f"grammar {dialect.name}", outcomes)


def _writings(probe: Probe, dialect: Dialect) -> Iterator[str]:
    """Yield how the dialect writes a probe: with and without what its templates are known to add by themselves."""
    if probe.tools or (probe.stratum == "thinking" and not dialect.thinking.open):
        return
    for messages in additions(probe.messages, dialect):
        try:
            text = _without_bos(write(messages, dialect, add_generation_prompt=probe.add_generation_prompt), dialect)
        except TemplateError:
            continue
        yield text
        if probe.add_generation_prompt and dialect.generation_prompts:
            body = text.removesuffix(dialect.generation_prompts[0])
            yield from (body + prompt for prompt in dialect.generation_prompts[1:])


def _without_bos(text: str, dialect: Dialect) -> str:
    """Return a text without one BOS at its start: who writes that, template or tokenizer, is another question."""
    return text.removeprefix(dialect.bos) if dialect.bos else text


def _fidelity(reference: str, outcomes: Iterable[Outcome]) -> Fidelity | None:
    by_stratum: dict[str, list[bool]] = {}
    for stratum, is_right in outcomes:
        by_stratum.setdefault(stratum, []).append(is_right)
    if not by_stratum:
        return None
    return Fidelity(
        reference,
        PROBES_NAME,
        _proportion([is_right for found in by_stratum.values() for is_right in found]),
        {stratum: _proportion(by_stratum[stratum]) for stratum in STRATA if stratum in by_stratum},
        tuple(stratum for stratum in STRATA if stratum not in by_stratum),
    )


def _proportion(outcomes: Sequence[bool]) -> Proportion:
    n_right = sum(outcomes)
    return Proportion(n_right, len(outcomes), *(wilson(n_right, len(outcomes)) if outcomes else (None, None)))
